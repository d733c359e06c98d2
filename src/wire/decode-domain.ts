import { KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, type Slice, SpanUse } from "../bid/request.js";
import { closeSpan, pushText, wants } from "./decode-spans.js";

const DOT = 46;

/** The domain and its parents that still hold a dot: "a.b.co" gives "a.b.co" and "b.co". */
export function pushDomains(request: BidRequest, host: Slice): void {
  if (host.end === host.start || !wants(request, KeyKind.DOMAIN)) return;
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
