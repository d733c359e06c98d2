import { packAlpha3 } from "../src/base/units.js";
import { encodeBlock } from "../src/journal/block.js";
import type { Entry } from "../src/journal/entry.js";
import type { JournalFolder } from "../src/journal/file.js";
import { NoticeEffect, RecordKind } from "../src/journal/record.js";
import { scanJournal, segmentName } from "../src/journal/scan.js";
import { checkpointOf, readJournal } from "../src/ledger/checkpoint.js";
import { Ledger } from "../src/ledger/ledger.js";

const lineItems = 1000;
const cells = 2000;
const startMs = 1_800_000_000_000;
const blockEntries = 500;
const currency = packAlpha3("EUR");

/** A day of bills: 1,000 line items on 2,000 cells, after their terms and grants. */
function* dayOfBills(bills: number): IterableIterator<Entry> {
  yield { kind: RecordKind.BOOT, boot: 1, timeMs: startMs };
  for (let cell = 1; cell <= cells; cell++) {
    yield {
      ...{ kind: RecordKind.CELL, boot: 1, cell, exchange: 1 + (cell % 3), format: 1 },
      ...{ width: 300, height: 250, country: currency, dealLo: cell % 10 === 0 ? cell : 0 },
      ...{ dealHi: 0, property: `www.property-${cell}.example` },
    };
  }
  for (let lineItem = 1; lineItem <= lineItems; lineItem++) {
    const campaign = 1 + (lineItem % 100);
    yield {
      ...{ kind: RecordKind.TERMS, boot: 1, lineItem, campaign, advertiser: 1 + (campaign % 20) },
      ...{ agency: 1, currency, marginPpm: 125_000, technicalPpm: 40_000, dataNanos: 300_000 },
      timeMs: startMs,
    };
    yield {
      ...{ kind: RecordKind.GRANT, boot: 1, campaign, lineItem, nanos: 2 ** 52 },
      timeMs: startMs,
    };
  }
  for (let i = 0; i < bills; i++) {
    yield {
      ...{ kind: RecordKind.NOTICE, noticeKind: 2, flags: 0, keyId: 1, worker: 0, boot: 1 },
      ...{ counter: i, exchange: 1 + (i % 3), lineItem: 1 + ((i * 31) % lineItems) },
      ...{ creative: 1 + (i % 3000), cell: 1 + ((i * 7919) % cells), priceMicros: 2_000_000 },
      ...{ reservedMicros: 2_000_000, currency, timeSec: 0, expirySec: 0, lossCode: 0xffff },
      ...{ clearingMicros: 1_800_000, minToWinMicros: -1, effect: NoticeEffect.BILLED },
      ...{ receivedMs: startMs + Math.floor((i * 86_400_000) / bills), chargedNanos: 1_800_000 },
    };
  }
}

/** The entries as one segment in memory. */
function folderOf(entries: readonly Entry[]): { folder: JournalFolder; bytes: number } {
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < entries.length; from += blockEntries) {
    blocks.push(encodeBlock(blocks.length + 1, entries.slice(from, from + blockEntries)));
  }
  const bytes = Buffer.concat(blocks);
  const nothing = (): never => {
    throw new Error("read only");
  };
  const file = { read: () => bytes, append: nothing, sync: nothing, truncate: nothing };
  const folder: JournalFolder = {
    names: () => [segmentName(1)],
    open: () => ({ ...file, close: () => undefined }),
    sync: nothing,
  };
  return { folder, bytes: bytes.length };
}

export type LedgerFigures = {
  /** What the running ledger costs the money thread. */
  readonly usPerBill: number;
  /** A report without and with a checkpoint, CPU seconds. */
  readonly wholeSec: number;
  readonly fromCheckpointSec: number;
  readonly journalBytes: number;
  readonly checkpointBytes: number;
};

/** CPU seconds of the process, collecting of garbage included: others share the cores. */
const secondsOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

export function ledgerFigures(bills: number): LedgerFigures {
  const entries = [...dayOfBills(bills)];
  const { folder, bytes } = folderOf(entries);
  // As the journal gives them, which is how the money thread makes them.
  const read: Entry[] = [];
  scanJournal(folder, (entry) => read.push(entry));
  const ledger = new Ledger();
  const foldSec = secondsOf(() => {
    for (const entry of read) ledger.take(entry);
  });
  let stored: Uint8Array = new Uint8Array(0);
  const wholeSec = secondsOf(() => {
    stored = checkpointOf(readJournal(folder, null).state);
  });
  let used = false;
  const fromCheckpointSec = secondsOf(() => {
    used = readJournal(folder, stored).fromCheckpoint;
  });
  if (!used) throw new Error("the checkpoint was not used");
  return {
    ...{ usPerBill: (foldSec * 1e6) / entries.length, wholeSec, fromCheckpointSec },
    ...{ journalBytes: bytes, checkpointBytes: stored.length },
  };
}

/** `npm run bench -- --ledger` */
export function printLedger(bills: number, say: (line: string) => void): void {
  const figures = ledgerFigures(bills);
  const { usPerBill, wholeSec, fromCheckpointSec, journalBytes, checkpointBytes } = figures;
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  say(`running ledger: ${usPerBill.toFixed(2)} us a bill`);
  say(
    `report over ${bills} bills: ${wholeSec.toFixed(1)} s of CPU from ` +
      `${mib(journalBytes)} of journal, ` +
      `${fromCheckpointSec.toFixed(1)} s from a checkpoint of ${mib(checkpointBytes)}`,
  );
}
