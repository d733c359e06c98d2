import { expect, test } from "vitest";
import { textKeyOf } from "../base/hash.js";
import { gunzipBytesMax, keysMax, spansMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { SpanUse } from "../bid/request.js";
import { bodyOf, DecodedRequest, withRequest } from "../testing/decoded-request.js";
import { DecodeResult, decode, decodeInto } from "./decode.js";
import { unknownCurrency } from "./decode-codes.js";

const decoded = new DecodedRequest();
const { record } = decoded;
const imp = [{ id: "1" }];

test.each([
  ["an empty body", "", DecodeResult.NOT_JSON],
  ["two values", '{"id":"r","imp":[{"id":"1"}]} {}', DecodeResult.NOT_JSON],
  ["a closing comma", '{"id":"r","imp":[{"id":"1"}],}', DecodeResult.NOT_JSON],
  ["a control character in a string", '{"id":"r\u0001","imp":[{"id":"1"}]}', DecodeResult.NOT_JSON],
  ["an array", "[]", DecodeResult.NO_ID],
  ["a number", "1", DecodeResult.NO_ID],
  ["no id", { imp }, DecodeResult.NO_ID],
  ["an empty id", { id: "", imp }, DecodeResult.NO_ID],
  ["a numeric id", { id: 7, imp }, DecodeResult.NO_ID],
  ["an id of null", { id: null, imp }, DecodeResult.NO_ID],
  ["a lone surrogate in the id", '{"id":"a\\ud800","imp":[{"id":"1"}]}', DecodeResult.NO_ID],
  ["a second id that is a number", '{"id":"r","imp":[{"id":"1"}],"id":1}', DecodeResult.NO_ID],
  ["no imp", { id: "r" }, DecodeResult.NO_IMP],
  ["no imp in imp", { id: "r", imp: [] }, DecodeResult.NO_IMP],
  ["an object for imp", { id: "r", imp: { id: "1" } }, DecodeResult.NO_IMP],
  ["imps without usable id", { id: "r", imp: [{ id: 1 }, { id: "" }, 3, {}] }, DecodeResult.NO_IMP],
  ["a second imp of the wrong type", '{"id":"r","imp":[{"id":"1"}],"imp":1}', DecodeResult.NO_IMP],
  ["a value 33 deep", withRequest({ x: JSON.parse(`${"[".repeat(32)}${"]".repeat(32)}`) }), 4],
  ["a value 32 deep", withRequest({ x: JSON.parse(`${"[".repeat(31)}${"]".repeat(31)}`) }), 0],
])("%s has its result", (_, body, result) => {
  expect(decoded.decode(body).result).toBe(result);
});

test("a body above the cap is refused before it is read", () => {
  const body = new Uint8Array(gunzipBytesMax + 1).fill(32);
  expect(decodeInto(record, body)).toBe(DecodeResult.TOO_LONG);
  expect(decode(record, body.length)).toBe(DecodeResult.TOO_LONG);
});

test("the id is kept as it stands in the body and seeds by what it means", () => {
  decoded.decode('{"id":"\\u0061\\/\\"b","imp":[{"id":"\\u0031"}]}');
  expect(decoded.text(record.id)).toBe('\\u0061\\/\\"b');
  expect(record.seed).toEqual(textKeyOf('a/"b', 0));
  const first = record.imps[0];
  expect(first && decoded.text(first.id)).toBe("\\u0031");
});

test("a name is the same name with escapes, and __proto__ is just unknown", () => {
  decoded.decode(
    '{"__proto__":{"id":"x"},"\\u0069\\u0064":"r",' +
      '"\\u0069mp":[{"i\\u0064":"1","bid\\u0066loor":2}],' +
      '"tm\\u0061x":90,"\\ud800":1,"constructor":1}',
  );
  expect(decoded.result).toBe(DecodeResult.OK);
  expect(record.tmaxMs).toBe(90);
  expect(record.imps[0]?.bidFloorMicros).toBe(2e6);
});

test("names longer than eight letters are compared whole", () => {
  decoded.decode(
    '{"id":"r","imp":[{"id":"1","bXdfloorcur":"EUR","expiredcur":1,"bidfloorcur":"JPY"}]}',
  );
  expect(record.imps[0]?.bidFloorCurrency).toBe(packAlpha3("JPY"));
  for (const near of ["bXdfloorcur", "bidfloorcuX", "bidfloorXur", "bidfloorcurr", "bidfloor"]) {
    decoded.decode(`{"id":"r","imp":[{"id":"1","${near}":"EUR"}]}`);
    expect(record.imps[0]?.bidFloorCurrency, near).toBe(0);
  }
});

test("of members that come twice the last counts, and a wrong type makes the field absent", () => {
  decoded.decode('{"id":"a","id":"b","tmax":5,"tmax":9,"at":1,"at":"x","imp":[{"id":"1"}]}');
  expect(decoded.text(record.id)).toBe("b");
  expect([record.tmaxMs, record.at]).toEqual([9, 0]);
  decoded.decode('{"bcat":["IAB1"],"bcat":["IAB2","IAB3"],"id":"r","imp":[{"id":"1"}]}');
  expect(decoded.count(SpanUse.BCAT, KeyKind.CATEGORY)).toBe(2);
  expect(decoded.has(SpanUse.BCAT, KeyKind.CATEGORY, "IAB1", 1)).toBe(false);
});

test("a second imp array takes the place of the first with all that belongs to it", () => {
  const first = JSON.stringify([
    { id: "x", tagid: "old", banner: { w: 1, h: 2 }, pmp: { deals: [{ id: "d", wseat: ["s"] }] } },
    { id: "y", video: { mimes: ["video/mp4"], rqddurs: [6] } },
  ]);
  decoded.decode(`{"id":"r","imp":${first},"imp":[{"id":"1","banner":{"w":300,"h":250}}]}`);
  expect([record.impCount, record.formatCount, record.dealCount]).toEqual([1, 1, 0]);
  expect(record.durationCount).toBe(0);
  expect(record.imps[0]?.mediaMask).toBe(1);
  expect(decoded.count(SpanUse.VALUE, KeyKind.PLACEMENT, 0)).toBe(0);
  expect(decoded.count(SpanUse.DEAL_WSEAT, KeyKind.SEAT, 0)).toBe(0);
  expect(decoded.count(SpanUse.VIDEO_MIMES, KeyKind.MIME, 1)).toBe(0);
});

test.each([
  [0, 0],
  [false, 0],
  [null, 0],
  ["0", 0],
  [1, 1],
  [2, 1],
  [-1, 1],
  [0.5, 1],
  [true, 1],
  ["1", 1],
  ["yes", 1],
  [{}, 1],
])("test %j is %i: whatever is not plainly none is a test", (value, flag) => {
  decoded.decode(withRequest({ test: value }));
  expect(record.test).toBe(flag);
});

test.each([
  ["300", 300],
  ["0", 0],
  ["300.0", 300],
  ["3e2", 300],
  ["3E+2", 300],
  ["30000e-2", 300],
  ["2147483647", 2147483647],
  ["2147483648", 0],
  ["99999999999999999999", 0],
  ["1e400", 0],
  ["-5", 0],
  ["300.5", 0],
  ['"300"', 0],
  ["true", 0],
  ["[300]", 0],
])("tmax %s is read as %i", (text, value) => {
  decoded.decode(`{"id":"r","imp":[{"id":"1"}],"tmax":${text},"at":2}`);
  expect([record.tmaxMs, record.at]).toEqual([value, 2]);
});

test("currencies are upper-case codes; what is none stays as one that cannot be met", () => {
  const codes = (cur: unknown): number[] => {
    decoded.decode(withRequest({ cur }));
    return [...record.cur.subarray(0, record.curCount)];
  };
  expect(codes(["USD", "EUR"])).toEqual([packAlpha3("USD"), packAlpha3("EUR")]);
  expect(codes("JPY")).toEqual([packAlpha3("JPY")]);
  expect(codes(["usd", 5])).toEqual([unknownCurrency, unknownCurrency]);
  expect(codes([])).toEqual([]);
  expect(codes(5)).toEqual([]);
  expect(codes(Array(40).fill("USD"))).toHaveLength(16);
});

test("block and allow lists are spans of the whole request", () => {
  decoded.decode(
    withRequest({
      bcat: ["IAB25", "IAB26"],
      acat: ["IAB1"],
      cattax: 2,
      badv: ["Bad.Example"],
      bapp: ["com.bad"],
      wseat: ["s1"],
      bseat: ["s2"],
      wlang: ["en-US", "zh"],
    }),
  );
  expect(decoded.has(SpanUse.BCAT, KeyKind.CATEGORY, "IAB26", 2)).toBe(true);
  expect(decoded.has(SpanUse.BCAT, KeyKind.CATEGORY, "IAB26", 1)).toBe(false);
  expect(decoded.has(SpanUse.ACAT, KeyKind.CATEGORY, "iab1", 2)).toBe(true);
  expect(decoded.has(SpanUse.BADV, KeyKind.ADVERTISER_DOMAIN, "bad.example")).toBe(true);
  expect(decoded.has(SpanUse.BAPP, KeyKind.BUNDLE, "com.bad")).toBe(true);
  expect(decoded.has(SpanUse.WSEAT, KeyKind.SEAT, "s1")).toBe(true);
  expect(decoded.has(SpanUse.BSEAT, KeyKind.SEAT, "s2")).toBe(true);
  expect(decoded.has(SpanUse.WLANG, KeyKind.LANGUAGE, "en")).toBe(true);
  expect(decoded.count(SpanUse.WLANG, KeyKind.LANGUAGE)).toBe(2);
});

test("one text is a list of one; unusable entries do not make a list an absent one", () => {
  decoded.decode(withRequest({ bcat: "IAB25", wseat: [null, {}], badv: {} }));
  expect(decoded.has(SpanUse.BCAT, KeyKind.CATEGORY, "IAB25", 1)).toBe(true);
  expect(decoded.count(SpanUse.WSEAT, KeyKind.SEAT)).toBe(2);
  expect(decoded.count(SpanUse.BADV, KeyKind.ADVERTISER_DOMAIN)).toBe(0);
});

test("too many keys or lists mean no bid, not a shorter list", () => {
  decoded.decode(withRequest({ badv: Array.from({ length: keysMax + 1 }, (_, i) => `${i}`) }));
  expect([decoded.result, record.overflow]).toEqual([DecodeResult.OK, 1]);
  const deals = Array.from({ length: 1024 }, (_, i) => ({ id: `${i}`, wseat: ["s"] }));
  decoded.decode({ id: "r", imp: [{ id: "1", pmp: { deals } }], badv: ["a"] });
  expect([record.overflow, record.dealCount]).toEqual([0, 1024]);
  for (const deal of deals) Object.assign(deal, { wadomain: ["d"] });
  decoded.decode({ id: "r", imp: [{ id: "1", pmp: { deals } }], badv: ["a"] });
  expect([record.overflow, record.spanCount]).toEqual([1, spansMax]);
  decoded.decode(withRequest({}));
  expect(record.overflow).toBe(0);
});

test("nothing of one request is left in the next", () => {
  const full = {
    ...{ id: "r", test: 1, at: 3, tmax: 9, cur: ["EUR"], cattax: 7, bcat: ["x"], source: {} },
    imp: [{ id: "1", banner: { w: 1, h: 1 }, bidfloor: 5, instl: 1, secure: 1, rwdd: 1, exp: 9 }],
    app: { id: "a", bundle: "b", content: { livestream: 1 } },
    device: { ua: "x", ifa: "i", ext: { ifa_type: "t", atts: 2 }, geo: { country: "USA" }, lmt: 1 },
    user: { buyeruid: "u", consent: "c", eids: [{ source: "s", uids: [{ id: "i" }] }] },
    regs: {
      gdpr: 1,
      coppa: 1,
      us_privacy: "1YYN",
      gpp: "g",
      gpp_sid: [2],
      ext: { dsa: { pubrender: 1 } },
    },
    ext: { schain: { complete: 1, nodes: [{ asi: "a", sid: "s" }] } },
  };
  const fresh = new DecodedRequest().decode(withRequest({})).record;
  decoded.decode(full);
  decoded.decode(withRequest({}));
  const scalars = (of: object): unknown[] =>
    Object.entries(of).filter(([name, value]) => !ArrayBuffer.isView(value) && name !== "imps");
  expect(scalars(record)).toEqual(scalars(fresh));
  expect(record.imps[0]).toEqual(fresh.imps[0]);
});

test("a body that is full to the last byte and escaped throughout has room for its text", () => {
  const frame = '{"id":"","imp":[{"id":"1"}],"site":{"keywords":""}}';
  const escapes = Math.floor((gunzipBytesMax - frame.length) / 4);
  const half = "\\n".repeat(escapes);
  decoded.decode(
    frame.replace('"id":""', `"id":"${half}"`).replace('keywords":""', `keywords":"a${half}"`),
  );
  expect([decoded.result, record.overflow]).toEqual([DecodeResult.OK, 0]);
  expect(record.textLength).toBeLessThanOrEqual(record.bytes.length);
  expect(decoded.value(KeyKind.KEYWORD, "a")).toBe(true);
  expect(bodyOf(frame).length).toBe(frame.length);
});
