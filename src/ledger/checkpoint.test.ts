import { expect, test } from "vitest";
import type { Entry } from "../journal/entry.js";
import { Journal } from "../journal/journal.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { randomJournal } from "../testing/random-journal.js";
import { checkpointFrom, checkpointOf, type JournalReading, readJournal } from "./checkpoint.js";

const segmentBytes = 8000;

/** A journal of blocks of 1 to 9 records. */
function write(folder: FaultyFolder, entries: readonly Entry[]): void {
  const journal = Journal.open(folder, segmentBytes, () => undefined);
  for (let from = 0, n = 0; from < entries.length; n++) {
    const to = from + 1 + (n % 9);
    journal.commit(entries.slice(from, to));
    from = to;
  }
  journal.close();
}

function journalOf(seed: number, length: number): FaultyFolder {
  const folder = new FaultyFolder();
  write(folder, randomJournal(seed, length));
  return folder;
}

const sums = ({ state }: JournalReading): unknown => [
  state.mark,
  state.ledger.store(),
  // Rows come in the order of their first record, which is the journal's.
  state.cube.store(),
];

test("a checkpoint and the blocks after it are the journal read from its first block", () => {
  for (let seed = 1; seed <= 15; seed++) {
    const entries = randomJournal(seed, 600);
    const cut = 1 + ((seed * 131) % 500);
    const folder = new FaultyFolder();
    write(folder, entries.slice(0, cut));
    const stored = checkpointOf(readJournal(folder, null).state);
    write(folder, entries.slice(cut));
    const short = readJournal(folder, stored);
    const whole = readJournal(folder, null);
    expect([short.fromCheckpoint, whole.fromCheckpoint]).toEqual([true, false]);
    expect(short.blocks).toBeLessThan(whole.blocks);
    expect(sums(short)).toEqual(sums(whole));
  }
});

test("segments before the checkpoint are not read", () => {
  const folder = journalOf(4, 2000);
  expect(folder.files.size).toBeGreaterThan(4);
  const stored = checkpointOf(readJournal(folder, null).state);
  const opened: string[] = [];
  const open = (name: string) => {
    opened.push(name);
    return folder.open(name);
  };
  const watching = { names: folder.names, sync: folder.sync, open };
  expect(readJournal(watching, stored).fromCheckpoint).toBe(true);
  expect(opened).toHaveLength(1);
});

test("whatever byte of a checkpoint is edited, the journal's own sums are told", () => {
  const folder = journalOf(2, 300);
  const whole = readJournal(folder, null);
  const stored = checkpointOf(whole.state);
  for (let at = 0; at < stored.length; at += 1 + Math.floor(at / 60)) {
    const edited = stored.slice();
    edited[at] = edited[at]! ^ 1;
    expect([at, checkpointFrom(edited)]).toEqual([at, null]);
  }
  const edited = stored.slice();
  edited[stored.length - 3]! ^= 0x10;
  const reading = readJournal(folder, edited);
  expect(reading.fromCheckpoint).toBe(false);
  expect(sums(reading)).toEqual(sums(whole));
  for (const length of [0, 3, 39, 40, 41, stored.length - 1]) {
    expect(checkpointFrom(stored.slice(0, length))).toBeNull();
  }
});

test("a checkpoint of another journal, of a longer one or of another version counts for nothing", () => {
  const folder = journalOf(2, 300);
  const whole = sums(readJournal(folder, null));
  const other = checkpointOf(readJournal(journalOf(3, 300), null).state);
  const longer = checkpointOf(readJournal(journalOf(2, 900), null).state);
  const older = checkpointOf(readJournal(folder, null).state);
  older[4]! ^= 0xff;
  for (const stored of [other, longer, older]) {
    const reading = readJournal(folder, stored);
    expect(reading.fromCheckpoint).toBe(false);
    expect(sums(reading)).toEqual(whole);
  }
});

test("a block that is being written is the end, and is read when it is whole", () => {
  const folder = journalOf(6, 100);
  const [name = ""] = [...folder.files.keys()].sort().slice(-1);
  const stored = folder.files.get(name)!;
  const { bytes } = stored;
  const whole = readJournal(folder, null);
  stored.bytes = bytes.slice(0, -5);
  const torn = readJournal(folder, null);
  expect(torn.blocks).toBe(whole.blocks - 1);
  const checkpoint = checkpointOf(torn.state);
  stored.bytes = bytes;
  const after = readJournal(folder, checkpoint);
  expect([after.fromCheckpoint, after.blocks]).toEqual([true, 1]);
  expect(sums(after)).toEqual(sums(whole));
});
