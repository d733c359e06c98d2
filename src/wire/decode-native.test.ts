import { expect, test } from "vitest";
import { Media } from "../base/lists.js";
import type { ImpRecord, NativeRequest } from "../bid/request.js";
import { DecodedRequest, withImp } from "../testing/decoded-request.js";

const decoded = new DecodedRequest();
const imp = decoded.record.imps[0] as ImpRecord;

/** What the imp's native request is after decoding; null = the media was dropped. */
function decode(native: unknown): NativeRequest | null {
  decoded.decode(withImp({ native }));
  expect(imp.mediaMask === Media.NATIVE).toBe(imp.native !== null);
  return imp.native;
}
const fromText = (request: unknown): NativeRequest | null =>
  decode({ request: typeof request === "string" ? request : JSON.stringify(request) });

const title = { id: 1, required: 1, title: { len: 90 } };
const image = {
  id: 2,
  img: { type: 3, w: 1200, h: 627, wmin: 600, hmin: 314, mimes: ["image/png", "image/jpeg"] },
};

test("assets, trackers and privacy of a 1.2 request", () => {
  const native = fromText({
    ver: "1.2",
    privacy: 1,
    assets: [title, image, { id: 3, data: { type: 2, len: 140 } }, { id: 4, video: { mimes: [] } }],
    eventtrackers: [{ event: 1, methods: [1, 2] }, { event: "x" }],
  });
  expect(native?.wrapped).toBe(false);
  expect(native?.privacy).toBe(true);
  expect(native?.eventTrackers).toEqual([{ event: 1, methods: [1, 2] }]);
  expect(native?.assets.map(({ id, kind, required }) => [id, kind, required])).toEqual([
    [1, "title", true],
    [2, "image", false],
    [3, "data", false],
    [4, "video", false],
  ]);
  expect(native?.assets[0]?.lengthMax).toBe(90);
  const { type, width, height, widthMin, heightMin, mimes } = native?.assets[1] ?? {};
  expect([type, width, height, widthMin, heightMin]).toEqual([3, 1200, 627, 600, 314]);
  expect(mimes).toEqual(["image/png", "image/jpeg"]);
  expect([native?.assets[2]?.type, native?.assets[2]?.lengthMax]).toEqual([2, 140]);
});

test("the wrapper of 1.0 is seen", () => {
  expect(fromText({ native: { assets: [title] } })?.wrapped).toBe(true);
  expect(fromText({ assets: [title], native: 5 })?.wrapped).toBe(false);
});

test("an object where the string belongs is read as well, the string first", () => {
  expect(decode({ request: { assets: [title] } })?.assets).toHaveLength(1);
  expect(decode({ request_native: { assets: [title, image] } })?.assets).toHaveLength(2);
  const both = {
    request_native: { assets: [title, image] },
    request: '{"assets":[{"id":1,"title":{}}]}',
  };
  expect(decode(both)?.assets).toHaveLength(1);
});

test("escapes inside the escaped text mean what they say", () => {
  const native = fromText('{"\\u0061ssets":[{"id":7,"img":{"mimes":["image\\/\\u0070ng","é"]}}]}');
  expect(native?.assets[0]?.mimes).toEqual(["image/png", "é"]);
});

test.each([
  ["no request", {}],
  ["a number", { request: 5 }],
  ["an empty text", { request: "" }],
  ["text that is no JSON", { request: "{assets:[]}" }],
  ["text behind the value", { request: `${JSON.stringify({ assets: [title] })}x` }],
  ["no assets", { request: "{}" }],
  ["an empty list of assets", { request: '{"assets":[]}' }],
  ["an asset without id", { request: JSON.stringify({ assets: [title, { title: { len: 1 } }] }) }],
  ["an id that is text", { request: JSON.stringify({ assets: [{ id: "1", title: { len: 1 } }] }) }],
  ["ids that repeat", { request: JSON.stringify({ assets: [title, { ...image, id: 1 }] }) }],
  ["an asset of two kinds", { request: JSON.stringify({ assets: [{ ...title, img: {} }] }) }],
  [
    "a required asset of an unknown kind",
    { request: JSON.stringify({ assets: [{ id: 1, required: 1 }] }) },
  ],
  ["text nested too deep", { request: `{"assets":${"[".repeat(40)}${"]".repeat(40)}}` }],
  [
    "too many assets",
    {
      request: JSON.stringify({
        assets: Array.from({ length: 65 }, (_, id) => ({ id, title: {} })),
      }),
    },
  ],
])("a native media with %s is dropped", (_, native) => {
  expect(decode(native)).toBeNull();
  // and so it is when the cache knows it
  expect(decode(native)).toBeNull();
});

test("an optional asset of an unknown kind need not be filled", () => {
  expect(fromText({ assets: [title, { id: 9, hologram: {} }] })?.assets).toHaveLength(1);
});

test("the same text gives the same record again, other text of the same length does not", () => {
  const text = JSON.stringify({ assets: [{ id: 31, title: { len: 11 } }] });
  const first = fromText(text);
  expect(fromText(text)).toBe(first);
  expect(fromText(text.replace("11", "12"))?.assets[0]?.lengthMax).toBe(12);
});

test("masks belong to the imp, and what follows the native text is read right", () => {
  const request = JSON.stringify({ assets: [title] });
  const native = { request, api: [7], battr: [3] };
  decoded.decode({
    id: "r",
    imp: [
      { id: "1", native, instl: 1 },
      { id: "2", native },
    ],
    at: 2,
  });
  expect([imp.nativeApiMask & ~1, imp.nativeBattrMask & ~1]).toEqual([1 << 7, 1 << 3]);
  expect([imp.instl, decoded.record.at, decoded.record.impCount]).toEqual([1, 2, 2]);
  expect(decoded.record.imps[1]?.native).toBe(imp.native);
});
