import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { blockHeaderBytes, encodeBlock } from "./block.js";
import type { Entry } from "./entry.js";
import { entryFrom } from "./entry.js";
import { Journal } from "./journal.js";
import { RecordKind } from "./record.js";
import { JournalDamage, scanJournal, segmentName } from "./scan.js";

const boot = (n: number): Entry => ({
  kind: RecordKind.BOOT,
  boot: n,
  timeMs: 1_800_000_000_000 + n,
});
const segmentBytes = 10_000;
const first = segmentName(1);

function read(folder: FaultyFolder): Entry[] {
  const entries: Entry[] = [];
  scanJournal(folder, (entry) => entries.push(entry));
  return entries;
}

function written(blocks: number, max = segmentBytes): FaultyFolder {
  const folder = new FaultyFolder();
  const journal = Journal.open(folder, max, () => undefined);
  for (let n = 1; n <= blocks; n++) journal.commit([boot(n), boot(100 + n)]);
  return folder;
}

/** The folder's only segment with other bytes. */
function folderOf(bytes: Uint8Array, name = first): FaultyFolder {
  const folder = new FaultyFolder();
  folder.files.set(name, { bytes, durable: bytes.length });
  return folder;
}

const bytesOf = (folder: FaultyFolder, name = first): Uint8Array =>
  folder.files.get(name)?.bytes ?? new Uint8Array(0);

const everyKind: Entry[] = [
  boot(16_777_215),
  {
    kind: RecordKind.CELL,
    boot: 3,
    cell: 0x0100_0001,
    exchange: 7,
    format: 1,
    width: 300,
    height: 250,
    country: 0x555341,
    dealLo: 0xffff_ffff,
    dealHi: 1,
    property: "пример.example",
  },
  {
    kind: RecordKind.GRANT,
    boot: 3,
    campaign: 11,
    lineItem: 12,
    nanos: 2 ** 52,
    timeMs: 1_800_000_000_001,
  },
  {
    kind: RecordKind.RETURN,
    boot: 3,
    campaign: 11,
    lineItem: 12,
    nanos: 5_000_000_001,
    timeMs: 1_800_000_000_002,
  },
  { kind: RecordKind.GENERATION, boot: 3, generation: 4, timeMs: 1_800_000_000_003 },
  {
    kind: RecordKind.NOTICE,
    noticeKind: 2,
    flags: 2,
    keyId: 1,
    worker: 63,
    boot: 3,
    counter: 2 ** 40 - 1,
    exchange: 7,
    lineItem: 12,
    creative: 13,
    cell: 0x0100_0001,
    priceMicros: 2 ** 47 - 1,
    reservedMicros: 2 ** 47 - 2,
    currency: 0x555344,
    timeSec: 1_800_000_000,
    expirySec: 1_800_000_060,
    lossCode: 0xffff,
    clearingMicros: -1,
    minToWinMicros: 1_500_000,
    receivedMs: 1_800_000_030_500.25,
    effect: 1,
    chargedNanos: 2 ** 47 - 2,
  },
  { kind: RecordKind.CLOSE, boot: 3, timeMs: 1_800_000_000_004 },
];

test("every kind of record comes back as it was written", () => {
  const folder = new FaultyFolder();
  Journal.open(folder, segmentBytes, () => undefined).commit(everyKind);
  expect(read(folder)).toEqual(everyKind);
});

/** Kinds that came later; what is stored of them stays as it is too. */
const laterKinds: Entry[] = [
  {
    ...{ kind: RecordKind.COUNT, boot: 3, hour: 500_001, cell: 0x0100_0001, lineItem: 0 },
    ...{ requests: 2 ** 32 - 1, bids: 0, noBids: 17 },
  },
  {
    ...{ kind: RecordKind.COUNT, boot: 3, hour: 500_001, cell: 0, lineItem: 12 },
    ...{ requests: 0, bids: 9, noBids: 0 },
  },
  {
    ...{ kind: RecordKind.TERMS, boot: 3, lineItem: 12, campaign: 11, advertiser: 10, agency: 9 },
    ...{ currency: 0x455552, marginPpm: 125_000, technicalPpm: 1_000_000, dataNanos: 300_000 },
    timeMs: 1_800_000_000_005,
  },
  { kind: RecordKind.FORGET, boot: 3, sequence: 2 ** 40, timeMs: 1_800_000_000_006 },
  {
    ...{ kind: RecordKind.HOLD, boot: 3, campaign: 11, exchange: 7, held: 1 },
    timeMs: 1_800_000_000_007,
  },
];
const frozenLater = new URL("../../fixtures/frozen/journal-v1-later-kinds.bin", import.meta.url);

test("the bytes of the kinds that came later stay what they are", () => {
  const bytes = encodeBlock(1, laterKinds);
  const stored = readFileSync(frozenLater);
  expect(read(folderOf(stored))).toEqual(laterKinds);
  expect(Buffer.from(bytes).equals(stored)).toBe(true);
});

test("an exchange's way to end auctions comes back, in bytes that stay what they are", () => {
  const entry: Entry = {
    ...{ kind: RecordKind.EXCHANGE, boot: 3, exchange: 7, winsBy: 1, losses: 1, firstPrice: 0 },
    ...{ prices: 1, clicks: 0, timeMs: 1_800_000_000_008 },
  };
  const bytes = encodeBlock(1, [entry]);
  expect(read(folderOf(bytes))).toEqual([entry]);
  expect(Buffer.from(bytes).subarray(-18).toString("hex")).toBe(
    "990c03070101000100cb427a3185c5008000",
  );
});

test("a lease comes back, in bytes that stay what they are", () => {
  const entry: Entry = {
    ...{ kind: RecordKind.LEASE, boot: 3, untilSec: 1_800_003_690, timeMs: 1_800_000_000_009 },
  };
  const bytes = encodeBlock(1, [entry]);
  expect(read(folderOf(bytes))).toEqual([entry]);
  expect(Buffer.from(bytes).subarray(-17).toString("hex")).toBe(
    "940d03ce6b49e06acb427a3185c5009000",
  );
});

const frozen = new URL("../../fixtures/frozen/journal-v1.bin", import.meta.url);

test("the bytes of version 1 stay what they are", () => {
  const bytes = Buffer.concat([encodeBlock(1, everyKind), encodeBlock(2, [boot(2)])]);
  const stored = readFileSync(frozen);
  expect(read(folderOf(stored))).toEqual([...everyKind, boot(2)]);
  expect(bytes.equals(stored)).toBe(true);
});

test("a journal cut at any byte gives the blocks before the cut, and goes on behind them", () => {
  const whole = bytesOf(written(4));
  const ends = [0];
  for (let n = 1; n <= 4; n++)
    ends.push(ends.at(-1)! + encodeBlock(n, [boot(n), boot(100 + n)]).length);
  expect(ends.at(-1)).toBe(whole.length);
  const wrong: number[] = [];
  for (let cut = 0; cut <= whole.length; cut++) {
    const sound = ends.filter((end) => end <= cut).length - 1;
    const folder = folderOf(whole.slice(0, cut));
    const seen: Entry[] = [];
    const journal = Journal.open(folder, segmentBytes, (entry) => seen.push(entry));
    journal.commit([boot(99)]);
    const after = read(folder);
    const aside = bytesOf(folder, `torn-${first}-${ends[sound]}.bin`);
    const ok =
      seen.length === 2 * sound &&
      after.length === 2 * sound + 1 &&
      Buffer.from(aside).equals(whole.slice(ends[sound], cut));
    if (!ok) wrong.push(cut);
  }
  expect(wrong).toEqual([]);
});

test("garbage at the torn end, zeros too, is cut off as well", () => {
  const whole = bytesOf(written(3));
  const last = encodeBlock(3, [boot(3), boot(103)]).length;
  const random = new SeededRandom(1);
  for (let round = 0; round < 300; round++) {
    const bytes = whole.slice();
    const from = whole.length - last + random.below(last);
    for (let at = from; at < bytes.length; at++)
      bytes[at] = round % 2 === 0 ? 0 : random.below(256);
    if (Buffer.from(bytes).equals(whole)) continue;
    expect(read(folderOf(bytes)).length).toBe(4);
  }
});

test("a flipped bit before the last block is damage, never a silent loss", () => {
  const whole = bytesOf(written(4));
  const last = encodeBlock(4, [boot(4), boot(104)]).length;
  const lost: string[] = [];
  for (let bit = 0; bit < 8 * (whole.length - last); bit++) {
    const bytes = whole.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    try {
      lost.push(`bit ${bit} read as ${read(folderOf(bytes)).length} records`);
    } catch (error) {
      if (!(error instanceof JournalDamage)) lost.push(`bit ${bit}: ${String(error)}`);
    }
  }
  expect(lost).toEqual([]);
});

test("damage names the file, the byte and what to do", () => {
  const bytes = bytesOf(written(3));
  bytes[blockHeaderBytes + 2]! ^= 1;
  expect(() => read(folderOf(bytes))).toThrow(
    /journal-000000000001\.log is damaged at byte 0 .*put the file back from a copy/,
  );
});

test("a torn block that carries text like a block is still only a torn block", () => {
  const inner = Buffer.from(encodeBlock(9, [boot(9)])).toString("latin1");
  const cell = { ...everyKind[1], property: inner } as Entry;
  const whole = encodeBlock(1, [cell]);
  for (let cut = 1; cut < whole.length; cut++) {
    expect(read(folderOf(whole.slice(0, cut)))).toEqual([]);
  }
});

test("a newer version is refused, not cut off", () => {
  const bytes = encodeBlock(1, [boot(1)]);
  const newer = Buffer.from(bytes);
  newer.writeUInt16LE(2, 4);
  // A newer writer would have its own checksum over the new version.
  newer.writeUInt32LE(crc32(newer.subarray(0, 24)), 24);
  expect(() => Journal.open(folderOf(newer), segmentBytes, () => undefined)).toThrow(
    /newer version/,
  );
});

test("segments rotate by size, read in order, and one that is missing or damaged is told", () => {
  const folder = written(60, 400);
  const names = [...folder.files.keys()].sort();
  expect(names.length).toBeGreaterThan(5);
  expect(read(folder).map((entry) => ("boot" in entry ? entry.boot : 0))).toEqual(
    Array.from({ length: 60 }, (_, i) => [i + 1, 101 + i]).flat(),
  );
  const missing = new FaultyFolder();
  for (const name of names) if (name !== names[2]) missing.files.set(name, folder.files.get(name)!);
  expect(() => read(missing)).toThrow(`${names[2]} is missing before ${names[3]}`);
  const cut = folder.files.get(names[1]!)!;
  cut.bytes = cut.bytes.slice(0, -1);
  expect(() => read(folder)).toThrow(`${names[1]} is damaged`);
});

test("writes of one byte at a time make the same file", () => {
  const folder = new FaultyFolder();
  folder.writeBytesMax = 1;
  const journal = Journal.open(folder, segmentBytes, () => undefined);
  for (let n = 1; n <= 3; n++) journal.commit([boot(n), boot(100 + n)]);
  expect(Buffer.from(bytesOf(folder)).equals(bytesOf(written(3)))).toBe(true);
});

test.each(["failNextSync", "failNextAppend"] as const)(
  "after %s nothing more is taken until it is opened anew",
  (fault) => {
    const folder = written(2);
    const journal = Journal.open(folder, segmentBytes, () => undefined);
    folder[fault] = true;
    expect(() => journal.commit([boot(3)])).toThrow(/E(IO|NOSPC)/);
    const syncs = folder.syncs;
    expect(() => journal.commit([boot(4)])).toThrow(/restart/);
    expect(folder.syncs).toBe(syncs);
    folder.cutPower(new SeededRandom(1));
    const again: Entry[] = [];
    Journal.open(folder, segmentBytes, (entry) => again.push(entry)).commit([boot(5)]);
    expect(again.length).toBeGreaterThanOrEqual(4);
    expect(read(folder).at(-1)).toEqual(boot(5));
  },
);

test("a segment that was created and never written is gone on with", () => {
  const folder = written(2);
  folder.files.set(segmentName(3), { bytes: new Uint8Array(0), durable: 0 });
  Journal.open(folder, segmentBytes, () => undefined).commit([boot(3)]);
  expect(read(folder).length).toBe(5);
  expect(bytesOf(folder, segmentName(3)).length).toBeGreaterThan(0);
});

test("unknown kinds are left out, malformed records refused", () => {
  expect(entryFrom([200, 1, 2])).toBeNull();
  expect(entryFrom([RecordKind.BOOT, 1, 2, "a later field"])).toEqual({
    kind: 6,
    boot: 1,
    timeMs: 2,
  });
  for (const bad of [{}, [], ["x"], [RecordKind.BOOT, 1], [RecordKind.BOOT, 1, "2"]]) {
    expect(() => entryFrom(bad)).toThrow(/journal record/);
  }
});
