import type { ColumnInput, ColumnsOf } from "../campaign/columns.js";
import type { NativeAsset, NativeRequest } from "./request.js";

/**
 * What native creatives can fill, as columns, so that the decision can ask before it offers. Native
 * creatives are numbered in creative-index order (campaign/table creativeNative); wire's template
 * table contains these columns and, under the same numbers, the markup of each asset.
 */
export const NativeKind = { TITLE: 0, IMAGE: 1, DATA: 2 } as const;
export type NativeKind = (typeof NativeKind)[keyof typeof NativeKind];

export const nativeSpec = {
  /** One more than creatives: assets of n are [nativeStart[n], nativeStart[n + 1]). */
  nativeStart: "u32",
  assetKind: "u8",
  assetType: "u16", // image 1 icon, 3 main; data 1..12; title 0
  assetWidth: "u16",
  assetHeight: "u16",
  assetLength: "u32", // characters of a title or data text
  assetMime: "u8", // place in `imageMimes` + 1, 0 = not known
} as const;

export type NativeTable = ColumnsOf<typeof nativeSpec>;

/** One asset of a native creative; texts in characters as a reader counts them (code points). */
export type NativeOffered = {
  readonly kind: NativeKind;
  readonly type: number;
  readonly width: number;
  readonly height: number;
  readonly length: number;
  readonly mime: string;
};

const imageMimes = [
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/svg+xml",
];

/** The columns of all native creatives, for wire/template-compile. */
export function nativeColumns(
  creatives: readonly (readonly NativeOffered[])[],
): ColumnInput<typeof nativeSpec> {
  const assets = creatives.flat();
  let start = 0;
  return {
    nativeStart: [0, ...creatives.map((offered) => (start += offered.length))],
    assetKind: assets.map((asset) => asset.kind),
    assetType: assets.map((asset) => asset.type),
    assetWidth: assets.map((asset) => asset.width),
    assetHeight: assets.map((asset) => asset.height),
    assetLength: assets.map((asset) => asset.length),
    assetMime: assets.map((asset) => imageMimes.indexOf(asset.mime) + 1),
  };
}

/** True when the creative can fill every required asset, and at least one asset at all. */
export function nativeFits(request: NativeRequest, table: NativeTable, native: number): boolean {
  let filled = 0;
  for (let i = 0; i < request.assets.length; i++) {
    const asset = request.assets[i]!;
    if (nativeAssetFor(asset, table, native) >= 0) filled++;
    else if (asset.required) return false;
  }
  return filled > 0;
}

/** The first asset of the creative that fits what the request asks for, -1 = none. */
export function nativeAssetFor(asked: NativeAsset, table: NativeTable, native: number): number {
  const end = table.nativeStart[native + 1]!;
  for (let at = table.nativeStart[native]!; at < end; at++) if (fits(asked, table, at)) return at;
  return -1;
}

function fits(asked: NativeAsset, table: NativeTable, at: number): boolean {
  const kind = table.assetKind[at]!;
  if (asked.kind === "title") return kind === NativeKind.TITLE && shortEnough(asked, table, at);
  if (asked.kind === "data") {
    return (
      kind === NativeKind.DATA &&
      table.assetType[at] === asked.type &&
      shortEnough(asked, table, at)
    );
  }
  return asked.kind === "image" && kind === NativeKind.IMAGE && imageFits(asked, table, at);
}

const shortEnough = (asked: NativeAsset, table: NativeTable, at: number): boolean =>
  asked.lengthMax === 0 || table.assetLength[at]! <= asked.lengthMax;

/**
 * An exact size asks for that size or for one that scales down to it without distortion; minimums
 * (Native 1.2 section 4.4) only bound from below.
 */
function imageFits(asked: NativeAsset, table: NativeTable, at: number): boolean {
  const width = table.assetWidth[at]!;
  const height = table.assetHeight[at]!;
  if (asked.type !== 0 && asked.type !== table.assetType[at]) return false;
  if (width < asked.widthMin || height < asked.heightMin) return false;
  const minimums = asked.widthMin > 0 || asked.heightMin > 0;
  if (!minimums && asked.width > 0 && asked.height > 0) {
    if (width < asked.width || height < asked.height) return false;
    if (width * asked.height !== height * asked.width) return false;
  }
  if (asked.mimes.length === 0) return true;
  const mime = imageMimes[table.assetMime[at]! - 1];
  return mime !== undefined && asked.mimes.includes(mime);
}
