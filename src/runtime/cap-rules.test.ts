import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { sweepSlots } from "../bid/reserve.js";
import { createSharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import { CapLevel } from "../campaign/caps.js";
import { type BootCap, type BootPerson, ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { CapRules } from "./cap-rules.js";
import { exposureFiles } from "./exposure-file.js";

let data = "";
let folder = "";
let journal = new FaultyFolder();
/** Ten past eight, UTC. */
const start = Date.parse("2026-11-26T08:10:00Z");
const now = { ms: start };
let marks = 0;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "cap-rules-"));
  folder = join(data, "exposures");
  journal = new FaultyFolder();
  now.ms = start;
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const boot = (capEntries?: number): ExposureBoot =>
  new ExposureBoot(data, journal, now, (marks++).toString(16).padStart(4, "0"), capEntries);
const text = (): string =>
  exposureFiles(folder)
    .map(({ path }) => readFileSync(path, "latin1"))
    .join("");
const hourSec = 3600;
const hourly: BootCap = {
  ...{ level: CapLevel.LINE_ITEM, id: 50, windowSec: hourSec, impressions: 1 },
};
const daily: BootCap = {
  ...{ level: CapLevel.CAMPAIGN, id: 1, windowSec: 24 * hourSec, impressions: 1 },
};
const ada = { ordinal: 42 };
const stranger = { hash: 1234 };
const otherStranger = { hash: 5 };

/** Billed after its reservation has ended. */
function billLate(one: ExposureBoot, person: BootPerson, between = (): void => undefined): void {
  const late = one.bid(person, 50, 60)!;
  now.ms += 120_000;
  one.loop.step();
  sweepSlots(one.state, now.ms / 1000, 256);
  between();
  one.notify(late);
  expect(one.loop.counts.late).toBe(1);
}

test("a late bill of nobody's closes a cap for nobody", () => {
  const one = boot();
  one.adopt([hourly]);
  billLate(one, "nobody");
  expect(one.bid(stranger, 50)).not.toBeNull();
  expect(one.bid(ada, 50)).not.toBeNull();
});

test("a stranger's late bill counts for them, and closes the cap for nobody else", () => {
  const one = boot();
  one.adopt([hourly]);
  billLate(one, stranger);
  expect(one.bid(stranger, 50)).toBeNull();
  expect(one.bid(otherStranger, 50)).not.toBeNull();
  now.ms += (hourSec + 1) * 1000;
  expect(one.bid(stranger, 50)).not.toBeNull();
});

test("a late bill whose slot was used again puts all strangers off", () => {
  const one = boot();
  one.adopt([hourly]);
  billLate(one, stranger, () => {
    for (let i = 0; i < 256; i++) one.notify(one.bid({ ordinal: 7 }, 50)!, NoticeKind.LOSS);
  });
  expect(one.bid(otherStranger, 50)).toBeNull();
  expect(one.bid(ada, 50)).not.toBeNull();
});

test("a stranger's bid from before a cap was added counts once it is billed", () => {
  const one = boot();
  one.adopt([hourly]);
  const inFlight = one.bid(stranger, 50)!;
  one.adopt([hourly, daily]);
  one.notify(inFlight);
  now.ms += (hourSec + 1) * 1000;
  expect(one.bid(stranger, 50)).toBeNull();
  expect(one.bid(otherStranger, 50)).not.toBeNull();
});

test("a bill of an earlier boot puts strangers off, also where the clock went back meanwhile", () => {
  const one = boot();
  one.adopt([hourly]);
  const inFlight = one.bid(stranger, 50)!;
  now.ms -= 60_000;
  const two = boot();
  two.adopt([hourly]);
  two.notify(inFlight);
  expect(two.bid(otherStranger, 50)).toBeNull();
});

const minutes: BootCap = { ...hourly, windowSec: 120 };

test.each([
  ["days", 50 * hourSec],
  ["minutes", 600],
])("what was billed before the clock was set back by %s outlives a restart", (_, backSec) => {
  const one = boot();
  one.adopt([minutes]);
  now.ms += 1_200_000;
  one.notify(one.bid(ada, 50)!);
  const billMs = now.ms;
  now.ms -= backSec * 1000;
  const two = boot();
  two.adopt([minutes]);
  now.ms += 300_000;
  expect(two.bid(ada, 50)).toBeNull();
  // The clock is set right again.
  now.ms = billMs + 60_000;
  expect(two.bid(ada, 50)).toBeNull();
  expect(two.bid({ ordinal: 43 }, 50)).not.toBeNull();
  now.ms = billMs + (hourSec + 120) * 1000;
  expect(two.bid(ada, 50)).not.toBeNull();
});

test("what was bid before a cap was added counts, also where the clock went back", () => {
  const one = boot();
  one.adopt([hourly]);
  now.ms += 7_200_000;
  one.loop.step();
  const inFlight = one.bid(ada, 50)!;
  now.ms -= 7_200_000;
  one.adopt([hourly, daily]);
  one.notify(inFlight);
  expect(one.bid(ada, 51)).toBeNull();
  expect(one.bid({ ordinal: 43 }, 51)).not.toBeNull();
});

test("a cap is held while impressions of before find no place, and counts them once they do", () => {
  const one = boot();
  one.adopt([hourly, daily]);
  for (let ordinal = 1; ordinal <= 6; ordinal++) one.notify(one.bid({ ordinal }, 50)!);
  // Of the twelve counts of six people eight find a place.
  const two = boot(8);
  two.adopt([hourly, daily]);
  expect(two.fold.totals()).toMatchObject({ rulesHeld: 2, capsLost: 4, failure: "" });
  expect(two.bid(ada, 50)).toBeNull();
  expect(two.bid(ada, 51)).toBeNull();
  now.ms += (hourSec + 2) * 1000;
  two.loop.step();
  expect(two.fold.totals().rulesHeld).toBe(0);
  expect(two.bid({ ordinal: 6 }, 50)).toBeNull();
  expect(two.bid(ada, 50)).not.toBeNull();
});

test("a late bill that finds no place holds its cap until it could count no more", () => {
  const one = boot(2);
  one.adopt([{ ...hourly, impressions: 9 }]);
  billLate(one, ada, () => {
    for (const ordinal of [1, 2]) one.notify(one.bid({ ordinal }, 50)!);
  });
  expect(one.fold.totals().rulesHeld).toBe(1);
  now.ms += 1500;
  one.loop.step();
  expect(one.bid({ ordinal: 1 }, 50)).toBeNull();
  now.ms += hourSec * 1000;
  one.loop.step();
  expect(one.fold.totals().rulesHeld).toBe(0);
  expect(one.bid({ ordinal: 1 }, 50)).not.toBeNull();
});

test("while the log takes no rows caps bid for nobody, and bills are booked", () => {
  const one = boot();
  one.adopt([hourly]);
  one.notify(one.bid(ada, 50)!);
  const inFlight = one.bid({ ordinal: 43 }, 50)!;
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder");
  now.ms += 1500;
  one.loop.step();
  one.notify(inFlight);
  expect([one.loop.failure, one.loop.counts.notices]).toEqual(["", 2]);
  expect(one.fold.totals()).toMatchObject({
    rulesHeld: 1,
    failure: `${folder} cannot be written: ENOTDIR`,
  });
  expect(one.bid({ ordinal: 44 }, 50)).toBeNull();
  expect(one.bid({ ordinal: 44 }, 51)).not.toBeNull();
  rmSync(folder);
  one.loop.step();
  expect(one.fold.totals()).toMatchObject({ rulesHeld: 0, failure: "" });
  expect(text()).toContain(",43,3,exposure,");
  expect(one.bid({ ordinal: 44 }, 50)).not.toBeNull();
  expect(one.bid({ ordinal: 43 }, 50)).toBeNull();
});

test("what throws in here holds every cap until a restart, bills are booked, and rows written", () => {
  const one = boot();
  one.adopt([hourly]);
  const inFlight = one.bid(ada, 50)!;
  const { sync } = one.log;
  one.log.sync = () => {
    throw new RangeError("person 42");
  };
  now.ms += 1500;
  one.loop.step();
  one.log.sync = sync.bind(one.log);
  one.notify(inFlight);
  expect([one.loop.failure, one.loop.counts.notices]).toEqual(["", 1]);
  const { failure } = one.fold.totals();
  expect(failure).toMatch(/^RangeError at .*: frequency caps bid for nobody until a restart$/);
  expect(failure).not.toContain("person");
  expect(text()).toContain(",42,3,exposure,");
  one.adopt([hourly, daily]);
  expect(one.bid({ ordinal: 43 }, 50)).toBeNull();
  expect(one.bid({ ordinal: 43 }, 51)).toBeNull();
  expect(one.fold.totals().rulesHeld).toBe(1);
  const two = boot();
  two.adopt([hourly]);
  expect(two.bid({ ordinal: 43 }, 50)).not.toBeNull();
});

test("rows of a block that never became durable are not written, not even at the end", () => {
  const one = boot();
  one.adopt([]);
  one.notify(one.bid(ada, 50)!);
  const lost = one.bid({ ordinal: 43 }, 50)!;
  journal.failNextSync = true;
  one.notify(lost);
  expect(one.loop.failure).not.toBe("");
  one.adopt([]);
  one.loop.close();
  expect(text()).toContain(",42,3,exposure,");
  expect(text()).not.toContain(",43,");
});

test("more impressions without a place than are kept hold a cap for as long as they could count", () => {
  const sizes = { workers: 1, places: 1, slots: 1, capEntries: 1, ringRecords: 1 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  const rules = new CapRules({ state, folder, nowMs: () => now.ms });
  rules.adopt([{ ...hourly, place: 3 }]);
  rules.count(1000);
  expect(rules.held()).toBe(0);
  const rule = [...rules.rulesFor(50, 0)][0]![0];
  for (let lo = 1; lo <= 10_003; lo++) rules.add(rule, { lo, hi: 0 }, now.ms / 1000 + 5);
  const seekAll = (): void => {
    for (let i = 0; i < 11; i++) rules.seekPlaces();
  };
  now.ms += (hourSec + 5) * 1000;
  seekAll();
  expect(rules.held()).toBe(1);
  now.ms += 1000;
  seekAll();
  expect([rules.held(), rules.capsLost]).toEqual([0, 10_002]);
});
