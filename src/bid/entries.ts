import type { Scratch } from "./scratch.js";

/** `entryCreative` of an entry whose creative is picked when the entry is taken. */
export const PICK_LATER = 0xffff_ffff;

/**
 * Entries of one imp, best first: guaranteed deals, deals, open bids; within a rank the higher
 * price; then the higher `tie`, a value seeded by the request and the line item's id. A binary heap
 * over columns: building n entries costs n, taking one log n.
 */
export function addEntry(
  scratch: Scratch,
  lineItem: number,
  deal: number,
  creative: number,
  rank: number,
  priceMicros: number,
  reservedMicros: number,
  tie: number,
): void {
  if (scratch.entryCount === scratch.entryCapacity) return;
  const entry = scratch.entryCount++;
  scratch.entryLineItem[entry] = lineItem;
  scratch.entryDeal[entry] = deal;
  scratch.entryCreative[entry] = creative;
  if (creative !== PICK_LATER) scratch.entrySize[entry] = scratch.creativeSize[creative]!;
  scratch.entryRank[entry] = rank;
  scratch.entryPrice[entry] = priceMicros;
  scratch.entryReserved[entry] = reservedMicros;
  scratch.entryTie[entry] = tie;
  siftUp(scratch, entry);
}

/** Takes the best entry, -1 = none left. */
export function takeEntry(scratch: Scratch): number {
  if (scratch.heapCount === 0) return -1;
  const best = scratch.heap[0]!;
  const last = scratch.heap[--scratch.heapCount]!;
  if (scratch.heapCount > 0) siftDown(scratch, last);
  return best;
}

function siftUp(scratch: Scratch, entry: number): void {
  const { heap } = scratch;
  let at = scratch.heapCount++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!better(scratch, entry, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function siftDown(scratch: Scratch, entry: number): void {
  const { heap, heapCount } = scratch;
  let at = 0;
  for (let child = 1; child < heapCount; child = 2 * at + 1) {
    if (child + 1 < heapCount && better(scratch, heap[child + 1]!, heap[child]!)) child++;
    if (!better(scratch, heap[child]!, entry)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = entry;
}

function better(scratch: Scratch, a: number, b: number): boolean {
  const rank = scratch.entryRank[a]! - scratch.entryRank[b]!;
  if (rank !== 0) return rank > 0;
  const price = scratch.entryPrice[a]! - scratch.entryPrice[b]!;
  if (price !== 0) return price > 0;
  return scratch.entryTie[a]! > scratch.entryTie[b]!;
}
