import { transposeBits } from "../../base/bit-transpose.js";
import { bitWords, setBit } from "../../base/bitset.js";
import type { CountPlan, Verdict } from "./count-plan.js";
import type { EntryTable, SlotTable } from "./slots.js";

/**
 * Counters of the people `first` .. `first + count - 1`, person by person, so that a row of events
 * touches one or two cache lines however many behaviours it counts for.
 */
export type Counters = {
  readonly first: number;
  readonly count: number;
  readonly bits: Uint32Array;
  readonly bitWordsEach: number;
  readonly bytes: Uint8Array;
  readonly bytesEach: number;
  readonly sums: Float64Array;
  readonly sumsEach: number;
};

/** Memory of one person's counters. */
export const counterBytesEach = (plan: CountPlan): number =>
  bitWords(plan.bitCount) * 4 + plan.byteCount + plan.sumCount * 8;

export function countersFor(plan: CountPlan, first: number, count: number): Counters {
  const bitWordsEach = bitWords(plan.bitCount);
  return {
    ...{ first, count, bitWordsEach, bytesEach: plan.byteCount, sumsEach: plan.sumCount },
    bits: new Uint32Array(count * bitWordsEach),
    bytes: new Uint8Array(count * plan.byteCount),
    sums: new Float64Array(count * plan.sumCount),
  };
}

/** Rows of events as columns; `amounts` is null where no amount is asked for. */
export type EventRows = {
  readonly rowCount: number;
  readonly ordinals: ArrayLike<number>;
  readonly seconds: ArrayLike<number>;
  readonly slots: ArrayLike<number>;
  readonly amounts: ArrayLike<number> | null;
};

/** Counts rows whose person may be used for the purpose of the row's touch-point. */
export function addRows(
  counters: Counters,
  table: SlotTable,
  rows: EventRows,
  purposes: Uint8Array,
): void {
  const { rowCount, ordinals, seconds, slots, amounts } = rows;
  const { first } = counters;
  const { purposeBits } = table;
  for (let i = 0; i < rowCount; i++) {
    const ordinal = ordinals[i]!;
    const slot = slots[i]!;
    if ((purposes[ordinal]! & purposeBits[slot]!) === 0) continue;
    const person = ordinal - first;
    const at = seconds[i]!;
    orBits(counters.bits, person * counters.bitWordsEach, table.bits, slot, at);
    addOnes(counters.bytes, person * counters.bytesEach, table.bytes, slot, at);
    if (amounts !== null) {
      addAmounts(counters.sums, person * counters.sumsEach, table.sums, slot, at, amounts[i]!);
    }
  }
}

function orBits(bits: Uint32Array, row: number, t: EntryTable, slot: number, at: number): void {
  const end = t.first[slot + 1]!;
  for (let e = t.first[slot]!; e < end; e++) {
    if (at >= t.fromSec[e]!) bits[row + t.place[e]!] = bits[row + t.place[e]!]! | t.mask[e]!;
  }
}

/** Saturating: 255 is the highest count that a behaviour may ask for. */
function addOnes(bytes: Uint8Array, row: number, t: EntryTable, slot: number, at: number): void {
  const end = t.first[slot + 1]!;
  for (let e = t.first[slot]!; e < end; e++) {
    const place = row + t.place[e]!;
    if (at >= t.fromSec[e]! && bytes[place]! < 255) bytes[place] = bytes[place]! + 1;
  }
}

/** Exact in any order: micros are integers, and a person's sum stays below 2^53. */
function addAmounts(
  sums: Float64Array,
  row: number,
  t: EntryTable,
  slot: number,
  at: number,
  amount: number,
): void {
  const end = t.first[slot + 1]!;
  for (let e = t.first[slot]!; e < end; e++) {
    if (at >= t.fromSec[e]!) sums[row + t.place[e]!] = sums[row + t.place[e]!]! + amount;
  }
}

/**
 * Decides each behaviour for the counted people: `out[b]` is behaviour b's bitset over all
 * ordinals. `first` is a multiple of 32, so that slices write words of their own.
 */
export function decideInto(counters: Counters, plan: CountPlan, out: readonly Uint32Array[]): void {
  spreadBits(counters, plan, out);
  for (const [b, verdict] of plan.verdicts.entries()) {
    if (verdict.sums.length > 0) decideSums(counters, verdict, out[b]!);
    else if (verdict.byte >= 0) decideBytes(counters, verdict, out[b]!);
  }
}

function decideBytes(counters: Counters, { byte, count }: Verdict, words: Uint32Array): void {
  const { bytes, bytesEach, first } = counters;
  for (let person = 0; person < counters.count; person++) {
    if (bytes[person * bytesEach + byte]! >= count) setBit(words, first + person);
  }
}

function decideSums(counters: Counters, verdict: Verdict, words: Uint32Array): void {
  const { sums, sumsEach, bytes, bytesEach, first } = counters;
  for (const { at, least } of verdict.sums) {
    for (let person = 0; person < counters.count; person++) {
      if (sums[person * sumsEach + at]! < least) continue;
      const rows = verdict.byte < 0 ? verdict.count : bytes[person * bytesEach + verdict.byte]!;
      if (rows >= verdict.count) setBit(words, first + person);
    }
  }
}

const square = new Uint32Array(32);

/** Words of 32 people become 32 words of one behaviour each. */
function spreadBits(counters: Counters, plan: CountPlan, out: readonly Uint32Array[]): void {
  const { bits, bitWordsEach, count, first } = counters;
  const behaviourOfBit: number[] = [];
  for (const [b, verdict] of plan.verdicts.entries()) {
    if (verdict.bit >= 0) behaviourOfBit[verdict.bit] = b;
  }
  for (let person = 0; person < count; person += 32) {
    const block = Math.min(32, count - person);
    for (let word = 0; word < bitWordsEach; word++) {
      for (let i = 0; i < 32; i++) {
        square[i] = i < block ? bits[(person + i) * bitWordsEach + word]! : 0;
      }
      transposeBits(square);
      const end = Math.min(32, plan.bitCount - word * 32);
      for (let i = 0; i < end; i++) {
        out[behaviourOfBit[word * 32 + i]!]![(first + person) >>> 5] = square[i]!;
      }
    }
  }
}
