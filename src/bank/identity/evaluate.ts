import { join } from "node:path";
import type { Duck } from "../duck.js";
import { sqlParquet } from "../duck.js";

export type Evaluation = {
  /** Identifiers that both the bank and the truth know, each of one true person. */
  readonly identifiers: number;
  /** Left out: identifiers that several people share, who belong to none of them. */
  readonly shared: number;
  /** Pairs of identifiers of one person: in truth, as found, and both. */
  readonly truePairs: number;
  readonly foundPairs: number;
  readonly rightPairs: number;
  /** 1 where nothing was found, or nothing was to find. */
  readonly precision: number;
  readonly recall: number;
};

/**
 * Compares `people/epoch-<n>` with the truth (Parquet: `key` UBIGINT, `person` UINTEGER) pair by
 * pair, without making the pairs: n identifiers are n (n - 1) / 2 of them.
 */
export async function evaluatePeople(
  duck: Duck,
  peopleFolder: string,
  truthFile: string,
): Promise<Evaluation> {
  const identifiers = sqlParquet([join(peopleFolder, "identifiers.parquet")]);
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE judged AS
    SELECT ordinal, person, sharers FROM ${identifiers} JOIN (
      SELECT key, min(person) AS person, count(DISTINCT person) AS sharers
      FROM ${sqlParquet([truthFile])} GROUP BY key) USING (key)`);
  const pairs = (by: string): Promise<number> =>
    duck.number(`
      SELECT coalesce(sum(n * (n - 1) // 2), 0)::DOUBLE
      FROM (SELECT count(*) AS n FROM judged WHERE sharers = 1 GROUP BY ${by})`);
  const truePairs = await pairs("person");
  const foundPairs = await pairs("ordinal");
  const rightPairs = await pairs("ordinal, person");
  const known = await duck.number("SELECT count(*) FROM judged WHERE sharers = 1");
  const shared = await duck.number("SELECT count(*) FROM judged WHERE sharers > 1");
  await duck.run("DROP TABLE judged");
  return {
    ...{ identifiers: known, shared, truePairs, foundPairs, rightPairs },
    precision: foundPairs === 0 ? 1 : rightPairs / foundPairs,
    recall: truePairs === 0 ? 1 : rightPairs / truePairs,
  };
}
