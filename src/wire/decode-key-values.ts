import { KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, Slice, SpanUse } from "../bid/request.js";
import { closeSpan, pushText, wants } from "./decode-spans.js";
import { isArray, numberTextEnd, readMemberName, readText } from "./json-read.js";
import { elementsOf, endAt, Kind, kindAt, membersOf, nextAt, startAt } from "./json-tape.js";

/** A longer "key=value" is no targeting value; the bound also keeps the copying linear. */
const keyValueBytesMax = 512;

const name = new Slice();

/**
 * An object of free pairs (imp.ext.data, site.ext.data, app.ext.data) as KEY_VALUE keys of
 * "key=value": texts, numbers, true and false, and arrays of these. Anything nested deeper is not
 * a value.
 */
export function readKeyValues(request: BidRequest, object: number, owner: number): void {
  if (!wants(request, KeyKind.KEY_VALUE)) return;
  const from = request.keyCount;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    readMemberName(request, at, name);
    if (isArray(at)) {
      for (let one = elementsOf(at), last = nextAt(at); one < last; one = nextAt(one)) {
        readPair(request, one);
      }
    } else {
      readPair(request, at);
    }
  }
  closeSpan(request, from, SpanUse.VALUE, KeyKind.KEY_VALUE, owner);
}

function readPair(request: BidRequest, at: number): void {
  const kind = kindAt(at);
  if (kind === Kind.TRUE || kind === Kind.FALSE || readText(request, at)) {
    pushPair(request, startAt(at), endAt(at));
    return;
  }
  const end = numberTextEnd(request.bytes, at);
  if (end !== 0) pushPair(request, startAt(at), end);
}

/** Writes key=value behind the arena, where it is needed for the length of this call only. */
function pushPair(request: BidRequest, start: number, end: number): void {
  const bytes = request.bytes;
  const length = name.end - name.start + 1 + (end - start);
  if (name.end === name.start || length > keyValueBytesMax) return;
  let to = request.textLength;
  if (to + length > bytes.length) {
    request.overflow = 1;
    return;
  }
  for (let at = name.start; at < name.end; at++) bytes[to++] = bytes[at]!;
  bytes[to++] = 61;
  for (let at = start; at < end; at++) bytes[to++] = bytes[at]!;
  pushText(request, request.textLength, to, KeyKind.KEY_VALUE);
}

/** A comma-separated list or an array of keywords (site, app, dooh, content). */
export function readKeywords(request: BidRequest, value: number): void {
  if (!wants(request, KeyKind.KEYWORD)) return;
  const from = request.keyCount;
  if (readText(request, value)) {
    let start = startAt(value);
    const end = endAt(value);
    for (let at = start; at <= end; at++) {
      if (at < end && request.bytes[at] !== 44) continue;
      pushTrimmed(request, start, at);
      start = at + 1;
    }
  }
  for (let at = elementsOf(value), end = nextAt(value); at < end; at = nextAt(at)) {
    if (readText(request, at)) pushTrimmed(request, startAt(at), endAt(at));
  }
  closeSpan(request, from, SpanUse.VALUE, KeyKind.KEYWORD, REQUEST_LEVEL);
}

function pushTrimmed(request: BidRequest, from: number, to: number): void {
  const bytes = request.bytes;
  let start = from;
  let end = to;
  while (start < end && bytes[start]! <= 32) start++;
  while (end > start && bytes[end - 1]! <= 32) end--;
  if (end > start) pushText(request, start, end, KeyKind.KEYWORD);
}
