import { LRUCache } from "lru-cache";
import { Withheld } from "../base/unprintable.js";
import { GppReading, readGppInto } from "./gpp.js";
import { readTcfInto, TcfReading } from "./tcf.js";

/** Longer strings are not read: real ones are at most a few thousand characters. */
export const consentBytesMax = 16_384;

/** A string, kept to be compared byte by byte, and what it says. */
type Entry<Reading> = {
  readonly text: DataView;
  /** gpp_sid decides what is read out of a GPP string; 0 for a TC string. */
  readonly sidMask: number;
  readonly reading: Reading;
};

/** A safe integer for the text `view[start, end)`; tests put a poor one in to see texts collide. */
type TextHash = (view: DataView, start: number, end: number, seed: number) => number;

/** Beside its text an entry holds its reading and the table's links. */
const entryOverheadBytes = 512;

/**
 * What consent strings say about our vendor, by string, in a bounded memory of one worker. Exact: a
 * hit is compared with the stored text, so that a collision of hashes costs a reading and never
 * lends a person another's consent. A hit makes no string and allocates nothing. Holds the facts
 * only, no verdict that depends on the time.
 */
export class ConsentCache extends Withheld {
  private readonly tcf: LRUCache<number, Entry<TcfReading>>;
  private readonly gpp: LRUCache<number, Entry<GppReading>>;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private vendorId = 0;
  private readonly hash: TextHash;
  hitCount = 0;
  missCount = 0;

  /** `bytesMax` bounds each of the two tables, text and readings together. */
  constructor(bytesMax = 8 * 1024 * 1024, hash: TextHash = hashOf) {
    super();
    this.hash = hash;
    const max = Math.ceil(bytesMax / entryOverheadBytes);
    this.tcf = new LRUCache({ max, maxSize: bytesMax });
    this.gpp = new LRUCache({ max, maxSize: bytesMax });
  }

  /** Readings are about one vendor: another one starts afresh. */
  useVendor(vendorId: number): void {
    if (vendorId === this.vendorId) return;
    this.vendorId = vendorId;
    this.tcf.clear();
    this.gpp.clear();
  }

  /**
   * The reading of the TC string `bytes[start, end)`, 1 to `consentBytesMax` bytes. Not to be
   * changed.
   */
  tcfOf(bytes: Uint8Array, start: number, end: number): TcfReading {
    const key = this.keyOf(bytes, start, end, 0);
    const entry = this.tcf.get(key);
    if (entry !== undefined && this.isSame(entry, start, end, 0)) {
      this.hitCount++;
      return entry.reading;
    }
    this.missCount++;
    const reading = new TcfReading();
    readTcfInto(bytes, start, end, this.vendorId, reading);
    const size = end - start + entryOverheadBytes;
    this.tcf.set(key, { text: copyOf(bytes, start, end), sidMask: 0, reading }, { size });
    return reading;
  }

  /**
   * The reading of the GPP string `bytes[start, end)` under the sections of `sidMask`. Not to be
   * changed.
   */
  gppOf(bytes: Uint8Array, start: number, end: number, sidMask: number): GppReading {
    const key = this.keyOf(bytes, start, end, sidMask);
    const entry = this.gpp.get(key);
    if (entry !== undefined && this.isSame(entry, start, end, sidMask)) {
      this.hitCount++;
      return entry.reading;
    }
    this.missCount++;
    const reading = new GppReading();
    readGppInto(bytes, start, end, sidMask, this.vendorId, reading);
    const size = end - start + entryOverheadBytes;
    this.gpp.set(key, { text: copyOf(bytes, start, end), sidMask, reading }, { size });
    return reading;
  }

  /** A 53-bit hash, four bytes a step; points `view` at the request's bytes for `isSame`. */
  private keyOf(bytes: Uint8Array, start: number, end: number, sidMask: number): number {
    if (this.view.buffer !== bytes.buffer) {
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.hash(this.view, start, end, sidMask);
  }

  private isSame(entry: Entry<unknown>, start: number, end: number, sidMask: number): boolean {
    return (
      entry.sidMask === sidMask &&
      entry.text.byteLength === end - start &&
      equalText(entry.text, this.view, start)
    );
  }
}

function copyOf(bytes: Uint8Array, start: number, end: number): DataView {
  return new DataView(bytes.slice(start, end).buffer);
}

function equalText(stored: DataView, view: DataView, start: number): boolean {
  const length = stored.byteLength;
  const wholeEnd = length & ~3;
  let difference = 0;
  for (let i = 0; i < wholeEnd; i += 4) {
    difference |= stored.getInt32(i, true) ^ view.getInt32(start + i, true);
  }
  for (let i = wholeEnd; i < length; i++) {
    difference |= stored.getUint8(i) ^ view.getUint8(start + i);
  }
  return difference === 0;
}

function hashOf(view: DataView, start: number, end: number, seed: number): number {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x85ebca77 ^ (end - start);
  const wholeEnd = start + ((end - start) & ~3);
  for (let at = start; at < wholeEnd; at += 4) {
    const word = view.getInt32(at, true);
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b + word, 0x5bd1e995);
    a = (a << 13) | (a >>> 19);
    b ^= b >>> 15;
  }
  for (let at = wholeEnd; at < end; at++) {
    a = Math.imul(a ^ view.getUint8(at), 0x01000193);
    b = Math.imul(b + view.getUint8(at), 0x5bd1e995);
  }
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 16) ^ a, 0x846ca68b);
  return ((b ^ (b >>> 15)) & 0x1f_ffff) * 4_294_967_296 + ((a ^ (a >>> 15)) >>> 0);
}
