import type { SeededRandom } from "../base/random.js";
import type { JournalFile, JournalFolder } from "../journal/file.js";

type Stored = { bytes: Uint8Array; durable: number };

/**
 * A journal folder in memory whose disk fails on command: short writes, errors, and a power cut
 * that keeps what was synced and any part of the rest.
 */
export class FaultyFolder implements JournalFolder {
  readonly files = new Map<string, Stored>();
  /** Bytes that one write takes at most. */
  writeBytesMax = Number.POSITIVE_INFINITY;
  /** The next sync or append throws. */
  failNextSync = false;
  failNextAppend = false;
  syncs = 0;

  readonly names = (): readonly string[] => [...this.files.keys()];
  readonly sync = (): void => {
    this.syncs++;
  };

  readonly open = (name: string): JournalFile => {
    const stored = this.files.get(name) ?? { bytes: new Uint8Array(0), durable: 0 };
    this.files.set(name, stored);
    return {
      read: () => stored.bytes.slice(),
      append: (bytes, from) => this.append(stored, bytes, from),
      sync: () => this.syncFile(stored),
      truncate: (length) => {
        stored.bytes = stored.bytes.slice(0, length);
        stored.durable = Math.min(stored.durable, length);
      },
      close: () => undefined,
    };
  };

  private append(stored: Stored, bytes: Uint8Array, from: number): number {
    if (this.failNextAppend) {
      this.failNextAppend = false;
      throw new Error("ENOSPC: no space left on device");
    }
    const taken = Math.min(this.writeBytesMax, bytes.length - from);
    const grown = new Uint8Array(stored.bytes.length + taken);
    grown.set(stored.bytes);
    grown.set(bytes.subarray(from, from + taken), stored.bytes.length);
    stored.bytes = grown;
    return taken;
  }

  private syncFile(stored: Stored): void {
    this.syncs++;
    if (this.failNextSync) {
      this.failNextSync = false;
      throw new Error("EIO: i/o error, fdatasync");
    }
    stored.durable = stored.bytes.length;
  }

  /**
   * The power goes: of what was not synced any first part stays, sometimes with garbage at its end.
   */
  cutPower(random: SeededRandom): void {
    this.failNextSync = false;
    this.failNextAppend = false;
    for (const stored of this.files.values()) {
      const kept = stored.durable + random.below(stored.bytes.length - stored.durable + 1);
      const bytes = stored.bytes.slice(0, kept);
      if (kept > stored.durable && random.below(4) === 0) bytes[kept - 1]! ^= 0x55;
      stored.bytes = bytes;
      stored.durable = kept;
    }
  }
}
