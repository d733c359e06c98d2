import { assert } from "../base/assert.js";
import { countOnes } from "../base/bitset.js";
import { crowdMinimumPeople } from "../base/limits.js";

/**
 * The verdict on a term of an audience's normal form: enough people or not. Counting is exact over
 * the planes of one epoch; the count itself never leaves the process that made it.
 */
export const certify = (countOfTerm: number, crowdMinimum = crowdMinimumPeople): boolean =>
  countOfTerm >= crowdMinimum;

/** What a term demands of one plane: all bits of `ones`, none of `zeros` (u32). */
export type TermClause = {
  /** Place in the list of planes that `addBlock` gets. */
  readonly plane: number;
  readonly ones: number;
  readonly zeros: number;
};

/** Counts people block by block for several terms at once. */
export class TermCounter {
  readonly counts: Float64Array;
  private readonly terms: readonly (readonly TermClause[])[];
  private readonly matches: Uint32Array;

  /** Blocks hold at most `blockPeopleMax` people. A term without clauses holds for everyone. */
  constructor(terms: readonly (readonly TermClause[])[], blockPeopleMax: number) {
    this.terms = terms;
    this.counts = new Float64Array(terms.length);
    this.matches = new Uint32Array(Math.ceil(blockPeopleMax / 32));
  }

  /**
   * Adds `personCount` people: word i of each plane is person i's, bit i of `eligible` says whether
   * that person counts (exists, not suppressed). Bits beyond the last person are not read.
   */
  addBlock(planes: readonly Uint32Array[], eligible: Uint32Array, personCount: number): void {
    const groups = Math.ceil(personCount / 32);
    assert(groups <= this.matches.length, "the block is larger than announced");
    for (const [t, clauses] of this.terms.entries()) {
      this.matches.set(eligible.subarray(0, groups));
      trimTail(this.matches, personCount);
      for (const { plane, ones, zeros } of clauses) {
        keepMatching(this.matches, planes[plane]!, personCount, ones | zeros, ones | 0);
      }
      this.counts[t] = this.counts[t]! + countMatches(this.matches, groups);
    }
  }
}

/** The people of one term in one go, for small planes and tests. */
export function countTerm(
  planes: readonly Uint32Array[],
  eligible: Uint32Array,
  personCount: number,
  term: readonly TermClause[],
): number {
  const counter = new TermCounter([term], personCount);
  counter.addBlock(planes, eligible, personCount);
  return counter.counts[0]!;
}

function trimTail(matches: Uint32Array, personCount: number): void {
  const tail = personCount & 31;
  const last = personCount >>> 5;
  if (tail !== 0) matches[last] = matches[last]! & ((1 << tail) - 1);
}

/** Clears the bit of every person whose word, under the mask, is not the value. */
function keepMatching(
  matches: Uint32Array,
  plane: Uint32Array,
  personCount: number,
  mask: number,
  value: number,
): void {
  for (let first = 0, group = 0; first < personCount; first += 32, group++) {
    const end = Math.min(first + 32, personCount);
    let hits = 0;
    for (let i = first; i < end; i++) {
      hits |= ((plane[i]! & mask) === value ? 1 : 0) << (i & 31);
    }
    matches[group] = matches[group]! & hits;
  }
}

function countMatches(matches: Uint32Array, groups: number): number {
  let count = 0;
  for (let i = 0; i < groups; i++) count += countOnes(matches[i]!);
  return count;
}
