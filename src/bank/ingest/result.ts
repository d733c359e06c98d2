/** What one run took in, by touch-point, and what an operator should know of it. */
export type IngestResult = {
  /** Those with new files, in order of name. */
  readonly touchpoints: readonly TouchpointIntake[];
  /** Things in the source folder that are nobody's, with what to do. */
  readonly warnings: readonly string[];
  /** Files that could not be read as a whole; each is tried again by the next run. */
  readonly refused: readonly RefusedEntry[];
};

/** `file` is `<touch-point>/<name>`; `reason` a sentence with what to do. */
export type RefusedEntry = { readonly file: string; readonly reason: string };

/** rows = accepted + duplicates + suppressed + pastRetention + all of `quarantined`. */
export type IntakeCounts = {
  readonly rows: number;
  readonly accepted: number;
  /** Event ids that an earlier row or batch of the touch-point has. */
  readonly duplicates: number;
  /** Rows of people who were forgotten. */
  readonly suppressed: number;
  /** Rows older than the touch-point keeps them. */
  readonly pastRetention: number;
  readonly quarantined: Readonly<Record<string, number>>;
};

export type TouchpointIntake = IntakeCounts & {
  readonly touchpoint: string;
  readonly files: number;
};

export const noRows: IntakeCounts = {
  ...{ rows: 0, accepted: 0, duplicates: 0, suppressed: 0, pastRetention: 0, quarantined: {} },
};

export function addCounts(a: IntakeCounts, b: IntakeCounts): IntakeCounts {
  const quarantined: Record<string, number> = { ...a.quarantined };
  for (const [reason, rows] of Object.entries(b.quarantined)) {
    quarantined[reason] = (quarantined[reason] ?? 0) + rows;
  }
  return {
    rows: a.rows + b.rows,
    accepted: a.accepted + b.accepted,
    duplicates: a.duplicates + b.duplicates,
    suppressed: a.suppressed + b.suppressed,
    pastRetention: a.pastRetention + b.pastRetention,
    quarantined,
  };
}

/** A source file that is refused as a whole; the others go on. Never holds a value of the file. */
export class RefusedFile extends Error {
  override readonly name = "RefusedFile";
}
