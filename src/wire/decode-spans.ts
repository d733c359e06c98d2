import { Hash64, scopeKey, textKeyInto } from "../base/hash.js";
import { keysMax, spansMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, Slice, SpanUse } from "../bid/request.js";
import { listedDomainInto } from "./decode-host.js";
import { isString, readNameEnd, readText } from "./json-read.js";
import { elementsOf, endAt, nextAt, startAt } from "./json-tape.js";

/**
 * Text values become 64-bit keys in one pool; a span says which keys are what. The keys of a span
 * lie side by side, so a list is read without another list in between.
 */

/**
 * Owner of category spans whose taxonomy number is not known yet: it may come later in the object.
 */
const UNSCOPED = 0xfffe;

const hash = new Hash64();

/** Adds the key of a text; a full pool means no bid, never a shorter list. */
export function pushText(request: BidRequest, start: number, end: number, kind: KeyKind): void {
  textKeyInto(request.bytes, start, end, kind, hash);
  pushKey(request, hash.lo, hash.hi);
}

function pushKey(request: BidRequest, lo: number, hi: number): void {
  const index = request.keyCount;
  if (index === keysMax) {
    request.overflow = 1;
    return;
  }
  request.keyLo[index] = lo;
  request.keyHi[index] = hi;
  request.keyCount = index + 1;
}

/** Makes the keys from `from` on a span; no keys make none. */
export function closeSpan(
  request: BidRequest,
  from: number,
  use: SpanUse,
  kind: KeyKind,
  owner: number,
): void {
  const length = request.keyCount - from;
  if (length === 0) return;
  const index = request.spanCount;
  if (index === spansMax) {
    request.overflow = 1;
    return;
  }
  request.spanUse[index] = use;
  request.spanKind[index] = kind;
  request.spanOwner[index] = owner;
  request.spanStart[index] = from;
  request.spanLength[index] = length;
  request.spanCount = index + 1;
}

/** False: no rule names a value of this kind, so none is read. */
export const wants = (request: BidRequest, kind: KeyKind): boolean =>
  ((request.kindsWanted >>> kind) & 1) === 1;

/** One text as a targeting value. */
export function pushValue(
  request: BidRequest,
  start: number,
  end: number,
  kind: KeyKind,
  owner: number,
): void {
  if (!wants(request, kind)) return;
  const from = request.keyCount;
  pushText(request, start, end, kind);
  closeSpan(request, from, SpanUse.VALUE, kind, owner);
}

/** Reads a string or number as one targeting value; another type or "" gives none. */
export function readValue(request: BidRequest, at: number, kind: KeyKind, owner: number): void {
  if (!wants(request, kind)) return;
  const end = readNameEnd(request, at);
  if (end !== 0) pushValue(request, startAt(at), end, kind, owner);
}

/**
 * Reads a list of texts as one span; a single text counts as a list of one, a number is dropped.
 * An entry of another type keeps its place in a block or allow list with the key 0/0, which
 * matches nothing: an allow list of unusable entries must not look like no list.
 */
export function readList(
  request: BidRequest,
  list: number,
  use: SpanUse,
  kind: KeyKind,
  owner: number,
): void {
  const from = request.keyCount;
  if (isString(list)) pushEntry(request, list, kind);
  for (let at = elementsOf(list), last = nextAt(list); at < last; at = nextAt(at)) {
    if (!pushEntry(request, at, kind) && use !== SpanUse.VALUE) pushKey(request, 0, 0);
  }
  closeSpan(request, from, use, kind, owner);
}

const SPACE = 32;
const domain = new Slice();

/**
 * One entry of a list without the blanks round it; false when there is nothing to compare in it.
 */
function pushEntry(request: BidRequest, at: number, kind: KeyKind): boolean {
  let end = readNameEnd(request, at);
  if (end === 0) return false;
  const { bytes } = request;
  let start = startAt(at);
  while (start < end && bytes[start]! <= SPACE) start++;
  while (end > start && bytes[end - 1]! <= SPACE) end--;
  if (kind === KeyKind.ADVERTISER_DOMAIN) {
    listedDomainInto(bytes, start, end, domain);
    ({ start, end } = domain);
  }
  if (start === end) return false;
  pushText(request, start, end, kind);
  return true;
}

/** A language by its primary subtag: "zh-CN" and "zh_CN" are "zh". */
export function readLanguage(request: BidRequest, at: number, kind: KeyKind): void {
  if (!wants(request, kind) || !readText(request, at)) return;
  const end = primarySubtagEnd(request.bytes, startAt(at), endAt(at));
  if (end > startAt(at)) pushValue(request, startAt(at), end, kind, REQUEST_LEVEL);
}

/** wlang[] and wlangb[], by their primary subtags. */
export function readLanguageList(request: BidRequest, list: number): void {
  const from = request.keyCount;
  for (let at = elementsOf(list), last = nextAt(list); at < last; at = nextAt(at)) {
    if (readText(request, at)) {
      const end = primarySubtagEnd(request.bytes, startAt(at), endAt(at));
      pushText(request, startAt(at), end, KeyKind.LANGUAGE);
    } else {
      pushKey(request, 0, 0);
    }
  }
  closeSpan(request, from, SpanUse.WLANG, KeyKind.LANGUAGE, REQUEST_LEVEL);
}

function primarySubtagEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 45 && bytes[at] !== 95) at++;
  return at;
}

/**
 * Reads `cat` and its like; `scopeCategories` must follow at the end of the object that holds it.
 */
export function readCategories(request: BidRequest, list: number): void {
  if (!wants(request, KeyKind.CATEGORY)) return;
  readList(request, list, SpanUse.VALUE, KeyKind.CATEGORY, UNSCOPED);
}

/** Scopes the categories read since span `from` by their object's taxonomy number. */
export function scopeCategories(request: BidRequest, from: number, cattax: number): void {
  for (let index = from; index < request.spanCount; index++) {
    if (request.spanOwner[index] === UNSCOPED) {
      request.spanOwner[index] = REQUEST_LEVEL;
      scopeSpan(request, index, cattax);
    }
  }
}

/** Scopes every key of a span by a number: taxonomy, country. Once a span. */
export function scopeSpan(request: BidRequest, index: number, scope: number): void {
  const start = request.spanStart[index]!;
  const end = start + request.spanLength[index]!;
  for (let at = start; at < end; at++) {
    hash.lo = request.keyLo[at]!;
    hash.hi = request.keyHi[at]!;
    scopeKey(hash, scope);
    request.keyLo[at] = hash.lo;
    request.keyHi[at] = hash.hi;
  }
}

/** Empties the spans [from, to): what they held was replaced. An empty span matches nothing. */
export function voidSpans(request: BidRequest, from: number, to: number): void {
  for (let index = from; index < to; index++) request.spanLength[index] = 0;
}

/** Empties the spans of one use and owner: the list came twice and the last one counts. */
export function voidList(request: BidRequest, use: SpanUse, owner: number): void {
  for (let index = 0; index < request.spanCount; index++) {
    if (request.spanUse[index] === use && request.spanOwner[index] === owner) {
      request.spanLength[index] = 0;
    }
  }
}
