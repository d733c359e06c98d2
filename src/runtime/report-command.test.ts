import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packAlpha3 } from "../base/units.js";
import type { Entry } from "../journal/entry.js";
import { Journal } from "../journal/journal.js";
import { RecordKind } from "../journal/record.js";
import { testIo } from "../testing/command-io.js";
import { randomJournal } from "../testing/random-journal.js";
import { ExitCode } from "./command-io.js";
import { diskFolder } from "./journal-disk.js";
import { type ReportOptions, runReport } from "./report-command.js";

const nowMs = 1_800_000_500_000;
const euro = packAlpha3("EUR");
let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-report-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

/** Northwind (11) of Aster Media (1) in the demo's configuration: 1101 of campaign 110. */
const some: Entry[] = [
  { kind: RecordKind.BOOT, boot: 1, timeMs: nowMs },
  {
    ...{ kind: RecordKind.TERMS, boot: 1, lineItem: 1101, campaign: 110, advertiser: 11 },
    ...{ agency: 1, currency: euro, marginPpm: 125_000, technicalPpm: 0, dataNanos: 0 },
    timeMs: nowMs,
  },
  {
    ...{ kind: RecordKind.GRANT, boot: 1, campaign: 110, lineItem: 1101 },
    ...{ nanos: 2_000_000_000, timeMs: nowMs },
  },
  {
    ...{ kind: RecordKind.CELL, boot: 1, cell: 1, exchange: 1, format: 1, width: 300, height: 250 },
    ...{ country: packAlpha3("USA"), dealLo: 0, dealHi: 0, property: "news.example" },
  },
  {
    ...{ kind: RecordKind.COUNT, boot: 1, hour: 500_000, cell: 1, lineItem: 1101 },
    ...{ requests: 0, bids: 4, noBids: 0 },
  },
  {
    ...{ kind: RecordKind.NOTICE, noticeKind: 2, flags: 0, keyId: 1, worker: 0, boot: 1 },
    ...{ counter: 1, exchange: 1, lineItem: 1101, creative: 1101, cell: 1 },
    ...{ priceMicros: 1, reservedMicros: 1, currency: euro, timeSec: 0, expirySec: 0 },
    ...{ lossCode: 0xffff, clearingMicros: -1, minToWinMicros: -1, receivedMs: nowMs },
    ...{ effect: 1, chargedNanos: 800_000_001 },
  },
];

function write(entries: readonly Entry[], perBlock = 5): void {
  const journal = Journal.open(diskFolder(join(data, "journal")), 1e6, () => undefined);
  for (let from = 0; from < entries.length; from += perBlock) {
    journal.commit(entries.slice(from, from + perBlock));
  }
  journal.close();
}

async function report(more: Partial<ReportOptions> = {}) {
  const io = testIo({}, nowMs);
  const code = await runReport({ data, by: "campaign", config: "config/demo", ...more }, io);
  return { code, out: io.out(), err: io.err() };
}

test("a table names what the configuration knows, and says what is outstanding", async () => {
  write(some);
  const { code, out } = await report({ by: "advertiser,property,day" });
  expect(code).toBe(ExitCode.OK);
  expect(out.split("\n")[0]).toMatch(/^advertiser +property +day +requests +bids/);
  expect(out).toMatch(/Northwind \(11\) +news\.example +2027-01-15 .* EUR +0\.8000 +0\.1000/);
  expect(out).toContain("25.0 %");
  expect(out).toContain("outstanding (granted, neither billed nor returned): 1.199999999 EUR");
  expect(out).toContain("Budgets are media budgets");
});

test("JSON and CSV hold every nano; without a configuration there are ids", async () => {
  write(some);
  const json = JSON.parse((await report({ json: true })).out) as {
    readonly rows: readonly Record<string, unknown>[];
  };
  expect(json.rows).toHaveLength(1);
  expect(json.rows[0]).toMatchObject({
    ...{ campaign_id: "110", currency: "EUR", media: "0.800000001", margin: "0.100000000" },
    ...{ total: "0.900000001", bids: 4, billed: 1, late: "0.000000000" },
  });
  const { out, err } = await report({ csv: true, config: undefined });
  expect(out.split("\r\n")[1]).toMatch(/^110,110,EUR,0,4,/);
  expect(err).toContain("without --config");
});

test("what was asked for wrongly is said with what to write", async () => {
  write(some);
  const wrong: readonly (readonly [Partial<ReportOptions>, string])[] = [
    [{ by: "campain" }, "did you mean campaign?"],
    [{ by: "" }, "--by: give some of agency"],
    [{ by: "day,day" }, "give each once"],
    [{ from: "yesterday" }, "--from: give a day such as"],
    [{ timeZone: "CET+1" }, "--time-zone: give a name"],
    [{ csv: true, json: true }, "give one of them"],
  ];
  for (const [more, said] of wrong) {
    expect(() => runReport({ data, by: "campaign", ...more }, testIo({}, nowMs))).toThrow(said);
  }
  const nowhere = await report({ data: join(data, "nowhere") });
  expect([nowhere.code, nowhere.err]).toEqual([
    ExitCode.FAILED,
    expect.stringContaining("there is no journal in"),
  ]);
  expect((await report({ lineItem: "1102" })).out).toContain("nothing in the journal for this");
  expect((await report({ agency: "Aster Media" })).out).toContain("110");
});

test("a large journal leaves sums beside it, which an edit cannot turn into others", async () => {
  write(randomJournal(1, 2500));
  const file = join(data, "ledger.checkpoint");
  const first = await report({ json: true });
  expect(existsSync(file)).toBe(true);
  const without = (out: string): unknown => ({ ...JSON.parse(out), journal: null });
  const again = await report({ json: true });
  expect(JSON.parse(again.out)).toMatchObject({ journal: { fromCheckpoint: true } });
  expect(without(again.out)).toEqual(without(first.out));
  const bytes = readFileSync(file);
  const at = bytes.length - 20;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const edited = await report({ json: true });
  expect(JSON.parse(edited.out)).toMatchObject({ journal: { fromCheckpoint: false } });
  expect(without(edited.out)).toEqual(without(first.out));
});

test("a damaged journal is told, not summed", async () => {
  write(randomJournal(1, 100));
  const [name = ""] = diskFolder(join(data, "journal")).names();
  const file = join(data, "journal", name);
  const bytes = readFileSync(file);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const { code, out, err } = await report();
  expect([code, out]).toEqual([ExitCode.FAILED, ""]);
  expect(err).toContain("is damaged at byte 0");
});
