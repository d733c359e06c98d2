import { microsMax } from "../base/money.js";
import type { Steps } from "../base/steps.js";
import type { CurrencyCode } from "../base/units.js";
import type { DatedRates } from "./rates-file.js";
import { Dimension, Live, NO_AUDIENCE, type tableFrom } from "./table.js";
import type { GrowingColumns } from "./table-columns.js";

/** Places of line items by the order in which they were written, and the other way round. */
export type Order = { readonly placeOf: Uint32Array; readonly writtenAt: Uint32Array };
/** What a bound is made of, growing or as views of a table. */
type Figures = { readonly [K in keyof GrowingColumns]: { readonly [index: number]: number } };
type Table = ReturnType<typeof tableFrom>;
export type BoundRates = Pick<DatedRates, "codes" | "numerator" | "denominator"> | undefined;

/**
 * Puts the line items into the order in which a request looks at them: those that deals may raise
 * to any price first, then by the most that each can bid, those that cannot bid last. The bid path
 * then stops where the best of the rest could not win (bid/candidates), and what is looked at most
 * lies side by side.
 */
export function* bestFirst(columns: GrowingColumns, rates: BoundRates): Steps<Order> {
  const count = columns.lineItemId.length;
  const bounds = Float64Array.from({ length: count }, (_, lineItem) =>
    boundOf(columns, lineItem, rates),
  );
  const writtenAt = Uint32Array.from({ length: count }, (_, lineItem) => lineItem);
  yield;
  writtenAt.sort((a, b) => inOrder(bounds[a]!, a, bounds[b]!, b));
  yield;
  for (let i = 0; i < count; i++) {
    columns.lineItemBound.push(bounds[i]!);
    columns.lineItemForAll.push(isForAll(columns, i) ? 1 : 0);
  }
  for (const [name, column] of Object.entries(columns)) {
    if (!isOfLineItems(name)) continue;
    const before = column.slice();
    for (let place = 0; place < count; place++) column[place] = before[writtenAt[place]!]!;
    yield;
  }
  return { placeOf: inverseOf(writtenAt), writtenAt };
}

const inOrder = (boundA: number, a: number, boundB: number, b: number): number =>
  boundA === boundB ? a - b : boundA > boundB ? -1 : 1;

function inverseOf(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) inverse[order[i]!] = i;
  return inverse;
}

const isOfLineItems = (name: string): boolean => name.startsWith("lineItem") && !pools.has(name);

/**
 * Puts the line items written at `changed`, whose figures in the table are others now, where they
 * belong, and gives the order that the table is in then. The others keep theirs among themselves.
 */
export function* reorder(
  table: Table,
  before: Order,
  changed: readonly number[],
  rates: BoundRates,
): Steps<Order> {
  const { lineItemBound } = table;
  for (const written of changed) {
    const place = before.placeOf[written]!;
    lineItemBound[place] = boundOf(table, place, rates);
  }
  const boundAt = (written: number): number => lineItemBound[before.placeOf[written]!]!;
  const writtenAt = merged(before.writtenAt, changed, boundAt);
  // All that moves lies between the first and the last place that another one has now.
  let first = 0;
  let end = writtenAt.length;
  while (first < end && writtenAt[first] === before.writtenAt[first]) first++;
  if (first === end) return before;
  while (writtenAt[end - 1] === before.writtenAt[end - 1]) end--;
  const placeOf = before.placeOf.slice();
  for (let place = first; place < end; place++) placeOf[writtenAt[place]!] = place;
  for (const [name, column] of Object.entries(table)) {
    if (!isOfLineItems(name)) continue;
    const old = column.slice(first, end);
    for (let place = first; place < end; place++) {
      column[place] = old[before.placeOf[writtenAt[place]!]! - first]!;
    }
    yield;
  }
  movePostings(table, first, end, (place) => placeOf[before.writtenAt[place]!]!);
  return { placeOf, writtenAt };
}

/** Lists that name places from `first` to before `end` name their new ones, in order again. */
function movePostings(
  { postings, accessStart, accessCount }: Table,
  first: number,
  end: number,
  newPlaceOf: (place: number) => number,
): void {
  for (let list = 0; list < accessCount.length; list++) {
    const [from, to] = [accessStart[list]!, accessStart[list]! + accessCount[list]!];
    let moved = false;
    for (let i = from; i < to; i++) {
      const place = postings[i]!;
      if (place < first || place >= end) continue;
      postings[i] = newPlaceOf(place);
      moved = true;
    }
    if (moved) postings.subarray(from, to).sort();
  }
}

/** The order with those that changed taken out and put in anew. */
function merged(
  order: Uint32Array,
  changed: readonly number[],
  boundAt: (written: number) => number,
): Uint32Array {
  const movable = new Uint8Array(order.length);
  for (const written of changed) movable[written] = 1;
  const isBefore = (a: number, b: number): boolean => inOrder(boundAt(a), a, boundAt(b), b) < 0;
  const moved = [...changed].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const result = new Uint32Array(order.length);
  let next = 0;
  let at = 0;
  for (const written of order) {
    if (movable[written] === 1) continue;
    while (next < moved.length && isBefore(moved[next]!, written)) result[at++] = moved[next++]!;
    result[at++] = written;
  }
  while (next < moved.length) result[at++] = moved[next++]!;
  return result;
}

/** Columns of line items' creatives, not of line items. */
const pools: ReadonlySet<string> = new Set(["lineItemCreative", "lineItemCreativeWeight"]);

/** Above what any line item without a deal can bid in the open auction. */
const unbounded = Number.POSITIVE_INFINITY;

/**
 * The most that a line item bids where no floor lifts it: base price x the modifiers above 1 x its
 * highest step, in micros of the rates' base, rounded up generously. A strategy takes off, never
 * adds. Where no rate says what the currency is worth the line item has no bound.
 */
function boundOf(columns: Figures, lineItem: number, rates: BoundRates): number {
  if (rates === undefined) return unbounded;
  if (columns.lineItemLive[lineItem] !== Live.LIVE) return -1;
  if (namesDeals(columns, lineItem)) return unbounded;
  const currency = rates.codes.indexOf(columns.lineItemCurrency[lineItem]! as CurrencyCode);
  const base = columns.lineItemBaseMicros[lineItem]!;
  if (currency < 0 || base >= microsMax) return unbounded;
  let factor = 1;
  const start = columns.lineItemModStart[lineItem]!;
  for (let i = start; i < start + columns.lineItemModCount[lineItem]!; i++) {
    factor *= Math.max(1, columns.modFactorPermille[i]! / 1000);
  }
  factor = Math.max(factor, columns.lineItemFactorMin[lineItem]! / 1000);
  factor = Math.min(factor, columns.lineItemFactorMax[lineItem]! / 1000);
  const step = highestStep(columns, lineItem) / 1000;
  const micros = Math.min(base * factor * step, columns.lineItemMaxMicros[lineItem]!);
  const inBase = (micros * rates.denominator[currency]!) / rates.numerator[currency]!;
  return inBase * (1 + 1e-9) + 1;
}

function highestStep(columns: Figures, lineItem: number): number {
  let highest = 0;
  const start = columns.lineItemArmStart[lineItem]!;
  for (let arm = start; arm < start + columns.lineItemArmCount[lineItem]!; arm++) {
    highest = Math.max(highest, columns.armFactorPermille[arm]!);
  }
  return highest;
}

function namesDeals(columns: Figures, lineItem: number): boolean {
  const start = columns.lineItemPredStart[lineItem]!;
  for (let i = start; i < start + columns.lineItemPredCount[lineItem]!; i++) {
    const predicate = columns.predRefs[i]!;
    if (columns.predDimension[predicate] !== Dimension.DEAL) continue;
    if (columns.predExclude[predicate] === 0) return true;
  }
  return false;
}

/** Whether it bids, and at one price, whatever groups a person is in. */
function isForAll(columns: GrowingColumns, lineItem: number): boolean {
  const arms = columns.lineItemArmCount[lineItem]!;
  return arms === 1 && columns.armAudience[columns.lineItemArmStart[lineItem]!] === NO_AUDIENCE;
}
