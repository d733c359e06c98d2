import { inspect } from "node:util";
import { expect, expectTypeOf, test } from "vitest";
import { dealsMax, impsMax } from "../base/limits.js";
import { BidRequest } from "../bid/request.js";
import { DecodedRequest } from "../testing/decoded-request.js";
import { Echo, type EchoNative } from "./echo.js";
import type { encodeInto, noBidInto } from "./encode.js";

const secret = "6D92078A-8246-4BA4-AE5B-76104861E7DC";
const asked = {
  user: { id: secret, buyeruid: secret, eids: [{ source: "a.example", uids: [{ id: secret }] }] },
  device: { ifa: secret, ip: "203.0.113.9", geo: { country: "USA", lat: 40.1, lon: -74.2 } },
  id: "request-1",
  imp: [
    { id: "imp-a", pmp: { deals: [{ id: "deal-a" }, { id: 'deal-"b"' }] } },
    { id: "imp-b", native: { request: '{"assets":[{"id":7,"title":{"len":25}}]}' } },
  ],
};
/** As raw JSON text, which is how texts are echoed. */
const echoed = ["request-1", "imp-a", "imp-b", "deal-a", String.raw`deal-\"b\"`];

/** `true` where a text is anywhere in a type. */
type TextIn<T> = T extends string
  ? true
  : T extends readonly (infer Item)[]
    ? TextIn<Item>
    : T extends object
      ? { [Name in keyof T]: TextIn<T[Name]> }[keyof T]
      : never;

/** What a call gives, or "" where the class refuses it. */
function copied(copy: (out: Uint8Array) => number): string {
  const out = new Uint8Array(4096);
  try {
    return Buffer.from(out.subarray(0, copy(out))).toString();
  } catch {
    return "";
  }
}

test("of a request nothing but its echoed texts can be copied, whatever is asked for", () => {
  const decoded = new DecodedRequest();
  const many = Array.from({ length: 20 }, (_, i) => ({ id: `earlier-deal-${i}` }));
  const imps = Array.from({ length: 20 }, (_, i) => ({ id: `earlier-${i}`, pmp: { deals: many } }));
  decoded.decode({ id: "earlier", imp: imps });
  decoded.decode(asked);
  const echo = new Echo(decoded.record);
  const texts = new Set([copied((out) => echo.idInto(out, 0))]);
  for (let i = 0; i < impsMax; i++) texts.add(copied((out) => echo.impIdInto(i, out, 0)));
  for (let i = 0; i < dealsMax; i++) texts.add(copied((out) => echo.dealIdInto(i, out, 0)));
  expect([...texts].filter((text) => text !== "").sort()).toEqual([...echoed].sort());
});

test("it says how long a text is, and what a native answer must fill", () => {
  const decoded = new DecodedRequest().decode(asked);
  const echo = new Echo(decoded.record);
  expect([echo.idBytes, echo.impIdBytes(1), echo.dealIdBytes(1)]).toEqual([9, 5, 10]);
  expect(echo.native(0)).toBeNull();
  expect(echo.native(1)?.assets[0]?.id).toBe(7);
});

test("its bytes are on no property and in no text of it", () => {
  const echo = new Echo(new DecodedRequest().decode(asked).record);
  expect(Reflect.ownKeys(echo)).toEqual([]);
  expect(Object.values(Object.getOwnPropertyDescriptors(Echo.prototype)).length).toBe(9);
  expect(`${echo} ${JSON.stringify(echo)} ${inspect(echo, { showHidden: true })}`).not.toContain(
    secret.slice(0, 8),
  );
});

test("the encoder's type takes it alone: none of these compiles", () => {
  const echo = new Echo(new BidRequest());
  expectTypeOf<Parameters<typeof encodeInto>[0]>().toEqualTypeOf<Echo>();
  expectTypeOf<Parameters<typeof noBidInto>[0]>().toEqualTypeOf<Echo>();
  type Given = Parameters<typeof encodeInto>[0];
  // @ts-expect-error a request is no echo
  const request: Given = new BidRequest();
  // @ts-expect-error nor is what an echo is made from
  const source: Given = { ...new BidRequest() };
  // @ts-expect-error the body
  const { bytes } = echo;
  // @ts-expect-error an identifier
  const { ifa } = echo;
  expectTypeOf<TextIn<EchoNative>>().toBeNever();
  expect([request, source, bytes, ifa]).toHaveLength(4);
});
