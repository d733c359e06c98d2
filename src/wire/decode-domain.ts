import { KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, type Slice, SpanUse } from "../bid/request.js";
import { closeSpan, pushText } from "./decode-spans.js";

/**
 * A host name in full is at most 253 characters (RFC 1035); the bound also keeps the work linear.
 */
const hostBytesMax = 253;

const COLON = 58;
const SLASH = 47;
const DOT = 46;

/**
 * Finds the host in a domain or an address: without scheme, user, port, path and closing dot. The
 * slice is left empty when there is none.
 */
export function hostInto(bytes: Uint8Array, start: number, end: number, out: Slice): void {
  out.clear();
  let from = start;
  for (let at = start; at + 2 < end; at++) {
    const byte = bytes[at];
    if (byte === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) {
      from = at + 3;
      break;
    }
    // a scheme is short and comes before anything else
    if (byte === DOT || byte === SLASH) break;
  }
  if (from === start && end - start > 1 && bytes[start] === SLASH && bytes[start + 1] === SLASH) {
    from = start + 2;
  }
  let to = from;
  for (; to < end; to++) {
    const byte = bytes[to]!;
    if (byte === 64) from = to + 1; // user@host
    if (byte === SLASH || byte === 63 || byte === 35) break;
  }
  for (let at = from; at < to; at++) {
    if (bytes[at] === COLON) to = at;
    else if (bytes[at]! <= 32) return;
  }
  while (to > from && bytes[to - 1] === DOT) to--;
  if (to === from || to - from > hostBytesMax) return;
  out.start = from;
  out.end = to;
}

/** The domain and its parents that still hold a dot: "a.b.co" gives "a.b.co" and "b.co". */
export function pushDomains(request: BidRequest, host: Slice): void {
  if (host.end === host.start) return;
  const bytes = request.bytes;
  const from = request.keyCount;
  pushText(request, host.start, host.end, KeyKind.DOMAIN);
  let parent = 0;
  for (let at = host.start; at < host.end; at++) {
    if (bytes[at] !== DOT) continue;
    if (parent > 0) pushText(request, parent, host.end, KeyKind.DOMAIN);
    parent = at + 1;
  }
  closeSpan(request, from, SpanUse.VALUE, KeyKind.DOMAIN, REQUEST_LEVEL);
}
