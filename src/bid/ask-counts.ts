import { assert } from "../base/assert.js";
import { Hash64, mix32, type SipKey } from "../base/hash.js";
import { keyedHashInto } from "./keyed.js";

/**
 * How often each exchange has asked about a person today, and how often the answer told something
 * of the person's groups: a count-min sketch of two rows in shared memory, a person's two cells in
 * one cache line. Two people may share a cell, hardly ever both: it counts too much at times and
 * never too little.
 *
 *     u32   day, 8 bits | asked 14 | answered 10
 *
 * A cell of an earlier day counts as empty and is written anew by whoever comes first: nothing has
 * to be cleared at midnight. One of tomorrow (the clock went back) goes on. A cell that nobody
 * touched for 255 days looks like that once. A restart begins at nothing.
 */
const answeredBits = 10;
const askedBits = 14;
const answeredMask = (1 << answeredBits) - 1;
const askedMask = (1 << askedBits) - 1;
const dayShift = answeredBits + askedBits;
/** Added to a cell. */
const oneAnswered = 1;
const oneAsked = 1 << answeredBits;

const rows = 2;
export const askCountBytes = (cells: number): number => 4 * rows * cells;
/** Of a cache line each row has a half. */
const halfWords = 8;
const lineWords = rows * halfWords;

/** One thread's view; `cells` a power of two a row, eight at least. */
export class AskCounts {
  readonly words: Uint32Array;
  readonly lineMask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Uint32Array(buffer);
    const lines = this.words.length / lineWords;
    assert(lines >= 1 && (lines & (lines - 1)) === 0, "a power of two of lines");
    this.lineMask = lines - 1;
  }
}

/** What stands between whoever asks and the person asked about. */
export type Asking = {
  /** Chooses the audiences of the day, spreads the counts. */
  readonly key: SipKey;
  /** Chooses the control groups; never changed, a campaign's is one for its whole life. */
  readonly holdOutKey: SipKey;
  readonly counts: AskCounts;
};

/** A person's counts at an exchange, as the current request found them; written in place. */
export class Asked {
  /** The keyed hash of the person: says nothing of who it is, spreads cells and windows. */
  readonly hash = new Hash64();
  first = 0;
  second = 0;
  /** Today, this request included. */
  asked = 0;
  /** Today, before this request. */
  answered = 0;

  clear(): void {
    this.hash.lo = this.hash.hi = 0;
    this.first = this.second = this.asked = this.answered = 0;
  }
}

/**
 * Finds the counts of (person, exchange). Where `known` is 1, counts the request too; 0: of nobody
 * nothing is added, at a place that the caller chooses, so that the look-up costs the same.
 */
export function noteAsked(
  counts: AskCounts,
  key: SipKey,
  person: number,
  exchange: number,
  day: number,
  known: number,
  out: Asked,
): void {
  const { hash } = out;
  keyedHashInto(key, person, 0, hash);
  const line = (mix32(hash.lo, exchange) & counts.lineMask) * lineWords;
  const cell = mix32(hash.hi, exchange);
  out.first = line + (cell & (halfWords - 1));
  out.second = line + halfWords + ((cell >>> 8) & (halfWords - 1));
  const one = oneAsked * known;
  const first = add(counts.words, out.first, day, one, askedMask << answeredBits);
  const second = add(counts.words, out.second, day, one, askedMask << answeredBits);
  out.asked = Math.min((first >>> answeredBits) & askedMask, (second >>> answeredBits) & askedMask);
  out.answered = Math.min(first & answeredMask, second & answeredMask);
}

/** The request that `asked` speaks of was answered by the person's groups. */
export function noteAnswered(counts: AskCounts, asked: Asked, day: number): void {
  add(counts.words, asked.first, day, oneAnswered, answeredMask);
  add(counts.words, asked.second, day, oneAnswered, answeredMask);
}

/** Adds to the count under `mask`, which stops at its highest; gives the cell afterwards. */
function add(words: Uint32Array, at: number, day: number, one: number, mask: number): number {
  for (;;) {
    // Plain (base/bitset): the exchange below finds out what has changed since.
    const before = words[at]!;
    const ahead = ((before >>> dayShift) - day) & 0xff;
    const goesOn = ahead <= 1 && before !== 0;
    const base = goesOn ? before : ((day & 0xff) << dayShift) >>> 0;
    const after = (base & mask) === mask ? base : base + one;
    if (Atomics.compareExchange(words, at, before, after) === before) return after;
  }
}
