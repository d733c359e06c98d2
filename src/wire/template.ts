import { assert } from "../base/assert.js";
import { nativeSpec } from "../bid/native-fit.js";
import type { ColumnsOf } from "../campaign/columns.js";
import { columnsFrom } from "../campaign/columns.js";

/**
 * Compiled bids: for each creative and dialect the JSON text of one bid object, cut where a value
 * of the bid goes in. An *entry* is a run of ops; an op is a literal, then a slot. Everything is
 * one SharedArrayBuffer of columns (campaign/columns), so that a worker adopts it by making views.
 */
export const Slot = {
  /** Only the literal. */
  NONE: 0,
  /** 88 characters. */
  TOKEN: 1,
  /** bid.id: the token's last 12 characters. */
  BID_ID: 2,
  /** imp.id as it came, without its quotes. */
  IMP_ID: 3,
  PRICE: 4,
  /** `,"dealid":"..."`, or nothing. */
  DEAL: 5,
  /** `,"w":1,"h":2`, or nothing. */
  SIZE: 6,
  /** 12 digits that differ from bid to bid, for markup. */
  CACHEBUSTER: 7,
  WIDTH: 12,
  HEIGHT: 13,
  /** Seconds. */
  DURATION: 8,
  /** Seconds for which the bid's money is reserved. */
  EXP: 9,
  /** Opaque campaign id, 8 characters. */
  CAMPAIGN: 10,
  /** The native answer, a JSON text inside a JSON string. */
  NATIVE: 11,
} as const;
export type Slot = (typeof Slot)[keyof typeof Slot];

/** Parts of a native answer that are not assets. */
export const NativePart = { LINK: 0, EVENT_TRACKER: 1, IMP_TRACKER: 2, PRIVACY: 3 } as const;
export type NativePart = (typeof NativePart)[keyof typeof NativePart];
export const nativePartsMax = 4;

export const NO_ENTRY = 0xffff_ffff;

export const templateSpec = {
  /** creatives, dialects, agencies, exchanges */
  dimensions: "u32",
  /** creative index * dialects + dialect -> entry of its bid, NO_ENTRY = none */
  bidEntry: "u32",
  entryStart: "u32", // first op
  entryCount: "u16",
  entryLiteralBytes: "u32", // sum of its literals
  entrySlotCount: "u16", // bounds what its slots add
  opLiteralStart: "u32", // into `bytes`, a multiple of 4
  opLiteralLength: "u32",
  opSlot: "u8",
  bytes: "u8",
  /** (native creative * dialects + dialect) * nativePartsMax + part -> entry, NO_ENTRY = none */
  nativePart: "u32",
  nativeAssetBytesMax: "u32", // of its longest asset member
  ...nativeSpec,
  assetEntry: "u32",
  creativeNative: "u32", // creative index -> native creative, NO_ENTRY = none
  /**
   * exchange index * agencies + agency index -> seat as JSON text between quotes, length 0 = none
   */
  seatStart: "u32",
  seatLength: "u16",
  /**
   * Landing pages by creative id, ascending; retired creatives too, as long as their tokens live.
   */
  landingId: "u32",
  landingStart: "u32",
  landingLength: "u16",
} as const;

export type TemplateTable = ColumnsOf<typeof templateSpec> & {
  /** `bytes` as words: literals start at word boundaries, so that they are copied by words. */
  readonly words: Uint32Array;
  readonly creativeCount: number;
  readonly dialectCount: number;
  readonly agencyCount: number;
  readonly exchangeCount: number;
};

const mould = {
  ...templateSpec,
  ...{ words: null, creativeCount: 0, dialectCount: 0, agencyCount: 0, exchangeCount: 0 },
};

/** Views over compiled templates: what a worker does when it adopts a World. */
export function templatesFrom(buffer: SharedArrayBuffer): TemplateTable {
  const columns = columnsFrom(templateSpec, buffer, mould);
  const [creativeCount, dialectCount, agencyCount, exchangeCount] = columns.dimensions;
  assert(creativeCount !== undefined && dialectCount !== undefined);
  assert(agencyCount !== undefined && exchangeCount !== undefined);
  assert(columns.bidEntry.length === creativeCount * dialectCount);
  assert(columns.seatStart.length === exchangeCount * agencyCount);
  const { bytes } = columns;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const told = { words, creativeCount, dialectCount, agencyCount, exchangeCount };
  return Object.assign(columns, told);
}

/** The entry of a creative's bid in a dialect; NO_ENTRY = it cannot be shown there. */
export const bidEntryOf = (table: TemplateTable, creative: number, dialect: number): number =>
  table.bidEntry[creative * table.dialectCount + dialect] ?? NO_ENTRY;

/** Where a click on a creative (by id, from a token) leads; "" = no such creative. */
export function landingPageOf(table: TemplateTable, creativeId: number): string {
  let low = 0;
  let high = table.landingId.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const id = table.landingId[middle]!;
    if (id === creativeId) return asciiText(table, middle);
    if (id < creativeId) low = middle + 1;
    else high = middle - 1;
  }
  return "";
}

/** Landing pages are stored as addresses that a URL parser wrote: printable ASCII. */
function asciiText(table: TemplateTable, landing: number): string {
  const start = table.landingStart[landing]!;
  return String.fromCharCode(...table.bytes.subarray(start, start + table.landingLength[landing]!));
}
