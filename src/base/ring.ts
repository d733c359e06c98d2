import { assert } from "./assert.js";
import { ringRecordBytes } from "./limits.js";

/**
 * A single-producer, single-consumer ring of fixed 128-byte records in a SharedArrayBuffer
 * (little-endian):
 *
 *     0              64             128
 *     | i32 head     | i32 tail     | record | record | ... (a power of two)
 *     | published    | consumed     |
 *
 * Head and tail are counts that wrap at 2^32, each on its own cache line. All rings of a process
 * share one wake-up word: the consumer sleeps on it with Atomics.wait, a producer counts it up and
 * notifies.
 */
const headWord = 0;
const tailWord = 16;
const headerBytes = 128;

export const ringBytes = (records: number): number => headerBytes + records * ringRecordBytes;

function recordsIn(buffer: SharedArrayBuffer): number {
  const records = (buffer.byteLength - headerBytes) / ringRecordBytes;
  assert(records >= 1 && (records & (records - 1)) === 0, "a ring holds a power of two of records");
  return records;
}

/** The producer's end: one thread only. */
export class RingWriter {
  /** The whole ring; `claim` gives offsets into it. */
  readonly view: DataView;
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly wake: Int32Array;
  private readonly records: number;
  private head: number;

  /** `wake`: word 0 is the wake-up word. */
  constructor(buffer: SharedArrayBuffer, wake: Int32Array) {
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.wake = wake;
    this.records = recordsIn(buffer);
    this.head = Atomics.load(this.words, headWord);
  }

  /**
   * Byte offset of the next free record, -1 when the ring is full. It counts only after `publish`.
   */
  claim(): number {
    if (((this.head - Atomics.load(this.words, tailWord)) | 0) >= this.records) return -1;
    return headerBytes + (this.head & (this.records - 1)) * ringRecordBytes;
  }

  /** What can be lost leaves the rest of the ring to what must not be. */
  isHalfFull(): boolean {
    return ((this.head - Atomics.load(this.words, tailWord)) | 0) * 2 >= this.records;
  }

  /** Hands the claimed record over; wakes the consumer where somebody waits for an answer. */
  publish(wakeConsumer: boolean): void {
    this.head = (this.head + 1) | 0;
    Atomics.store(this.words, headWord, this.head);
    if (!wakeConsumer) return;
    Atomics.add(this.wake, 0, 1);
    Atomics.notify(this.wake, 0, 1);
  }
}

/** The consumer's end: one thread only. Positions are the wrapping counts of the header. */
export class RingReader {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly records: number;

  constructor(buffer: SharedArrayBuffer) {
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.records = recordsIn(buffer);
  }

  /** One past the newest published record at this moment. */
  published(): number {
    return Atomics.load(this.words, headWord);
  }

  /** The oldest record that is not consumed. */
  consumed(): number {
    return Atomics.load(this.words, tailWord);
  }

  /** Byte offset in `view` of the record at a position in [consumed, published). */
  offsetOf(position: number): number {
    return headerBytes + (position & (this.records - 1)) * ringRecordBytes;
  }

  /** Gives the records before `position` back to the producer. */
  consumeTo(position: number): void {
    const count = (position - this.consumed()) | 0;
    assert(count >= 0 && count <= this.records, "a ring is consumed in order");
    Atomics.store(this.words, tailWord, position | 0);
  }
}
