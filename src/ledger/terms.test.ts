import { expect, test } from "vitest";
import { createSharedBuffers } from "../bid/shared-state.js";
import type { Entry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import type { BudgetPlan } from "./budget-plan.js";
import { Ledger } from "./ledger.js";
import { RunningLedger } from "./running-ledger.js";
import { type Terms, TermsJournal } from "./terms.js";

const terms = (marginPpm: number, lineItem = 12): Terms => ({
  ...{ lineItem, campaign: 3, advertiser: 2, agency: 1, currency: 0x455552 },
  ...{ marginPpm, technicalPpm: 0, dataNanos: 0 },
});

const planWith = (all: readonly Terms[]): BudgetPlan => ({
  generation: 1,
  campaigns: [
    {
      ...{ campaign: 3, totalNanos: 1000n, dailyNanos: null },
      zone: [{ fromSec: 0, offsetSec: 0 }],
      lineItems: all.map(({ lineItem }, i) => ({ lineItem, place: i, bidNanosMax: 10 })),
    },
  ],
  billsBy: [],
  terms: all as never,
});

let boots = 0;
function start(folder: FaultyFolder) {
  const ledger = new RunningLedger();
  let nowMs = 1_800_000_000_000 + 1000 * boots;
  const loop = new MoneyLoop({
    buffers: createSharedBuffers({
      ...{ workers: 1, places: 4, slots: 16, capEntries: 16, ringRecords: 16 },
    }),
    ...{ folder, segmentBytesMax: 100_000, nextBoot: () => ++boots, nowMs: () => (nowMs += 60) },
    ...{ acknowledge: () => undefined, isOver: () => false },
    folds: [new TermsJournal(), ledger],
  });
  return { loop, ledger };
}

function stored(folder: FaultyFolder): Entry[] {
  const entries: Entry[] = [];
  scanJournal(folder, (entry) => entries.push(entry));
  return entries;
}

const marginsIn = (entries: readonly Entry[]): number[][] =>
  entries.flatMap((entry) =>
    entry.kind === RecordKind.TERMS ? [[entry.lineItem, entry.marginPpm]] : [],
  );

test("terms are journaled before the first grant under them, once, and again when they change", () => {
  const folder = new FaultyFolder();
  const { loop } = start(folder);
  loop.adopt(planWith([terms(5)]));
  loop.step();
  const first = stored(folder);
  const kinds = first.map(({ kind }) => kind);
  expect(kinds.indexOf(RecordKind.TERMS)).toBeGreaterThan(0);
  expect(kinds.indexOf(RecordKind.TERMS)).toBeLessThan(kinds.indexOf(RecordKind.GRANT));
  loop.adopt(planWith([terms(5), terms(6, 13)]));
  loop.step();
  loop.adopt(planWith([terms(7), terms(6, 13)]));
  loop.step();
  expect(marginsIn(stored(folder))).toEqual([
    [12, 5],
    [13, 6],
    [12, 7],
  ]);
});

test("after a restart only news is journaled, and the running ledger is the journal's", () => {
  const folder = new FaultyFolder();
  const before = start(folder);
  before.loop.adopt(planWith([terms(5), terms(6, 13)]));
  before.loop.step();
  const { loop, ledger } = start(folder);
  loop.adopt(planWith([terms(5), terms(8, 13)]));
  loop.step();
  loop.close();
  const entries = stored(folder);
  expect(marginsIn(entries)).toEqual([
    [12, 5],
    [13, 6],
    [13, 8],
  ]);
  const read = new Ledger();
  for (const entry of entries) read.take(entry);
  expect(ledger.failure).toBe("");
  expect(ledger.ledger.store()).toEqual(read.store());
});
