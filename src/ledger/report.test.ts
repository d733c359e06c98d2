import { describe, expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { unpackAlpha3 } from "../base/units.js";
import type { Entry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { randomJournal } from "../testing/random-journal.js";
import { Cube, countNames, type Measures, moneyNames, noMeasures } from "./cube.js";
import { type Dimension, dimensions } from "./dimensions.js";
import { Ledger } from "./ledger.js";
import { type ReportAsk, type ReportNames, reportOf } from "./report.js";
import { decimalOf, reportCsv, reportObjects, reportTable } from "./report-text.js";
import { LocalTimes } from "./report-time.js";

const noNames: ReportNames = {
  ...{ agency: new Map(), advertiser: new Map(), campaign: new Map(), lineItem: new Map() },
  ...{ creative: new Map(), exchange: new Map(), deal: new Map(), owner: new Map() },
  zoneOf: new Map([
    [10, "Asia/Kolkata"],
    [20, "America/New_York"],
  ]),
};
const everything: ReportAsk = { by: ["campaign"], from: "", to: "", timeZone: "", only: {} };

function rowsOf(entries: readonly Entry[]) {
  const ledger = new Ledger();
  const cube = new Cube();
  for (const entry of entries) {
    ledger.take(entry);
    cube.take(entry, ledger);
  }
  return [...cube.rows()];
}

/** Three requests of a property. */
const requestsOf = (property: string): Entry[] => [
  {
    ...{ kind: RecordKind.CELL, boot: 1, cell: 1, exchange: 1, format: 1, width: 1, height: 1 },
    ...{ country: 0, dealLo: 0, dealHi: 0, property },
  },
  {
    ...{ kind: RecordKind.COUNT, boot: 1, hour: 500_000, cell: 1, lineItem: 0 },
    ...{ requests: 3, bids: 0, noBids: 3 },
  },
];

/** The journal's sums by words of its own: nothing shared with the cube. */
function naiveSums(entries: readonly Entry[]): Record<string, number> {
  const newest = new Map<number, { margin: number; technical: number; data: number }>();
  const sums = {
    requests: 0,
    bids: 0,
    noBids: 0,
    wins: 0,
    clicks: 0,
    billed: 0,
    total: 0,
    media: 0,
  };
  for (const entry of entries) {
    if (entry.kind === RecordKind.TERMS) {
      const { marginPpm: margin, technicalPpm: technical, dataNanos: data } = entry;
      newest.set(entry.lineItem, { margin, technical, data });
    } else if (entry.kind === RecordKind.COUNT) {
      sums.requests += entry.requests;
      sums.bids += entry.bids;
      sums.noBids += entry.noBids;
    } else if (entry.kind === RecordKind.NOTICE && entry.effect !== 4) {
      if (entry.noticeKind === NoticeKind.WIN) sums.wins++;
      if (entry.noticeKind === NoticeKind.CLICK) sums.clicks++;
      if (![1, 2, 5].includes(entry.effect)) continue;
      const { margin, technical, data } = newest.get(entry.lineItem) ?? {
        ...{ margin: 0, technical: 0, data: 0 },
      };
      const nearest = (ppm: number): number =>
        Math.floor((2 * entry.chargedNanos * ppm + 1_000_000) / 2_000_000);
      sums.billed++;
      sums.media += entry.chargedNanos;
      sums.total += entry.chargedNanos + nearest(margin) + nearest(technical) + data;
    }
  }
  return sums;
}

function sumOf(rows: readonly { readonly measures: Measures }[]): Record<string, number> {
  const total = noMeasures();
  for (const { measures } of rows) {
    for (const name of countNames) total[name] += measures[name];
    for (const name of moneyNames) total[name] += measures[name];
  }
  const { requests, bids, noBids, wins, clicks, billed, media } = total;
  const gross = media + total.margin + total.data + total.technical;
  const counts = { requests, bids, noBids, wins, clicks, billed };
  return { ...counts, total: Number(gross), media: Number(media) };
}

test("by any dimensions a report's rows add up to the journal, to the unit", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const entries = randomJournal(seed, 500);
    const rows = rowsOf(entries);
    const wanted = naiveSums(entries);
    const pairs = dimensions.flatMap((a, i): Dimension[][] => [
      [a],
      [a, dimensions[(i + seed) % dimensions.length]!],
    ]);
    for (const by of pairs) {
      const report = reportOf(rows, noNames, { ...everything, by });
      expect([by, sumOf(report.rows)]).toEqual([by, wanted]);
      expect(sumOf(report.totals)).toEqual(wanted);
      const keys = report.rows.map(({ cells, currency }) => JSON.stringify([cells, currency]));
      expect(new Set(keys).size).toBe(keys.length);
    }
  }
});

test("days and filters take parts of the whole that add up again", () => {
  const entries = randomJournal(3, 800);
  const rows = rowsOf(entries);
  const days = reportOf(rows, noNames, { ...everything, by: ["day"] }).rows;
  const middle = days[Math.floor(days.length / 2)]!.cells[0]!.id;
  const before = String(Number(middle.slice(8)) - 1).padStart(2, "0");
  const first = reportOf(rows, noNames, { ...everything, to: `${middle.slice(0, 8)}${before}` });
  const rest = reportOf(rows, noNames, { ...everything, from: middle });
  expect(first.rows.length * rest.rows.length).toBeGreaterThan(0);
  expect(sumOf([...first.rows, ...rest.rows])).toEqual(naiveSums(entries));
  const one = reportOf(rows, noNames, { ...everything, only: { campaign: ["1"] } });
  expect(one.rows.every(({ cells }) => cells[0]!.id === "1")).toBe(true);
  expect(sumOf(one.rows)["requests"]).toBe(0);
});

describe("local days", () => {
  const slotOf = (text: string): number => Date.parse(text) / 900_000;
  test("begin at midnight of the zone, half-hour zones and changed clocks too", () => {
    const times = new LocalTimes(slotOf("2026-10-20T00:00Z"), slotOf("2026-11-30T00:00Z"));
    expect(times.dayOf("Asia/Kolkata", slotOf("2026-11-26T18:15Z"))).toBe("2026-11-26");
    expect(times.dayOf("Asia/Kolkata", slotOf("2026-11-26T18:30Z"))).toBe("2026-11-27");
    expect(times.hourOf("America/New_York", slotOf("2026-10-31T03:45Z"))).toBe("2026-10-30 23:00");
    expect(times.hourOf("America/New_York", slotOf("2026-11-02T04:45Z"))).toBe("2026-11-01 23:00");
    expect(times.hourOf("America/New_York", slotOf("2026-11-02T05:00Z"))).toBe("2026-11-02 00:00");
  });
});

describe("a report as text", () => {
  const rows = rowsOf(randomJournal(5, 600));
  const report = reportOf(rows, noNames, { ...everything, by: ["property", "campaign"] });

  test("in CSV no cell can be taken for a formula, and quotes and commas stay in their cell", () => {
    const csv = reportCsv(report);
    expect(csv).toContain("'=game.example,");
    expect(csv).toContain('"a ""b"", c",');
    const lines = csv.trimEnd().split("\r\n");
    expect(lines).toHaveLength(report.rows.length + 1);
    expect(lines[0]).toMatch(/^property,campaign_id,campaign,currency,requests,bids,no_bids,/);
    expect(lines.some((line) => /(?:^|,)"?[=+\-@]/.test(line))).toBe(false);
  });

  test.each(["=1+1", "+1", "-1", "@sum", "\u0009=1", "\uff1d1"])(
    "a property %j is text in CSV",
    (property) => {
      const csv = reportCsv(
        reportOf(rowsOf(requestsOf(property)), noNames, { ...everything, by: ["property"] }),
      );
      expect(csv.split("\r\n")[1]).not.toMatch(/^[=+\-@\t\uff1d]/);
    },
  );

  test("in JSON money is whole to the ninth decimal", () => {
    const { rows: objects, totals } = reportObjects(report);
    const nanos = (text: unknown): bigint => BigInt(String(text).replace(".", ""));
    const media = objects.reduce((sum, row) => sum + nanos(row["media"]), 0n);
    expect(totals.reduce((sum, row) => sum + nanos(row["media" as never]), 0n)).toBe(media);
    expect(decimalOf(1_000_000_001n)).toBe("1.000000001");
    expect(decimalOf(-5n)).toBe("-0.000000005");
  });

  test("in a table a property cannot move the cursor", () => {
    const property = "\u001b[2Jbad\u202e.example";
    const table = reportTable(
      reportOf(rowsOf(requestsOf(property)), noNames, { ...everything, by: ["property"] }),
    );
    expect(table).toContain("bad");
    expect([...property].filter((char) => table.includes(char) && char < " ")).toEqual([]);
    expect(table).not.toContain("\u202e");
    expect(table.split("\n")[0]).toMatch(/^property +requests +bids/);
  });
});

test("requests stand beside the one currency that there is", () => {
  const rows = rowsOf(randomJournal(8, 500)).filter(({ owner }) => owner.campaign !== 2);
  const currencies = reportOf(rows, noNames, { ...everything, by: ["exchange"] }).rows.map(
    ({ currency }) => currency,
  );
  expect(new Set(currencies)).toEqual(new Set(["EUR"]));
  expect(unpackAlpha3(0x455552)).toBe("EUR");
});
