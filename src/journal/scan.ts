import { checkBlock, decodeBlock, laterBlock } from "./block.js";
import type { Entry } from "./entry.js";
import type { JournalFolder } from "./file.js";

/** A journal that must not be written on: the message says which file, where, and what to do. */
export class JournalDamage extends Error {}

const segmentPattern = /^journal-\d{12}\.log$/;

export const segmentName = (sequence: number): string =>
  `journal-${String(sequence).padStart(12, "0")}.log`;

/** Segments in the order in which they were written. */
export const segmentNames = (folder: JournalFolder): string[] =>
  folder
    .names()
    .filter((name) => segmentPattern.test(name))
    .sort((a, b) => (a < b ? -1 : 1));

/** What a scan found at the end of the last segment. */
export type ScanEnd = {
  /** Sequence of the next block. */
  readonly nextSequence: number;
  /**
   * Name of the last segment, "" without one; its sound bytes, and the bytes of a torn block behind
   * them.
   */
  readonly lastSegment: string;
  readonly soundBytes: number;
  readonly torn: Uint8Array;
};

/** A block by its sequence and its head's CRC-32, which covers the CRC-32 of its payload. */
export type BlockMark = { readonly sequence: number; readonly headCrc: number };
type TakeBlock = (mark: BlockMark, entries: readonly Entry[]) => void;

/**
 * Reads all records in order. Stops at a torn last block, which is a commit that nobody was told
 * of; throws JournalDamage where sound blocks follow the damage, where a segment before the last
 * one is damaged or missing, or where a newer version wrote.
 */
export const scanJournal = (folder: JournalFolder, visit: (entry: Entry) => void): ScanEnd =>
  scanBlocks(folder, 0, (_mark, entries) => {
    for (const entry of entries) visit(entry);
  });

/**
 * As `scanJournal`, block by block, from block `from` on: segments that end before it are not read.
 */
export function scanBlocks(folder: JournalFolder, from: number, take: TakeBlock): ScanEnd {
  const names = segmentNames(folder);
  let nextSequence = 0;
  let soundBytes = 0;
  let torn: Uint8Array = new Uint8Array(0);
  for (const [i, name] of names.entries()) {
    const next = names[i + 1];
    if (next !== undefined && sequenceOf(next) <= from) {
      nextSequence = sequenceOf(next);
      continue;
    }
    const file = folder.open(name);
    const bytes = file.read();
    file.close();
    if (nextSequence === 0) nextSequence = sequenceOf(name);
    if (sequenceOf(name) !== nextSequence) {
      throw new JournalDamage(
        `journal: ${segmentName(nextSequence)} is missing before ${name}; put it back from a copy`,
      );
    }
    const end = scanSegment(name, bytes, nextSequence, from, take);
    if (end.at < bytes.length && i < names.length - 1) {
      throw damageAt(name, end.at, `and ${names[i + 1]} follows`);
    }
    nextSequence = end.nextSequence;
    soundBytes = end.at;
    torn = bytes.subarray(end.at);
  }
  return {
    nextSequence: Math.max(1, nextSequence),
    lastSegment: names.at(-1) ?? "",
    soundBytes,
    torn,
  };
}

const sequenceOf = (name: string): number => Number(name.slice(8, 20));

const damageAt = (name: string, at: number, what: string): JournalDamage =>
  new JournalDamage(
    `journal: ${name} is damaged at byte ${at} ${what}: acknowledged records are lost; ` +
      "put the file back from a copy",
  );

function scanSegment(
  name: string,
  bytes: Uint8Array,
  firstSequence: number,
  from: number,
  take: TakeBlock,
): { readonly at: number; readonly nextSequence: number } {
  let at = 0;
  let nextSequence = firstSequence;
  while (at < bytes.length) {
    const block = checkBlock(bytes, at);
    if (!block.ok) {
      if (block.why === "newer version") {
        throw new JournalDamage(
          `journal: ${name} was written by a newer version at byte ${at}; start that version`,
        );
      }
      if (block.why === "damaged") throw damageAt(name, at, "and more follows");
      const later = block.why === "cut" ? -1 : laterBlock(bytes, at + 1, nextSequence);
      if (later >= 0) throw damageAt(name, at, `and a sound block follows at ${later}`);
      break;
    }
    if (block.sequence !== nextSequence) {
      throw damageAt(name, at, `(block ${block.sequence} where ${nextSequence} is due)`);
    }
    if (block.sequence >= from) {
      const { sequence, headCrc } = block;
      take({ sequence, headCrc }, decodeBlock(bytes, at, block.end));
    }
    nextSequence++;
    at = block.end;
  }
  return { at, nextSequence };
}
