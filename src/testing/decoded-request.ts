import { scopeKey, textKeyOf } from "../base/hash.js";
import type { KeyKind } from "../base/lists.js";
import { BidRequest, REQUEST_LEVEL, type Slice, SpanUse } from "../bid/request.js";
import { type DecodeResult, decodeInto } from "../wire/decode.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a body: text as it is, anything else as JSON. */
export const bodyOf = (body: unknown): Uint8Array =>
  encoder.encode(typeof body === "string" ? body : JSON.stringify(body));

/** A record after decoding, with what tests ask of it. */
export class DecodedRequest {
  readonly record = new BidRequest();
  result: DecodeResult = 0;

  decode(body: unknown): this {
    this.result = decodeInto(this.record, body instanceof Uint8Array ? body : bodyOf(body));
    return this;
  }

  text(slice: Slice): string {
    return decoder.decode(this.record.bytes.subarray(slice.start, slice.end));
  }

  /** How many keys the spans of a use, kind and owner hold together. */
  count(use: SpanUse, kind: KeyKind, owner: number = REQUEST_LEVEL): number {
    return this.keys(use, kind, owner).length;
  }

  /** True when those spans hold the key of the text, scoped by `scope` where it is given. */
  has(
    use: SpanUse,
    kind: KeyKind,
    text: string,
    scope?: number,
    owner: number = REQUEST_LEVEL,
  ): boolean {
    const key = textKeyOf(text, kind);
    if (scope !== undefined) scopeKey(key, scope);
    return this.keys(use, kind, owner).includes(`${key.lo}/${key.hi}`);
  }

  value(kind: KeyKind, text: string, scope?: number, owner?: number): boolean {
    return this.has(SpanUse.VALUE, kind, text, scope, owner);
  }

  private keys(use: SpanUse, kind: KeyKind, owner: number): string[] {
    const { record } = this;
    const found: string[] = [];
    for (let span = 0; span < record.spanCount; span++) {
      const same = record.spanUse[span] === use && record.spanKind[span] === kind;
      if (!same || record.spanOwner[span] !== owner) continue;
      const start = record.spanStart[span] ?? 0;
      for (let i = start; i < start + (record.spanLength[span] ?? 0); i++) {
        found.push(`${record.keyLo[i]}/${record.keyHi[i]}`);
      }
    }
    return found;
  }
}

/** The smallest request, with more members. */
export const withRequest = (more: object): object => ({ id: "r", imp: [{ id: "1" }], ...more });
/** The smallest request whose one imp has more members. */
export const withImp = (more: object): object => ({ id: "r", imp: [{ id: "1", ...more }] });
