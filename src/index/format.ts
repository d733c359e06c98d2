import { assert } from "../base/assert.js";
import type { Epoch } from "../base/ids.js";
import { segmentsInSnapshotMax } from "../base/limits.js";

/**
 * The bytes of a snapshot. A folder `epoch-<n>/` holds one `manifest` and part files; all integers
 * are little-endian. A part is one 64-byte header and its items, at most 512 MiB, the same on disk
 * and in memory.
 *
 *   manifest       a seal (verify.ts) round msgpack arrays (manifest.ts)
 *   table-<part>   identifier table: lines of 64 bytes = 8 slots x (u32 fingerprint, u32 ordinal)
 *   plane-<plane>-<part>   u32 a person: bit b of plane p is segment 32 p + b of the dictionary
 *   home-<part>    u16 a person: home area, 0 = unknown
 *   people-<part>  1 bit a person: who counts towards the crowd minimum (up to manifest 2: who
 *                  exists, for an ordinal may be vacant)
 *   merges-0       pairs of u32: an earlier ordinal and whom it went into (merged-people.ts);
 *                  absent where nobody was merged
 *
 *   part header, u32 words   0 magic | 1 version | 2 kind | 3 part | 4 first item | 5 items
 *                            6 plane | 7 epoch   | 8 items in all parts | 9..15 zero
 *   "items" are lines in a table, pairs in merges and people elsewhere, ordinal 0 (nobody, all
 *   zero) included.
 *
 *   line of the identifier table
 *   +0        +4       +8        +12      ...   +56       +60
 *   | finger0 | ordin0 | finger1 | ordin1 | ... | finger7 | ordin7 |     ordinal 0 = free slot
 *
 * Fingerprint = high half of the identifier's hash. First line = low half, scaled to the line
 * count; second line = (mix(fingerprint) scaled - first) mod lines, which maps the second line back
 * to the first: so an entry can be displaced without its hash. A stranger meets a foreign entry
 * with probability 16 x 2^-32.
 */
export const partMagic = 0x58444243; // "CBDX"
/** Of the part files. */
export const formatVersion = 1;
/** Of the manifest and its seal: 2 says who may use a segment, 3 who counts. */
export const manifestVersion = 3;
/** Read as well; its people are never counted, so that it serves contextual line items alone. */
export const manifestVersionMin = 2;
export const headerBytes = 64;
export const headerWords = headerBytes / 4;

export const PartKind = { TABLE: 1, PLANE: 2, HOME: 3, PEOPLE: 4, MERGES: 5 } as const;
export type PartKind = (typeof PartKind)[keyof typeof PartKind];

/** 512 MiB, one part. */
export const mergesShift = 26;
export const pairBytes = 8;

export const lineBytes = 64;
export const lineWords = lineBytes / 4;
export const slotsPerLine = 8;
export const segmentsPerPlane = 32;
export const planesMax = segmentsInSnapshotMax / segmentsPerPlane;

/** Items a part holds, as powers of two; only tests use smaller ones than `fullParts`. */
export type PartShifts = {
  /** 2^n lines a table part. */
  readonly lines: number;
  /** 2^n people a plane, home or people part. */
  readonly people: number;
};

/** 2^23 lines x 64 B and 2^27 people x 4 B: both 512 MiB, far below the 4 GiB of an ArrayBuffer. */
export const fullParts: PartShifts = { lines: 23, people: 27 };

assert((2 ** fullParts.lines + 1) * lineBytes <= 2 ** 30);
assert(2 ** fullParts.people * 4 + headerBytes <= 2 ** 30);
assert(planesMax * segmentsPerPlane === segmentsInSnapshotMax);
assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, "the index needs a little-endian CPU");

/** A row needs no more memory than this in one chunk: 1 GiB in u32 words. */
export const chunkWordsMax = 2 ** 28;

/** 0.95 of 8 slots filled is 8.42 B an identifier. */
export const loadTarget = 0.95;

/** Lines for that many identifiers. The constant spares small tables the bad luck of few lines. */
export const lineCountFor = (identifierCount: number): number =>
  Math.ceil(identifierCount / (slotsPerLine * loadTarget)) + 4;

/** How many parts hold `itemCount` items of 2^shift each. */
export const partCount = (itemCount: number, shift: number): number =>
  Math.ceil(itemCount / 2 ** shift);

export const itemsInPart = (itemCount: number, shift: number, part: number): number =>
  Math.min(2 ** shift, itemCount - part * 2 ** shift);

/** Bytes of `itemCount` items of a kind, without the header, padded to whole words. */
export function payloadBytes(kind: PartKind, itemCount: number): number {
  if (kind === PartKind.TABLE) return itemCount * lineBytes;
  if (kind === PartKind.PLANE) return itemCount * 4;
  if (kind === PartKind.MERGES) return itemCount * pairBytes;
  if (kind === PartKind.HOME) return Math.ceil(itemCount / 2) * 4;
  return Math.ceil(itemCount / 32) * 4;
}

/** What a part's header says, and what the manifest makes a reader expect. */
export type PartHeader = {
  readonly kind: PartKind;
  readonly part: number;
  readonly firstItem: number;
  readonly itemCount: number;
  readonly plane: number;
  readonly epoch: Epoch;
  readonly itemsInAll: number;
};

function headerWordsOf(header: PartHeader): readonly number[] {
  const { kind, part, firstItem, itemCount, plane, epoch, itemsInAll } = header;
  return [
    ...[partMagic, formatVersion, kind, part, firstItem, itemCount],
    ...[plane, epoch, itemsInAll, 0, 0, 0, 0, 0, 0, 0],
  ];
}

export function writeHeader(buffer: SharedArrayBuffer | ArrayBuffer, header: PartHeader): void {
  new Uint32Array(buffer, 0, headerWords).set(headerWordsOf(header));
}

const headerFields = [
  ...["magic", "version", "kind", "part", "first item", "items", "plane", "epoch"],
  ...["items in all", "reserved"],
];

/** "" when the header is the expected one, else what differs: "version 2 instead of 1". */
export function headerMismatch(
  buffer: SharedArrayBuffer | ArrayBuffer,
  expected: PartHeader,
): string {
  if (buffer.byteLength < headerBytes) return `${buffer.byteLength} bytes instead of a header`;
  const words = new Uint32Array(buffer, 0, headerWords);
  for (const [i, want] of headerWordsOf(expected).entries()) {
    const got = words[i]!;
    if (got !== want) return `${headerFields[Math.min(i, 9)]} ${got} instead of ${want}`;
  }
  return "";
}

/** The name of a part file. */
export function partFileName(kind: PartKind, plane: number, part: number): string {
  if (kind === PartKind.TABLE) return `table-${part}`;
  if (kind === PartKind.PLANE) return `plane-${plane}-${part}`;
  if (kind === PartKind.MERGES) return `merges-${part}`;
  return kind === PartKind.HOME ? `home-${part}` : `people-${part}`;
}
