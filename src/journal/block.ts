import { crc32 } from "node:zlib";
import { Packr } from "msgpackr";
import type { Entry } from "./entry.js";
import { arrayFrom, entryFrom } from "./entry.js";

/**
 * THE JOURNAL'S BYTES. A journal is a folder of segments `journal-<first sequence, 12 digits>.log`;
 * a segment is blocks, one behind the other; a block is what one commit made durable and decodes
 * alone (little-endian):
 *
 *     0        4       6      8          16        20           24          28
 *     | u32    | u16   | u16  | f64      | u32     | u32 CRC-32 | u32 CRC-32 | payload |
 *     | "CBJ1" | ver 1 | zero | sequence | payload | of the     | of bytes   |         |
 *     |        |       |      |          | bytes   | payload    | 0 to 23    |         |
 *
 * The sequence rises by one from block to block through all segments, from 1. The payload is a
 * msgpack array of records (entry.ts): plain arrays, numbers, strings, no extension types. The head
 * has a checksum of its own, so that its length can be trusted where the payload is torn.
 */
export const blockHeaderBytes = 28;
export const blockVersion = 1;
/** A larger block is damage, not data. */
const payloadBytesMax = 32 * 1024 * 1024;
const magic = 0x314a_4243;

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: "number" });

export function encodeBlock(sequence: number, entries: readonly Entry[]): Uint8Array {
  const payload = packr.pack(entries.map(arrayFrom));
  if (payload.length > payloadBytesMax) throw new Error("a journal block is too large");
  const block = new Uint8Array(blockHeaderBytes + payload.length);
  const view = new DataView(block.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, blockVersion, true);
  view.setFloat64(8, sequence, true);
  view.setUint32(16, payload.length, true);
  block.set(payload, blockHeaderBytes);
  view.setUint32(20, crc32(payload), true);
  view.setUint32(24, crc32(block.subarray(0, 24)), true);
  return block;
}

export type BlockCheck =
  | {
      readonly ok: true;
      readonly sequence: number;
      readonly headCrc: number;
      readonly end: number;
    }
  | { readonly ok: false; readonly why: "no head" | "cut" | "damaged" | "newer version" };

/**
 * Checks the block at `at`. "no head": nothing that begins a block; "cut": its payload fails and
 * nothing is behind it, as after a crash; "damaged": its payload fails and more follows; "newer
 * version": written by a later program.
 */
export function checkBlock(bytes: Uint8Array, at: number): BlockCheck {
  if (at + blockHeaderBytes > bytes.length) return { ok: false, why: "no head" };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, blockHeaderBytes);
  const payloadBytes = view.getUint32(16, true);
  const start = at + blockHeaderBytes;
  const end = start + payloadBytes;
  if (
    view.getUint32(0, true) !== magic ||
    view.getUint32(24, true) !== crc32(bytes.subarray(at, at + 24))
  ) {
    return { ok: false, why: "no head" };
  }
  if (view.getUint16(4, true) !== blockVersion) return { ok: false, why: "newer version" };
  if (end > bytes.length || view.getUint32(20, true) !== crc32(bytes.subarray(start, end))) {
    return { ok: false, why: end >= bytes.length ? "cut" : "damaged" };
  }
  const headCrc = view.getUint32(24, true);
  return { ok: true, sequence: view.getFloat64(8, true), headCrc, end };
}

/** The records of a block that `checkBlock` found sound; unknown kinds are left out. */
export function decodeBlock(bytes: Uint8Array, at: number, end: number): Entry[] {
  const stored: unknown = packr.unpack(bytes.subarray(at + blockHeaderBytes, end));
  if (!Array.isArray(stored)) throw new Error("a journal block holds no records");
  return stored.map(entryFrom).filter((entry) => entry !== null);
}

/**
 * Offset behind `from` of a sound block with a sequence above `sequence`, -1 without one: tells
 * damage in the middle of a file from a torn end.
 */
export function laterBlock(bytes: Uint8Array, from: number, sequence: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = Buffer.from("CBJ1");
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    const block = checkBlock(bytes, at);
    if (block.ok && block.sequence > sequence) return at;
  }
  return -1;
}
