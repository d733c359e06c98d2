import { mix32 } from "../base/hash.js";
import { KeyKind, Media } from "../base/lists.js";
import {
  type CampaignTable,
  Dimension,
  shapeAccess,
  shapeAudio,
  shapeNative,
  shapeOfSize,
  shapeVideo,
} from "../campaign/table.js";
import type { BidRequest, ImpRecord } from "./request.js";
import { type Scratch, valuesPerDimension } from "./scratch.js";

/** Dimensions under which line items are posted by value (campaign/table.ts, access keys). */
const valueAccess = [
  Dimension.DEAL,
  Dimension.PLACEMENT,
  Dimension.PROPERTY,
  KeyKind.SITE_APP,
  KeyKind.PUBLISHER,
  Dimension.KEY_VALUE,
] as const;

/**
 * The candidates of the current imp: line items that may fit it, each once, the best first. They
 * come out of the posting lists that the imp's own values name, by a heap over the heads of these
 * lists, so that nobody touches a list further than a decision goes.
 *
 *     list    | 3 | 17 | 40 | ...        heap: lists by their heads, 3 8 9
 *     list    | 8 |  9 | 17 | ...        next: 3, 8, 9, 17 (of two lists, once), 40
 *     list    | 9 | 61 |
 */
export function openCandidates(
  table: CampaignTable,
  scratch: Scratch,
  request: BidRequest,
  imp: ImpRecord,
): void {
  scratch.listCount = 0;
  scratch.lastCandidate = -1;
  for (let i = 0; i < valueAccess.length; i++) {
    const dimension = valueAccess[i]!;
    const count = scratch.valueCount[dimension]!;
    for (let v = 0; v < count; v++) {
      post(table, scratch, scratch.value[dimension * valuesPerDimension + v]!, dimension);
    }
  }
  const { country } = request;
  if ((imp.mediaMask & Media.BANNER) !== 0) {
    for (let i = imp.formatStart; i < imp.formatStart + imp.formatCount; i++) {
      const shape = shapeOfSize(request.formatWidth[i]!, request.formatHeight[i]!);
      postShape(table, scratch, country, shape);
    }
  }
  if ((imp.mediaMask & Media.VIDEO) !== 0) postShape(table, scratch, country, shapeVideo);
  if ((imp.mediaMask & Media.AUDIO) !== 0) postShape(table, scratch, country, shapeAudio);
  if ((imp.mediaMask & Media.NATIVE) !== 0) postShape(table, scratch, country, shapeNative);
}

function postShape(table: CampaignTable, scratch: Scratch, country: number, shape: number): void {
  post(table, scratch, shape, shapeAccess);
  if (country !== 0) post(table, scratch, shape, (shapeAccess | country) >>> 0);
}

function post(table: CampaignTable, scratch: Scratch, lo: number, hi: number): void {
  const { accessCount } = table;
  const mask = accessCount.length - 1;
  if (mask < 0) return;
  let at = mix32(lo, hi) & mask;
  while (accessCount[at] !== 0) {
    if (table.accessLo[at] === lo && table.accessHi[at] === hi) {
      const start = table.accessStart[at]!;
      addList(scratch, table.postings[start]!, start + 1, start + accessCount[at]!);
      return;
    }
    at = (at + 1) & mask;
  }
}

/** One more posting list: its head, and where the rest of it lies. */
function addList(scratch: Scratch, head: number, next: number, end: number): void {
  const { listHead, listNext, listEnd } = scratch;
  let at = scratch.listCount++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (listHead[parent]! <= head) break;
    listHead[at] = listHead[parent]!;
    listNext[at] = listNext[parent]!;
    listEnd[at] = listEnd[parent]!;
    at = parent;
  }
  listHead[at] = head;
  listNext[at] = next;
  listEnd[at] = end;
}

/** The best candidate that nobody has taken yet, -1 = there is none; takes nothing. */
export function peekCandidate(table: CampaignTable, scratch: Scratch): number {
  while (scratch.listCount > 0) {
    const head = scratch.listHead[0]!;
    if (head !== scratch.lastCandidate) return head;
    dropHead(table.postings, scratch);
  }
  return -1;
}

/** Takes it. */
export function takeCandidate(table: CampaignTable, scratch: Scratch): number {
  const head = peekCandidate(table, scratch);
  if (head >= 0) scratch.lastCandidate = head;
  return head;
}

/** Goes on in the list with the smallest head: its next one, or the last list, sinks. */
function dropHead(postings: Uint32Array, scratch: Scratch): void {
  const { listHead, listNext, listEnd } = scratch;
  let next = listNext[0]!;
  let end = listEnd[0]!;
  let head = 0;
  if (next < end) head = postings[next++]!;
  else {
    const last = --scratch.listCount;
    if (last === 0) return;
    head = listHead[last]!;
    next = listNext[last]!;
    end = listEnd[last]!;
  }
  const count = scratch.listCount;
  let at = 0;
  for (let child = 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && listHead[child + 1]! < listHead[child]!) child++;
    if (listHead[child]! >= head) break;
    listHead[at] = listHead[child]!;
    listNext[at] = listNext[child]!;
    listEnd[at] = listEnd[child]!;
    at = child;
  }
  listHead[at] = head;
  listNext[at] = next;
  listEnd[at] = end;
}
