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
  return tryMatrix((oneOf) => ({ random, oneOf: thin === "whole" ? 1 : oneOf * thin }), loosening);
}

/** Prints what was allowed too much: a proof that fails must say where. */
function complain(tally: Tally): void {
  for (const example of tally.examples) process.stderr.write(`prove: consent: ${example}\n`);
}

/** The whole matrix takes minutes. */
function progress({ thin }: ConsentSize, what: string): void {
  if (thin === "whole") process.stderr.write(`prove: consent: ${what}\n`);
}

const stricterOf = (tallies: readonly Tally[]): number =>
  tallies.reduce(
    (total, { stricter }) => total + [...stricter.values()].reduce((a, b) => a + b, 0),
    0,
  );

function matrixRow(size: ConsentSize): ProofRow {
  const parts: MatrixPart[] = [];
  for (const part of walk(size, size.thin)) {
    parts.push(part);
    progress(size, `${part.name}: ${count(part.tally.requests)} requests`);
    complain(part.tally);
  }
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

/** A round has seeds of its own for its edits. */
const stringsInRound = 50_000;

function stringsRow(size: ConsentSize): ProofRow {
  const tallies: Tally[] = [];
  for (let done = 0; done < size.strings; done += stringsInRound) {
    const strings = Math.min(stringsInRound, size.strings - done);
    const tally = tryStrings(new SeededRandom(size.seed + tallies.length), strings);
    tallies.push(tally);
    complain(tally);
    progress(size, `${count(done + strings)} strings`);
  }
  const total = (of: (tally: Tally) => number): number =>
    tallies.reduce((so, tally) => so + of(tally), 0);
  const permissive = total((tally) => tally.permissive);
  const granted = total(({ byLevel }) => byLevel.granted);
  return {
    promise: "a broken consent string allows nothing that the IAB's libraries do not read in it",
    test: `${count(size.strings)} mutated and random TC, GPP and US Privacy strings`,
    figure:
      `${count(permissive)} more permissive, ${count(stricterOf(tallies))} stricter of ` +
      `those compared, 0 throws; granted ${count(granted)}`,
    holds: permissive === 0 && granted > 0,
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
