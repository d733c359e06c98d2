import { SeededRandom } from "../../src/base/random.js";
import { type MatrixPart, tryMatrix } from "../../src/testing/consent-flags.js";
import { tryStrings } from "../../src/testing/consent-fuzz.js";
import { loosenings } from "../../src/testing/consent-mutants.js";
import type { Loosening, Tally } from "../../src/testing/consent-trial.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";

/** How much is tried: one in `thin` of what the small size would take, or all of the matrix. */
export type ConsentSize = {
  readonly seed: number;
  readonly thin: number | "whole";
  readonly strings: number;
  /** One in so many again, for each loosening. */
  readonly mutantThin: number;
};
const sizes: Record<ProofSize, ConsentSize> = {
  small: { seed: 26, thin: 4, strings: 20_000, mutantThin: 40 },
  full: { seed: 26, thin: "whole", strings: 1_000_000, mutantThin: 4 },
};

const count = (value: number): string => value.toLocaleString("en-US");
const sum = (parts: readonly MatrixPart[], of: (tally: Tally) => number): number =>
  parts.reduce((total, { tally }) => total + of(tally), 0);

function walk(
  { seed }: ConsentSize,
  thin: number | "whole",
  loosening: Loosening | null = null,
): Generator<MatrixPart> {
  const random = new SeededRandom(seed);
  return tryMatrix(
    (oneOfStrings) => ({
      random,
      oneOfStrings: thin === "whole" ? 1 : oneOfStrings * thin,
      oneOfRequests: 1,
    }),
    loosening,
  );
}

/** Prints what was allowed too much: a proof that fails must say where. */
function complain(tally: Tally): void {
  for (const example of tally.examples) process.stderr.write(`prove: consent: ${example}\n`);
}

const stricterOf = (tallies: readonly Tally[]): number =>
  tallies.reduce(
    (total, { stricter }) => total + [...stricter.values()].reduce((a, b) => a + b, 0),
    0,
  );

function matrixRow(size: ConsentSize): ProofRow {
  const parts = [...walk(size, size.thin)];
  for (const { tally } of parts) complain(tally);
  const permissive = sum(parts, ({ permissive }) => permissive);
  const level = (name: "none" | "contextual" | "granted"): string =>
    count(sum(parts, ({ byLevel }) => byLevel[name]));
  return {
    promise: "consent is never read more permissively than the specifications allow",
    test:
      `${count(sum(parts, ({ requests }) => requests))} requests of the matrix in ` +
      `${parts.length} regimes, ${count(sum(parts, ({ verdicts }) => verdicts))} verdicts under ` +
      "6 operators' settings, against an oracle written apart; strings by the IAB's libraries",
    figure:
      `${count(permissive)} more permissive, ` +
      `${count(stricterOf(parts.map(({ tally }) => tally)))} stricter; ` +
      `none ${level("none")}, contextual ${level("contextual")}, ` +
      `granted ${level("granted")}`,
    holds: permissive === 0,
  };
}

function stringsRow(size: ConsentSize): ProofRow {
  const tally = tryStrings(new SeededRandom(size.seed), size.strings);
  complain(tally);
  return {
    promise: "a broken consent string allows nothing that the IAB's libraries do not read in it",
    test: `${count(tally.requests)} mutated and random TC, GPP and US Privacy strings`,
    figure:
      `${count(tally.permissive)} more permissive, ${count(stricterOf([tally]))} stricter of ` +
      `those compared, 0 throws; granted ${count(tally.byLevel.granted)}`,
    holds: tally.permissive === 0 && tally.byLevel.granted > 0,
  };
}

/** The proof's own proof: code that allows more in one way is noticed. */
function mutantsRow(size: ConsentSize): ProofRow {
  const missed = loosenings.filter((loosening) => {
    for (const { tally } of walk(size, size.mutantThin, loosening)) {
      if (tally.permissive > 0) return false;
    }
    return true;
  });
  return {
    promise: "the matrix notices whoever reads consent more permissively",
    test: `${loosenings.length} loosenings, from an unread lmt to any basis for flexible purposes`,
    figure: `${loosenings.length - missed.length} of ${loosenings.length} noticed${missed
      .map(({ name }) => `; missed: ${name}`)
      .join("")}`,
    holds: missed.length === 0,
  };
}

export const consentRows = (size: ConsentSize): ProofRow[] => [
  matrixRow(size),
  stringsRow(size),
  mutantsRow(size),
];

export const consent: Proof = { name: "consent", run: (size) => consentRows(sizes[size]) };
