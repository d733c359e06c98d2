import { assert } from "../base/assert.js";
import { countSharedBits, orInto } from "../base/bitset.js";

/** What a term demands of one plane: all bits of `ones`, none of `zeros` (u32). */
export type TermClause = {
  /** Place in the list of planes that `addBlock` gets. */
  readonly plane: number;
  readonly ones: number;
  readonly zeros: number;
};

export type CountedTerm = {
  /** None: everybody. */
  readonly clauses: readonly TermClause[];
  /** Place in the list of marks that `addBlock` gets, a bit that a person must have; -1 = none. */
  readonly mark: number;
};

/** What is counted in one pass; places are those in the lists beside. */
export type CountOrder = {
  readonly terms: readonly CountedTerm[];
  /** An audience is people of any of its terms. */
  readonly audiences: readonly (readonly number[])[];
  /** Pairs of audiences whose common people are wanted. */
  readonly pairs: readonly (readonly [number, number])[];
  /** The mark of everybody whose home is known; absent or -1 = no term asks for homes. */
  readonly homeMark?: number;
};

/**
 * Counts people block by block for many audiences at once. A block's planes are first turned, 32
 * people at a time, into a column of bits a segment: a term then costs an AND a segment for 32
 * people together, an audience an OR a term, a pair one AND and the counting of bits. (m: 300 terms
 * of three segments over 4 planes 93 ns a person, 3,190 where each term tests each person's words;
 * one term 28 ns, 10.)
 */
export class CrowdCounter {
  /** People by term, by audience (and of known home), and in both of a pair. */
  readonly termPeople: Float64Array;
  readonly audiencePeople: Float64Array;
  readonly homedPeople: Float64Array;
  readonly pairPeople: Float64Array;
  private readonly order: CountOrder;
  /** By term: segments as plane x 32 + bit, those that must be there and those that must not. */
  private readonly segments: readonly { readonly ones: number[]; readonly zeros: number[] }[];
  private readonly audiencesOf: readonly (readonly number[])[];
  private readonly planesUsed: readonly number[];
  private readonly groupsMax: number;
  /** The column of plane x 32 + bit begins at (plane x 32 + bit) x groupsMax. */
  private readonly columns: Uint32Array;
  /** This block's people: of one term, and of each audience. */
  private readonly matches: Uint32Array;
  private readonly members: readonly Uint32Array[];

  /** Blocks hold at most `blockPeopleMax` people. */
  constructor(order: CountOrder, blockPeopleMax: number) {
    const { terms, audiences, pairs } = order;
    this.order = order;
    this.segments = terms.map(({ clauses }) => ({
      ones: clauses.flatMap(({ plane, ones }) => bitsOf(ones).map((bit) => plane * 32 + bit)),
      zeros: clauses.flatMap(({ plane, zeros }) => bitsOf(zeros).map((bit) => plane * 32 + bit)),
    }));
    this.audiencesOf = terms.map((_, t) =>
      [...audiences.keys()].filter((a) => audiences[a]!.includes(t)),
    );
    const planes = terms.flatMap(({ clauses }) => clauses.map(({ plane }) => plane));
    this.planesUsed = [...new Set(planes)];
    this.termPeople = new Float64Array(terms.length);
    this.audiencePeople = new Float64Array(audiences.length);
    this.homedPeople = new Float64Array(audiences.length);
    this.pairPeople = new Float64Array(pairs.length);
    this.groupsMax = Math.ceil(blockPeopleMax / 32);
    this.columns = new Uint32Array((Math.max(-1, ...this.planesUsed) + 1) * 32 * this.groupsMax);
    this.matches = new Uint32Array(this.groupsMax);
    this.members = audiences.map(() => new Uint32Array(this.groupsMax));
  }

  /**
   * Adds `personCount` people: word i of each plane is person i's, bit i of `eligible` says whether
   * that person counts (exists, not suppressed), bit i of a mark whether they have it. Bits beyond
   * the last person are not read.
   */
  addBlock(
    planes: readonly Uint32Array[],
    eligible: Uint32Array,
    personCount: number,
    marks: readonly Uint32Array[] = [],
  ): void {
    const groups = Math.ceil(personCount / 32);
    assert(groups <= this.groupsMax, "the block is larger than announced");
    for (const plane of this.planesUsed) this.turn(planes[plane]!, plane, personCount);
    const matches = this.matches.subarray(0, groups);
    const members = this.members.map((bits) => bits.subarray(0, groups).fill(0));
    for (const t of this.order.terms.keys()) {
      matches.set(eligible.subarray(0, groups));
      trimTail(matches, personCount);
      this.keepTerm(t, matches, marks);
      this.termPeople[t] = this.termPeople[t]! + countSharedBits(matches, matches);
      for (const audience of this.audiencesOf[t]!) orInto(members[audience]!, matches);
    }
    const homes = marks[this.order.homeMark ?? -1];
    for (const [a, bits] of members.entries()) {
      this.audiencePeople[a] = this.audiencePeople[a]! + countSharedBits(bits, bits);
      if (homes !== undefined) {
        this.homedPeople[a] = this.homedPeople[a]! + countSharedBits(bits, homes);
      }
    }
    for (const [p, [a, b]] of this.order.pairs.entries()) {
      this.pairPeople[p] = this.pairPeople[p]! + countSharedBits(members[a]!, members[b]!);
    }
  }

  private keepTerm(t: number, matches: Uint32Array, marks: readonly Uint32Array[]): void {
    const { ones, zeros } = this.segments[t]!;
    const { columns, groupsMax } = this;
    for (const column of ones) keepSet(matches, columns, column * groupsMax);
    for (const column of zeros) keepClear(matches, columns, column * groupsMax);
    const { mark } = this.order.terms[t]!;
    if (mark >= 0) keepSet(matches, marks[mark]!, 0);
  }

  private turn(words: Uint32Array, plane: number, personCount: number): void {
    const { columns, groupsMax } = this;
    const at = plane * 32 * groupsMax;
    for (let first = 0, group = 0; first < personCount; first += 32, group++) {
      const people = Math.min(32, personCount - first);
      for (let i = 0; i < people; i++) square[i] = words[first + i]!;
      square.fill(0, people);
      transpose(square);
      for (let bit = 0; bit < 32; bit++) columns[at + bit * groupsMax + group] = square[bit]!;
    }
  }
}

const square = new Int32Array(32);

/** Turns 32 words of 32 bits: bit j of word i becomes bit i of word j, by halves of halves. */
function transpose(words: Int32Array): void {
  for (let width = 16, mask = 0xffff; width > 0; width >>>= 1, mask ^= mask << width) {
    for (let i = 0; i < 32; i = (i + width + 1) & ~width) {
      const low = words[i]!;
      const high = words[i + width]!;
      const swapped = ((low >>> width) ^ high) & mask;
      words[i] = low ^ (swapped << width);
      words[i + width] = high ^ swapped;
    }
  }
}

const bitsOf = (word: number): number[] =>
  Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((word >>> bit) & 1) === 1);

function trimTail(matches: Uint32Array, personCount: number): void {
  const tail = personCount & 31;
  const last = personCount >>> 5;
  if (tail !== 0) matches[last] = matches[last]! & ((1 << tail) - 1);
}

function keepSet(matches: Uint32Array, columns: Uint32Array, at: number): void {
  for (let i = 0; i < matches.length; i++) matches[i] = matches[i]! & columns[at + i]!;
}

function keepClear(matches: Uint32Array, columns: Uint32Array, at: number): void {
  for (let i = 0; i < matches.length; i++) matches[i] = matches[i]! & ~columns[at + i]!;
}
