import { createHash } from "node:crypto";
import { Packr } from "msgpackr";
import type { Entry } from "../journal/entry.js";
import type { JournalFolder } from "../journal/file.js";
import { type BlockMark, scanBlocks } from "../journal/scan.js";
import { Cube, type CubeState } from "./cube.js";
import { Ledger, type LedgerState } from "./ledger.js";

/**
 * What reports read instead of old blocks: the state of the folds after a block of the journal.
 * It is a copy, never a source: it names the block by sequence and checksum, and whatever does not
 * fit (damage, another version, another journal) is thrown away and made anew from block 1.
 *
 *     | "CBK1" 4 | version u32 | SHA-256 of the rest 32 | msgpack [sequence, head CRC, states] |
 */
const magic = "CBK1";
/** Rises with every change of the folds: what an older program summed is summed again. */
export const checkpointVersion = 3;
const digestAt = 8;
const payloadAt = 40;

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: "number" });

/** Everything that reports are made of, as it is after `mark`. */
export class ReportState {
  readonly ledger: Ledger;
  readonly cube: Cube;
  /** The newest block taken; sequence 0 = none. */
  mark: BlockMark = { sequence: 0, headCrc: 0 };

  constructor(ledger = new Ledger(), cube = new Cube()) {
    this.ledger = ledger;
    this.cube = cube;
  }

  takeBlock(mark: BlockMark, entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.ledger.take(entry);
      this.cube.take(entry, this.ledger);
    }
    this.mark = mark;
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

export function checkpointOf({ mark, ledger, cube }: ReportState): Uint8Array {
  const payload = packr.pack([mark.sequence, mark.headCrc, ledger.store(), cube.store()]);
  const bytes = Buffer.alloc(payloadAt + payload.length);
  bytes.write(magic, 0, "latin1");
  bytes.writeUInt32LE(checkpointVersion, 4);
  bytes.set(digestOf(payload), digestAt);
  bytes.set(payload, payloadAt);
  return bytes;
}

/** null for everything that this version did not write whole. */
export function checkpointFrom(stored: Uint8Array): ReportState | null {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  if (bytes.length <= payloadAt || bytes.toString("latin1", 0, 4) !== magic) return null;
  if (bytes.readUInt32LE(4) !== checkpointVersion) return null;
  const payload = bytes.subarray(payloadAt);
  if (!digestOf(payload).equals(bytes.subarray(digestAt, payloadAt))) return null;
  try {
    const [sequence, headCrc, ledger, cube] = packr.unpack(payload) as [
      number,
      number,
      LedgerState,
      CubeState,
    ];
    const state = new ReportState(Ledger.from(ledger), Cube.from(cube));
    state.mark = { sequence, headCrc };
    return state;
  } catch {
    return null;
  }
}

export type JournalReading = {
  readonly state: ReportState;
  /** Blocks that were summed anew. */
  readonly blocks: number;
  /** Whether the stored state was used. */
  readonly fromCheckpoint: boolean;
};

/**
 * The whole journal summed: a stored state and the blocks after it where the journal holds the very
 * block that the state names, else every block from the first. Throws JournalDamage, or what the
 * disk throws.
 */
export function readJournal(folder: JournalFolder, stored: Uint8Array | null): JournalReading {
  const known = stored === null ? null : checkpointFrom(stored);
  if (known !== null && known.mark.sequence > 0) {
    const { mark } = known;
    let fits = false;
    let blocks = 0;
    scanBlocks(folder, mark.sequence, (block, entries) => {
      if (block.sequence === mark.sequence) fits = block.headCrc === mark.headCrc;
      else if (fits) {
        known.takeBlock(block, entries);
        blocks++;
      }
    });
    if (fits) return { state: known, blocks, fromCheckpoint: true };
  }
  const state = new ReportState();
  let blocks = 0;
  scanBlocks(folder, 0, (block, entries) => {
    state.takeBlock(block, entries);
    blocks++;
  });
  return { state, blocks, fromCheckpoint: false };
}
