import { assert } from "../../base/assert.js";
import { bitWords, hasBit, setBit } from "../../base/bitset.js";
import { type BankConfig, purposes } from "../config/model.js";
import { sqlList } from "../duck.js";
import { type Ask, type WordColumn, wordColumns } from "./count-plan.js";

/**
 * Rows are told apart by what any behaviour asks for and nothing else. A touch-point's code of a
 * row is a number in mixed radix: of each word column the place of its word among the asked ones, 0
 * for every other word and for NULL. DuckDB looks a word up once for each entry of a Parquet
 * dictionary, so that three columns of 30 M rows cost 1.1 s of one core (a chain of CASE: 3.8 s).
 *
 * Codes that count for something lead to a slot; many codes share one.
 */
export type TouchpointCodes = {
  readonly touchpoint: string;
  /** SQL: a BIGINT. */
  readonly codeSql: string;
  /** Codes are `base` .. `base + size - 1`. */
  readonly base: number;
  readonly size: number;
  readonly fromSec: number;
  readonly needsAmount: boolean;
};

/** The asked words by column, and how much one place weighs in the code; 0 = column not asked. */
type Radix = {
  readonly column: WordColumn;
  readonly words: readonly string[];
  readonly weight: number;
};

/** Entries `first[slot]` .. `first[slot + 1] - 1` of a slot: what a row of it is added to. */
export type EntryTable = {
  readonly first: Uint32Array;
  readonly fromSec: Float64Array;
  readonly place: Uint32Array;
  readonly mask: Uint32Array;
};

export type SlotTable = {
  /** By slot: the bit of the purpose that the row's person must be usable for. */
  readonly purposeBits: Uint8Array;
  readonly bits: EntryTable;
  readonly bytes: EntryTable;
  readonly sums: EntryTable;
};

/** Beyond so many codes of a touch-point those that occur are asked of the data instead. */
export const codesListedMax = 65_536;
const codeMax = 2 ** 52;

/** Collects slots while codes are matched, and makes the table of them. */
export class SlotMaker {
  private readonly asks: readonly Ask[];
  private readonly config: BankConfig;
  private readonly slots = new Map<string, number>();
  private readonly asksOfSlot: (readonly Ask[])[] = [];
  private readonly purposeOfSlot: number[] = [];
  private nextBase = 0;

  constructor(asks: readonly Ask[], config: BankConfig) {
    this.asks = asks;
    this.config = config;
  }

  /** How a touch-point's rows are coded; null when no behaviour asks for it. */
  codesOf(touchpoint: string): TouchpointCodes | null {
    const asks = this.asksOf(touchpoint);
    if (asks.length === 0) return null;
    const { radices, size } = radicesOf(asks);
    assert(this.nextBase + size <= codeMax, "behaviours ask for too many combinations of words");
    const base = this.nextBase;
    this.nextBase += size;
    const terms = radices.map(
      ({ column, words, weight }) =>
        `coalesce(list_position(${sqlList(words)}, ${column}), 0)::BIGINT * ${weight}`,
    );
    return {
      ...{ touchpoint, base, size },
      codeSql: [`${base}::BIGINT`, ...terms].join(" + "),
      fromSec: asks.reduce((least, ask) => Math.min(least, ask.fromSec), Number.MAX_SAFE_INTEGER),
      needsAmount: asks.some((ask) => ask.into.kind === "sum"),
    };
  }

  /** Pairs of code and slot for those of the given codes that count for something. */
  match(codes: TouchpointCodes, which: Iterable<number>): [code: number, slot: number][] {
    const asks = this.asksOf(codes.touchpoint);
    const { radices } = radicesOf(asks);
    // By column and place of the word: a bitset of the asks that take it.
    const taking = radices.map(({ column, words }) =>
      ["", ...words].map((word, place) => {
        const bits = new Uint32Array(bitWords(asks.length));
        for (const [a, ask] of asks.entries()) {
          const asked = ask.words[column];
          if (asked.length === 0 || (place > 0 && asked.includes(word))) setBit(bits, a);
        }
        return bits;
      }),
    );
    const held = new Uint32Array(bitWords(asks.length));
    const pairs: [number, number][] = [];
    for (const code of which) {
      held.fill(0xffffffff);
      for (const [r, { words, weight }] of radices.entries()) {
        const place = Math.floor((code - codes.base) / weight) % (words.length + 1);
        const bits = taking[r]![place]!;
        for (let w = 0; w < held.length; w++) held[w] = held[w]! & bits[w]!;
      }
      const slot = this.slotOf(codes.touchpoint, asks, held);
      if (slot >= 0) pairs.push([code, slot]);
    }
    return pairs;
  }

  table(): SlotTable {
    return {
      purposeBits: Uint8Array.from(this.purposeOfSlot),
      bits: entriesOf(this.asksOfSlot, "bit"),
      bytes: entriesOf(this.asksOfSlot, "byte"),
      sums: entriesOf(this.asksOfSlot, "sum"),
    };
  }

  private asksOf(touchpoint: string): Ask[] {
    return this.asks.filter((ask) => ask.touchpoints.includes(touchpoint));
  }

  /** The slot of a touch-point's rows that count for the held ones of its asks; -1 for none. */
  private slotOf(touchpoint: string, asks: readonly Ask[], held: Uint32Array): number {
    const key = `${touchpoint}:${held.join()}`;
    const known = this.slots.get(key);
    if (known !== undefined) return known;
    const which = asks.filter((_, a) => hasBit(held, a));
    const slot = which.length === 0 ? -1 : this.asksOfSlot.push(which) - 1;
    const { purpose } = this.config.touchpoints.get(touchpoint)!;
    if (slot >= 0) this.purposeOfSlot.push(1 << purposes.indexOf(purpose));
    this.slots.set(key, slot);
    return slot;
  }
}

function radicesOf(asks: readonly Ask[]): { radices: Radix[]; size: number } {
  const radices: Radix[] = [];
  let size = 1;
  for (const column of wordColumns) {
    const words = [...new Set(asks.flatMap((ask) => ask.words[column]))].sort();
    if (words.length === 0) continue;
    radices.push({ column, words, weight: size });
    size *= words.length + 1;
  }
  return { radices, size };
}

/** Bits of one word and one window are one entry: 20 behaviours of 30 days are one step. */
function entriesOf(asksOfSlot: readonly (readonly Ask[])[], kind: Ask["into"]["kind"]): EntryTable {
  const first = [0];
  const entries: { fromSec: number; place: number; mask: number }[] = [];
  for (const asks of asksOfSlot) {
    const merged = new Map<string, { fromSec: number; place: number; mask: number }>();
    for (const { fromSec, into } of asks) {
      if (into.kind !== kind) continue;
      const place = kind === "bit" ? into.at >>> 5 : into.at;
      const mask = kind === "bit" ? (1 << (into.at & 31)) >>> 0 : 0;
      const known = merged.get(`${place}:${fromSec}`);
      if (known === undefined) merged.set(`${place}:${fromSec}`, { fromSec, place, mask });
      else known.mask = (known.mask | mask) >>> 0;
    }
    entries.push(...merged.values());
    first.push(entries.length);
  }
  return {
    first: Uint32Array.from(first),
    fromSec: Float64Array.from(entries, (entry) => entry.fromSec),
    place: Uint32Array.from(entries, (entry) => entry.place),
    mask: Uint32Array.from(entries, (entry) => entry.mask),
  };
}
