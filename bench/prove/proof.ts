/**
 * One promise about people, tried. `small` is for every change (all proofs together in under 3
 * minutes), `full` for the sizes that the README states. Each has its own seed and ends by itself.
 */
export type ProofSize = "small" | "full";

/** What was tried and what came out; `figure` is words with the measured number in them. */
export type ProofRow = {
  readonly promise: string;
  readonly test: string;
  readonly figure: string;
  readonly holds: boolean;
};

export type Proof = {
  /** For `--only`. */
  readonly name: string;
  readonly run: (size: ProofSize) => readonly ProofRow[] | Promise<readonly ProofRow[]>;
};
