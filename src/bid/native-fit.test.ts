import { describe, expect, test } from "vitest";
import { columnsFrom, packColumns } from "../campaign/columns.js";
import type { NativeOffered } from "./native-fit.js";
import { NativeKind, nativeAssetFor, nativeColumns, nativeFits, nativeSpec } from "./native-fit.js";
import type { NativeAsset, NativeRequest } from "./request.js";

const asset = (with_: Partial<NativeAsset>): NativeAsset => ({
  id: 1,
  required: true,
  kind: "title",
  lengthMax: 0,
  type: 0,
  width: 0,
  height: 0,
  widthMin: 0,
  heightMin: 0,
  mimes: [],
  ...with_,
});
const offered = (with_: Partial<NativeOffered>): NativeOffered => ({
  kind: NativeKind.TITLE,
  type: 0,
  width: 0,
  height: 0,
  length: 20,
  mime: "",
  ...with_,
});
const image = { kind: NativeKind.IMAGE, type: 3, width: 1200, height: 600, mime: "image/png" };
const table = columnsFrom(
  nativeSpec,
  packColumns(
    nativeSpec,
    nativeColumns([
      [],
      [offered({}), offered(image), offered({ kind: NativeKind.DATA, type: 2, length: 90 })],
      [offered({ ...image, mime: "image/unheard-of" })],
    ]),
  ),
);
const fits = (assets: readonly NativeAsset[], creative = 1): boolean => {
  const request: NativeRequest = { wrapped: false, assets, eventTrackers: [], privacy: false };
  return nativeFits(request, table, creative);
};

describe("a native creative", () => {
  test("fits when it fills every required asset and at least one", () => {
    expect(fits([asset({}), asset({ kind: "data", type: 2 })])).toBe(true);
    expect(fits([asset({}), asset({ kind: "data", type: 9 })])).toBe(false);
    expect(fits([asset({}), asset({ kind: "data", type: 9, required: false })])).toBe(true);
    expect(fits([asset({ kind: "video" })])).toBe(false);
    expect(fits([asset({ kind: "video", required: false })])).toBe(false);
    expect(fits([])).toBe(false);
    expect(fits([asset({})], 0)).toBe(false);
  });

  test("keeps within the length of a title or a data text", () => {
    expect(fits([asset({ lengthMax: 20 })])).toBe(true);
    expect(fits([asset({ lengthMax: 19 })])).toBe(false);
    expect(fits([asset({ kind: "data", type: 2, lengthMax: 89 })])).toBe(false);
  });

  test.each([
    [{}, true],
    [{ type: 3 }, true],
    [{ type: 1 }, false],
    [{ widthMin: 1200, heightMin: 600 }, true],
    [{ widthMin: 1201 }, false],
    [{ heightMin: 601 }, false],
    [{ width: 1200, height: 600 }, true],
    [{ width: 600, height: 300 }, true],
    [{ width: 600, height: 500 }, false],
    [{ width: 2400, height: 1200 }, false],
    [{ width: 600, height: 500, widthMin: 100 }, true],
    [{ mimes: ["image/png"] }, true],
    [{ mimes: ["image/jpeg"] }, false],
  ])("has an image for %j: %s", (asked, expected) => {
    expect(fits([asset({ kind: "image", ...asked })])).toBe(expected);
  });

  test("with an image of a type that nobody knows fits only where no type is asked for", () => {
    expect(fits([asset({ kind: "image" })], 2)).toBe(true);
    expect(fits([asset({ kind: "image", mimes: ["image/png", ""] })], 2)).toBe(false);
  });

  test("numbers its assets across all creatives", () => {
    expect(nativeAssetFor(asset({ kind: "image" }), table, 1)).toBe(1);
    expect(nativeAssetFor(asset({ kind: "image" }), table, 2)).toBe(3);
    expect(nativeAssetFor(asset({}), table, 2)).toBe(-1);
  });
});
