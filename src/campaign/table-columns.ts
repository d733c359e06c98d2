import type { Hash64 } from "../base/hash.js";
import { mix32, textKeyOf } from "../base/hash.js";
import type { KeyKind } from "../base/lists.js";
import { tableSpec } from "./table.js";

/** The columns of a table while it is being compiled: plain arrays that grow. */
export type GrowingColumns = { readonly [K in keyof typeof tableSpec]: number[] };

export const emptyColumns = (): GrowingColumns =>
  Object.fromEntries(
    Object.keys(tableSpec).map((name) => [name, [] as number[]]),
  ) as unknown as GrowingColumns;

/** Text keys get ids 1, 2, ... in the order in which they are first met. */
export class Dictionary {
  private readonly byText = new Map<number, Map<string, number>>();
  private readonly byKey = new Map<number, Map<number, number>>();
  private readonly lo: number[] = [];
  private readonly hi: number[] = [];

  /** The id of a plain text of one kind. */
  idOf(text: string, kind: KeyKind): number {
    return this.cached(text, kind, () => textKeyOf(text, kind));
  }

  /** The id of a text whose key is made otherwise: `space` keeps apart what equal texts mean. */
  cached(text: string, space: number, keyOf: () => Hash64): number {
    const texts = entryOf(this.byText, space, () => new Map<string, number>());
    return entryOf(texts, text, () => this.idOfKey(keyOf()));
  }

  private idOfKey({ lo, hi }: Hash64): number {
    const row = entryOf(this.byKey, hi, () => new Map<number, number>());
    return entryOf(row, lo, () => {
      this.lo.push(lo);
      this.hi.push(hi);
      return this.lo.length;
    });
  }

  /** Open addressing at lo ^ hi, as bid/values looks up. */
  writeTo(columns: GrowingColumns): void {
    const size = tableSize(this.lo.length);
    const { dictLo, dictHi, dictValue } = columns;
    for (const column of [dictLo, dictHi, dictValue]) fillZeros(column, size);
    for (let i = 0; i < this.lo.length; i++) {
      const lo = this.lo[i]!;
      const hi = this.hi[i]!;
      let at = (lo ^ hi) & (size - 1);
      while (dictValue[at]! !== 0) at = (at + 1) & (size - 1);
      dictLo[at] = lo;
      dictHi[at] = hi;
      dictValue[at] = i + 1;
    }
  }
}

/** Line item indexes by access key. */
export class Postings {
  private readonly lists = new Map<number, Map<number, number[]>>();
  private count = 0;

  add(lo: number, hi: number, lineItem: number): void {
    const row = entryOf(this.lists, hi, () => new Map<number, number[]>());
    const list = entryOf(row, lo, () => {
      this.count++;
      return [];
    });
    if (list.at(-1) !== lineItem) list.push(lineItem);
  }

  /** Open addressing at mix32(lo, hi), as bid/candidates looks up; `placeOf` by line item. */
  writeTo(columns: GrowingColumns, placeOf: Uint32Array): void {
    const size = tableSize(this.count);
    const { accessLo, accessHi, accessStart, accessCount, postings } = columns;
    for (const column of [accessLo, accessHi, accessStart, accessCount]) fillZeros(column, size);
    for (const [hi, row] of this.lists) {
      for (const [lo, list] of row) {
        let at = mix32(lo, hi) & (size - 1);
        while (accessCount[at]! !== 0) at = (at + 1) & (size - 1);
        accessLo[at] = lo;
        accessHi[at] = hi;
        accessStart[at] = postings.length;
        accessCount[at] = list.length;
        const places = Uint32Array.from(list, (lineItem) => placeOf[lineItem]!).sort();
        for (const place of places) postings.push(place);
      }
    }
  }
}

function fillZeros(column: number[], count: number): void {
  for (let i = 0; i < count; i++) column.push(0);
}

/** The map's value for a key, made where there is none yet. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}

/** A power of two at most half full. */
function tableSize(count: number): number {
  let size = 2;
  while (size < count * 2) size *= 2;
  return size;
}
