import { assert } from "../../base/assert.js";
import { BankError } from "../bank.js";

/** An ordinal is not given to another person within this many days of its retirement. */
export const reuseAfterDays = 90;
const ordinalMax = 2 ** 31 - 1;

/** Ordinals that no person has any more; `into` 0 = its person is gone. Days since 1970. */
export type Retired = {
  readonly ordinals: Uint32Array;
  readonly days: Uint32Array;
  readonly into: Uint32Array;
};

/** What an earlier epoch says. Ordinals are 1 .. next - 1. */
export type EarlierOrdinals = {
  /** Of each identifier of now, by rank; 0 = it had none. */
  readonly ofRank: Uint32Array;
  /** By ordinal: 1 = somebody had it. */
  readonly living: Uint8Array;
  readonly next: number;
  readonly retired: Retired;
};

export type OrdinalCounts = {
  /** Persons of whom no identifier was known. */
  readonly new: number;
  readonly kept: number;
  /** Ordinals that went into another one. */
  readonly merged: number;
  /** Persons that are a part of an earlier one, and not the part that kept the ordinal. */
  readonly split: number;
  /** Ordinals whose identifiers are all gone. */
  readonly gone: number;
};

export type Ordinals = {
  readonly ofRank: Uint32Array;
  readonly next: number;
  readonly retired: Retired;
  readonly counts: OrdinalCounts;
};

/**
 * DESIGN section 4. The component with the oldest identifier of an earlier person (least `first`,
 * then least key) has a claim on its ordinal. It takes the smallest that it has a claim on, and the
 * others retire into that one; an ordinal without identifiers retires into nothing. A component
 * without a claim gets the smallest free ordinal, in the order of least keys: keyed hashes, so that
 * ordinals tell nothing of the order in which people came.
 *
 * `componentOf` names the least rank of a component; `first` is Unix seconds by rank.
 */
export function assignOrdinals(
  componentOf: Uint32Array,
  first: Uint32Array,
  earlier: EarlierOrdinals,
  today: number,
): Ordinals {
  const oldest = oldestRanks(earlier, first);
  const ofRank = new Uint32Array(componentOf.length);
  const retired: [ordinal: number, day: number, into: number][] = [];
  const taken = new Uint8Array(earlier.next);
  let kept = 0;
  let gone = 0;
  for (let ordinal = 1; ordinal < earlier.next; ordinal++) {
    if (earlier.living[ordinal] === 0) continue;
    taken[ordinal] = 1;
    const holder = oldest[ordinal]!;
    const component = holder === 0 ? 0 : componentOf[holder - 1]!;
    if (holder !== 0 && ofRank[component] === 0) {
      ofRank[component] = ordinal;
      kept++;
    } else {
      if (holder === 0) gone++;
      retired.push([ordinal, today, holder === 0 ? 0 : ofRank[component]!]);
    }
  }
  const merged = retired.length - gone;
  const now = (ordinal: number): number =>
    oldest[ordinal]! === 0 ? 0 : ofRank[componentOf[oldest[ordinal]! - 1]!]!;
  carryRetired(earlier.retired, today, now, taken, retired);
  const given = giveNew(componentOf, earlier, taken, ofRank);
  for (let rank = 0; rank < ofRank.length; rank++) ofRank[rank] = ofRank[componentOf[rank]!]!;
  retired.sort(([a], [b]) => a - b);
  return {
    ofRank,
    next: given.next,
    retired: retiredColumns(retired),
    counts: { new: given.created, kept, merged, split: given.split, gone },
  };
}

/** By ordinal: rank + 1 of the oldest identifier that is left, 0 = none is. */
function oldestRanks(earlier: EarlierOrdinals, first: Uint32Array): Uint32Array {
  const oldest = new Uint32Array(earlier.next);
  for (let rank = 0; rank < earlier.ofRank.length; rank++) {
    const ordinal = earlier.ofRank[rank]!;
    if (ordinal === 0) continue;
    const best = oldest[ordinal]!;
    // Ranks rise with keys: of two equally old the lesser key is there already.
    if (best === 0 || first[rank]! < first[best - 1]!) oldest[ordinal] = rank + 1;
  }
  return oldest;
}

/** `into` names a living ordinal or 0 in every file: nobody has to follow a chain. */
function carryRetired(
  { ordinals, days, into }: Retired,
  today: number,
  now: (ordinal: number) => number,
  taken: Uint8Array,
  retired: [number, number, number][],
): void {
  for (let i = 0; i < ordinals.length; i++) {
    if (today - days[i]! > reuseAfterDays) continue;
    assert(taken[ordinals[i]!] === 0, "a retired ordinal is nobody's");
    taken[ordinals[i]!] = 1;
    retired.push([ordinals[i]!, days[i]!, into[i] === 0 ? 0 : now(into[i]!)]);
  }
}

/** Writes an ordinal to `ofRank` at each component that has none. */
function giveNew(
  componentOf: Uint32Array,
  earlier: EarlierOrdinals,
  taken: Uint8Array,
  ofRank: Uint32Array,
): { readonly next: number; readonly created: number; readonly split: number } {
  const wasSomebody = new Uint8Array(componentOf.length);
  for (let rank = 0; rank < componentOf.length; rank++) {
    if (earlier.ofRank[rank] !== 0) wasSomebody[componentOf[rank]!] = 1;
  }
  let candidate = 1;
  let created = 0;
  let split = 0;
  for (let rank = 0; rank < componentOf.length; rank++) {
    if (componentOf[rank] !== rank || ofRank[rank] !== 0) continue;
    while (candidate < taken.length && taken[candidate] === 1) candidate++;
    if (candidate > ordinalMax) {
      throw new BankError(`identity: all ${ordinalMax} ordinals are taken or retired`);
    }
    ofRank[rank] = candidate++;
    if (wasSomebody[rank] === 1) split++;
    else created++;
  }
  return { next: Math.max(earlier.next, candidate), created, split };
}

function retiredColumns(rows: readonly (readonly [number, number, number])[]): Retired {
  return {
    ordinals: Uint32Array.from(rows, ([ordinal]) => ordinal),
    days: Uint32Array.from(rows, ([, day]) => day),
    into: Uint32Array.from(rows, ([, , into]) => into),
  };
}
