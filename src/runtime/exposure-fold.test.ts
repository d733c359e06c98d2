import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ordinal } from "../base/ids.js";
import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { sweepSlots } from "../bid/reserve.js";
import { CapLevel } from "../campaign/caps.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { type BootCap, ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { exposureFiles, exposureHead } from "./exposure-file.js";
import { appendForget } from "./forget-log.js";

let data = "";
let journal = new FaultyFolder();
/** Ten past eight, UTC. */
const start = Date.parse("2026-11-26T08:10:00Z");
const now = { ms: start };
let marks = 0;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "exposures-"));
  journal = new FaultyFolder();
  now.ms = start;
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const boot = (): ExposureBoot =>
  new ExposureBoot(data, journal, now, (marks++).toString(16).padStart(4, "0"));
const files = () => exposureFiles(join(data, "exposures"));
const text = (): string =>
  files()
    .map(({ path }) => readFileSync(path, "latin1"))
    .join("");
const hourSec = 3600;
const hourly: BootCap = {
  ...{ level: CapLevel.LINE_ITEM, id: 50, windowSec: hourSec, impressions: 2 },
};
const daily: BootCap = {
  ...{ level: CapLevel.CAMPAIGN, id: 1, windowSec: 24 * hourSec, impressions: 3 },
};
const ada = { ordinal: 42 };
const stranger = { hash: 1234 };

test("a bill and its click are one row each, with the hour and no token", () => {
  const one = boot();
  one.adopt([hourly]);
  const bid = one.bid(ada, 50)!;
  one.notify(bid);
  one.notify(bid);
  one.notify(bid, NoticeKind.CLICK);
  one.notify(one.bid(stranger, 50)!);
  const hour = Date.parse("2026-11-26T08:00:00Z") / 1000;
  const mark = files()[0]!.stem.split("-")[1]!;
  expect(text()).toBe(
    `${exposureHead}1-${mark}-0,${hour},42,3,exposure,50,1,7,\n` +
      `1-${mark}-1,${hour},42,3,click,50,1,7,\n`,
  );
  expect(files().map(({ day, live }) => [day, live])).toEqual([["2026-11-26", true]]);
  one.loop.close();
  expect(files().map(({ live }) => live)).toEqual([false]);
});

test("a click after its slot was used again is nobody's", () => {
  const one = boot();
  one.adopt([]);
  const bid = one.bid(ada, 50)!;
  one.notify(bid);
  for (let i = 0; i < 256; i++) one.notify(one.bid({ ordinal: 7 }, 50)!, NoticeKind.LOSS);
  one.notify(bid, NoticeKind.CLICK);
  expect(text()).not.toContain("click");
});

test("caps of people outlive a crash, longer and never shorter", () => {
  const one = boot();
  one.adopt([hourly, daily]);
  one.notify(one.bid(ada, 50)!);
  one.notify(one.bid(ada, 50)!);
  expect(one.bid(ada, 50)).toBeNull();
  const two = boot();
  expect(two.bid(ada, 50)).toBeNull();
  two.adopt([hourly, daily]);
  expect(two.bid(ada, 50)).toBeNull();
  const elsewhere = two.bid(ada, 51)!;
  expect(elsewhere).not.toBeNull();
  two.notify(elsewhere);
  expect(two.bid(ada, 51)).toBeNull();
  now.ms += 24 * hourSec * 1000 + 1000;
  const three = boot();
  three.adopt([hourly, daily]);
  // Hours are counted at their end.
  expect(three.bid(ada, 50)).toBeNull();
  now.ms = Date.parse("2026-11-27T09:00:01Z");
  const four = boot();
  four.adopt([hourly, daily]);
  expect(four.bid(ada, 50)).not.toBeNull();
});

test("strangers wait a window after the last bill that may have been theirs", () => {
  const one = boot();
  one.adopt([hourly]);
  one.notify(one.bid(stranger, 50)!);
  now.ms += 60_000;
  const two = boot();
  two.adopt([hourly]);
  expect(two.bid(stranger, 50)).toBeNull();
  expect(two.bid(stranger, 51)).not.toBeNull();
  expect(two.bid(ada, 50)).not.toBeNull();
  now.ms = start + (hourSec + 1) * 1000;
  expect(two.bid(stranger, 50)).toBeNull();
  now.ms += 1000;
  expect(two.bid(stranger, 50)).not.toBeNull();
});

test("a bill of a bid before the crash puts strangers off again", () => {
  const one = boot();
  one.adopt([hourly]);
  const inFlight = one.bid(stranger, 50)!;
  const two = boot();
  two.adopt([hourly]);
  expect(two.bid(stranger, 50)).not.toBeNull();
  two.notify(inFlight);
  expect(two.bid({ hash: 5 }, 50)).toBeNull();
  now.ms += (hourSec + 1) * 1000;
  expect(two.bid({ hash: 5 }, 50)).not.toBeNull();
});

test("a cap that an edit adds counts what was shown before it, and bids in flight", () => {
  const one = boot();
  one.adopt([hourly]);
  one.notify(one.bid(ada, 50)!);
  const inFlight = one.bid(ada, 51)!;
  one.adopt([hourly, { ...daily, impressions: 2 }]);
  now.ms += 2000;
  one.notify(inFlight);
  expect(one.bid(ada, 51)).toBeNull();
});

test("a cap that goes and comes back counts what was shown without it", () => {
  const one = boot();
  one.adopt([daily]);
  one.adopt([]);
  for (let i = 0; i < 3; i++) one.notify(one.bid(ada, 50)!);
  one.adopt([daily]);
  expect(one.bid(ada, 50)).toBeNull();
  expect(one.bid({ ordinal: 43 }, 50)).not.toBeNull();
});

test("a late bill counts as well", () => {
  const one = boot();
  one.adopt([{ ...hourly, impressions: 1 }]);
  const late = one.bid(ada, 50, 10)!;
  now.ms += 20_000;
  sweepSlots(one.state, now.ms / 1000, 256);
  one.notify(late);
  expect(one.bid(ada, 50)).toBeNull();
  expect(text()).toContain(",42,3,exposure,50,");
});

test("whoever is forgotten is written no more, in a file that says so, and the journal knows", () => {
  const one = boot();
  one.adopt([]);
  one.notify(one.bid(ada, 50)!);
  appendForget(join(data, "forget.log"), [42 as Ordinal]);
  now.ms += 1500;
  one.loop.step();
  one.notify(one.bid(ada, 50)!);
  one.notify(one.bid({ ordinal: 43 }, 50)!);
  expect(files().map(({ forgets, live }) => [forgets, live])).toEqual([
    [0, false],
    [1, true],
  ]);
  expect(readFileSync(files()[1]!.path, "latin1")).not.toContain(",42,");
  const kinds: unknown[] = [];
  scanJournal(journal, (entry) => {
    if (entry.kind === RecordKind.FORGET) kinds.push(entry);
  });
  expect(kinds).toEqual([{ kind: RecordKind.FORGET, boot: 1, sequence: 1, timeMs: now.ms }]);
  const two = boot();
  two.adopt([]);
  now.ms += 1500;
  two.loop.step();
  expect(two.loop.failure).toBe("");
  let told = 0;
  scanJournal(journal, (entry) => {
    if (entry.kind === RecordKind.FORGET) told++;
  });
  expect(told).toBe(1);
});

test("a day is removed while it is written, and days past the retention go", () => {
  const one = boot();
  one.adopt([]);
  mkdirSync(join(data, "exposures", "2026-08-27"));
  mkdirSync(join(data, "exposures", "2026-08-28"));
  one.notify(one.bid(ada, 50)!);
  rmSync(join(data, "exposures", "2026-11-26"), { recursive: true });
  now.ms += 1500;
  one.loop.step();
  one.notify(one.bid({ ordinal: 43 }, 50)!);
  expect(text()).toContain(",43,3,exposure,");
  now.ms += 3_600_000;
  one.loop.step();
  rmSync(join(data, "exposures", "2026-11-26"), { recursive: true });
  one.loop.close();
  expect(one.log.failure).toBe("");
});

/** Seeded lives of three people with crashes; gives what was seen too often. */
function lives(seed: number, billsAfterCrash: boolean): string[] {
  rmSync(join(data, "exposures"), { recursive: true, force: true });
  journal = new FaultyFolder();
  now.ms = start;
  const random = new SeededRandom(seed);
  const caps: BootCap[] = [
    hourly,
    daily,
    { ...daily, level: CapLevel.ADVERTISER, id: 7, impressions: 4, windowSec: 3 * 24 * hourSec },
  ];
  const people = [ada, { ordinal: 43 }, stranger];
  const seen: { person: unknown; lineItem: number; sec: number }[] = [];
  const crashed = new Map<unknown, number>();
  const wrong: string[] = [];
  let flying: NonNullable<ReturnType<ExposureBoot["bid"]>>[] = [];
  let one = boot();
  one.adopt(caps);
  for (let i = 0; i < 400; i++) {
    now.ms += random.below(random.below(10) === 0 ? 20_000_000 : 400_000);
    const roll = random.below(20);
    if (roll === 0) {
      for (const { person } of flying) crashed.set(person, (crashed.get(person) ?? 0) + 1);
      if (!billsAfterCrash) flying = [];
      one = boot();
      one.adopt(caps);
    } else if (roll < 12) {
      const bid = one.bid(random.pick(people), 50 + random.below(2), 10_000_000);
      if (bid !== null) flying.push(bid);
    } else if (flying.length > 0) {
      const [bid] = flying.splice(random.below(flying.length), 1);
      const bill = random.below(4) > 0;
      one.notify(bid!, bill ? NoticeKind.BILL : NoticeKind.LOSS);
      const { person, notice } = bid!;
      if (bill) seen.push({ person, lineItem: notice.lineItem, sec: Math.floor(now.ms / 1000) });
    }
  }
  for (const cap of caps) {
    for (const person of people) {
      const mine = seen.filter(
        (s) => s.person === person && (cap.level !== CapLevel.LINE_ITEM || s.lineItem === cap.id),
      );
      const slack = billsAfterCrash ? (crashed.get(person) ?? 0) : 0;
      for (const { sec } of mine) {
        const times = mine.filter((s) => s.sec <= sec && s.sec >= sec - cap.windowSec).length;
        if (times > cap.impressions + slack)
          wrong.push(`seed ${seed}: ${times} of level ${cap.level}`);
      }
    }
  }
  if (seen.length < 10) wrong.push(`seed ${seed}: only ${seen.length} impressions`);
  return wrong;
}

test("after any number of crashes nobody sees more than the caps allow", () => {
  for (let seed = 1; seed <= 12; seed++) expect(lives(seed, false)).toEqual([]);
});

test("bids in flight at a crash that are billed after it are the only excess", () => {
  for (let seed = 1; seed <= 6; seed++) expect(lives(seed, true)).toEqual([]);
});
