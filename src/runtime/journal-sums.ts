import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointOf, type JournalReading, readJournal } from "../ledger/checkpoint.js";
import { readOnlyFolder } from "./journal-read.js";

/** A new checkpoint is worth its writing after this many blocks. */
const checkpointBlocks = 200;

/**
 * The sums of a data folder's journal, beside a bidder that writes it. With the stored sums it
 * reads only what came after them, and stores newer ones. Throws JournalDamage or what the disk
 * throws.
 */
export function readSums(dataFolder: string, useCheckpoint: boolean): JournalReading {
  const file = join(dataFolder, "ledger.checkpoint");
  const stored = useCheckpoint && existsSync(file) ? readFileSync(file) : null;
  const reading = readJournal(readOnlyFolder(join(dataFolder, "journal")), stored);
  if (useCheckpoint && reading.blocks >= checkpointBlocks) keep(file, reading);
  return reading;
}

/** A folder that takes no file costs the next report some time, and nothing else. */
function keep(file: string, { state }: JournalReading): void {
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, checkpointOf(state), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // the sums are made again
  }
}
