import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryLock } from "../bank/lock.js";
import { Hash64 } from "../base/hash.js";
import { NoticeKind } from "../base/lists.js";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { CAPPED, capKeyInto, capReserve } from "../bid/cap.js";
import { holdCapRule, isCapRuleOpen } from "../bid/cap-rule.js";
import { reserve } from "../bid/reserve.js";
import { createSharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import { CapLevel } from "../campaign/caps.js";
import type { Entry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { TokenFields } from "../wire/token-format.js";
import { bootMax, nextBoot } from "./boot.js";
import { exposureLockOf } from "./data-folder.js";
import { exposureFiles } from "./exposure-file.js";
import { diskFolder, lockFolder } from "./journal-disk.js";
import { type Money, startMoney } from "./money.js";
import type { ExposureSettings } from "./money-messages.js";
import { NoticeDesk } from "./notice-desk.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "money-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const threadUrl = new URL("../../dist/runtime/money-thread.js", import.meta.url);
const built = existsSync(threadUrl);
const sizes = { workers: 1, places: 8, slots: 64, capEntries: 16, ringRecords: 4096 };

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}

/** Of line item 70. */
const rule = { level: CapLevel.LINE_ITEM, id: 70, windowSec: 3600, place: 0 };
const impressionsMax = 2;

async function start(onFailure = (_: string): void => undefined, exposures?: ExposureSettings) {
  const buffers = createSharedBuffers(sizes);
  const state = sharedStateFrom(buffers, 0);
  const money = await startMoney({
    ...{ buffers, journalPath: join(folder, "journal"), bootFile: join(folder, "boot") },
    ...{ threadUrl, onFailure },
    ...(exposures === undefined ? {} : { exposures }),
  });
  const desk = new NoticeDesk(state, buffers);
  const port = money.connectWorker(0);
  port.on("message", () => desk.acknowledge());
  const zone = [{ fromSec: 0, offsetSec: 0 }];
  const lineItems = [{ lineItem: 70, place: 2, bidNanosMax: 1000 }];
  const budget = { campaign: 7, totalNanos: 100_000n, dailyNanos: null, zone, lineItems };
  // As main before the World that has the rule.
  holdCapRule(state, rule.place);
  void money.sendPlan({
    ...{ generation: 1, campaigns: [budget], billsBy: [] },
    exposures: {
      ...{ epoch: 3, rules: [rule] },
      lineItems: [{ lineItem: 70, campaign: 7, advertiser: 1 }],
    },
  });
  return { buffers, state, money, desk, close: () => money.close().finally(() => port.close()) };
}

/** One bid that is billed; gives the answer's status. */
function billOne(
  at: Awaited<ReturnType<typeof start>>,
  money: Money,
  n: number,
  ordinal = 1,
  capSlots: readonly number[] = [],
): Promise<number> {
  const nowMs = Date.now();
  const nowSec = Math.floor(nowMs / 1000);
  const token = new TokenFields();
  Object.assign(token, { lineItem: 70, reservedMicros: 1000, priceMicros: 1000, timeSec: nowSec });
  Object.assign(token, { expirySec: nowSec + 60 });
  token.nonce.set([0, 0, 0, money.boot, 0, 0, 0, 0, n]);
  expect(takeAllowance(at.state, 2, 1000)).toBe(true);
  const held = {
    place: 2,
    ordinal,
    capSlots,
    capCount: capSlots.length,
    nanos: 1000,
    expirySec: nowSec + 60,
  };
  if (!reserve(at.state, held, nowSec, token)) giveBack(at.state, 2, 1000);
  const facts = {
    kind: NoticeKind.BILL,
    lossCode: 0xffff,
    clearingMicros: 500,
    minToWinMicros: -1,
  };
  return new Promise((resolve) => at.desk.take(token, facts, "", nowMs, resolve));
}

function stored(): Entry[] {
  const entries: Entry[] = [];
  scanJournal(diskFolder(join(folder, "journal")), (entry) => entries.push(entry));
  return entries;
}

test.skipIf(!built)(
  "the thread funds, bills durably, closes in order, and the next boot goes on",
  async () => {
    const first = await start();
    expect(first.money.boot).toBe(1);
    await until(() => first.state.allowances[2]! > 0n);
    const statuses = await Promise.all([1, 2, 3].map((n) => billOne(first, first.money, n)));
    expect(statuses).toEqual([204, 204, 204]);
    const bills = stored().filter((entry) => entry.kind === RecordKind.NOTICE);
    expect(bills.map(({ effect, chargedNanos }) => [effect, chargedNanos])).toEqual(
      Array.from({ length: 3 }, () => [NoticeEffect.BILLED, 500]),
    );
    await until(() => first.money.totals()?.spend[0]?.spentToday === "1500");
    await first.close();
    expect(stored().at(-1)?.kind).toBe(RecordKind.CLOSE);
    const moved = (kind: number): number =>
      stored().reduce(
        (sum, entry) => sum + (entry.kind === kind && "nanos" in entry ? entry.nanos : 0),
        0,
      );
    expect(moved(RecordKind.GRANT) - moved(RecordKind.RETURN)).toBe(1500);

    const second = await start();
    expect(second.money.boot).toBe(2);
    await until(() => second.money.totals()?.spend[0] !== undefined);
    expect(second.money.totals()?.spend[0]?.spentToday).toBe("1500");
    await second.close();
  },
);

test.skipIf(!built)("the thread writes exposures, alone, and closes their file", async () => {
  const exposures = { folder: join(folder, "exposures"), retentionDays: 90 };
  const settings = { ...exposures, forgetLog: join(folder, "forget.log") };
  const first = await start(undefined, settings);
  await until(() => first.state.allowances[2]! > 0n);
  expect(await billOne(first, first.money, 1)).toBe(204);
  await until(() => first.money.totals()?.exposures?.rows === 1);
  expect(exposureFiles(exposures.folder).map(({ live }) => live)).toEqual([true]);
  const bank = tryLock(exposureLockOf(exposures.folder));
  expect(bank.ok).toBe(false);
  await first.close();
  const [file] = exposureFiles(exposures.folder);
  expect(file?.live).toBe(false);
  expect(readFileSync(file!.path, "latin1")).toMatch(/-0,\d+,1,3,exposure,70,7,1,\n$/);
  const second = await start(undefined, settings);
  await second.close();
});

/** What a bid pends with its cap, as bid/hold; below 0 = no bid. */
function pend({ state }: Awaited<ReturnType<typeof start>>, ordinal: number, max: number): number {
  const nowSec = Math.floor(Date.now() / 1000);
  const key = new Hash64();
  capKeyInto(ordinal, 0, rule.place, key);
  if (!isCapRuleOpen(state, rule.place, true, nowSec)) return CAPPED;
  return capReserve(state, key.lo, key.hi, max, rule.windowSec, nowSec);
}

test.skipIf(!built)("who was at a cap is not bid for after a restart, and counted on", async () => {
  const exposures = { folder: join(folder, "exposures"), retentionDays: 90 };
  const settings = { ...exposures, forgetLog: join(folder, "forget.log") };
  const isOpen = ({ state }: Awaited<ReturnType<typeof start>>): boolean =>
    state.allowances[2]! > 0n && isCapRuleOpen(state, rule.place, true, 0);
  const first = await start(undefined, settings);
  await until(() => isOpen(first));
  // Bids of a rule's first second are counted twice.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const n of [1, 2]) {
    const slot = pend(first, 42, impressionsMax);
    expect(slot).toBeGreaterThanOrEqual(0);
    expect(await billOne(first, first.money, n, 42, [slot])).toBe(204);
  }
  expect(pend(first, 42, impressionsMax)).toBe(CAPPED);
  await first.close();

  const second = await start(undefined, settings);
  await until(() => isOpen(second));
  expect(pend(second, 42, impressionsMax)).toBe(CAPPED);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const other = pend(second, 43, impressionsMax);
  expect(await billOne(second, second.money, 3, 43, [other])).toBe(204);
  const third = pend(second, 42, impressionsMax + 1);
  expect(await billOne(second, second.money, 4, 42, [third])).toBe(204);
  expect(pend(second, 42, impressionsMax + 1)).toBe(CAPPED);
  expect(pend(second, 43, impressionsMax)).toBeGreaterThanOrEqual(0);
  await second.close();
});

test.skipIf(!built)(
  "a second process is refused the same journal, and a damaged one is told",
  async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(/in use by process \d+: stop it/);
    await first.close();
    const file = join(
      folder,
      "journal",
      readdirSync(join(folder, "journal")).find((name) => name.endsWith(".log"))!,
    );
    writeFileSync(file, Buffer.from("x"), { flag: "r+" });
    await expect(start()).rejects.toThrow(/damaged at byte 0/);
  },
);

test.skipIf(!built)(
  "a torn last block is cut off at the start and the boot number still rises",
  async () => {
    const first = await start();
    await first.close();
    const journal = join(folder, "journal");
    const name = readdirSync(journal).find((one) => one.endsWith(".log"))!;
    truncateSync(join(journal, name), statSync(join(journal, name)).size - 3);
    const second = await start();
    expect(second.money.boot).toBe(2);
    await second.close();
    expect(readdirSync(journal).some((one) => one.startsWith("torn-"))).toBe(true);
  },
);

test.each([
  ["throws", 'throw new Error("out of memory")', "money thread: out of memory"],
  ["ends", "process.exit(0)", "money thread: ended before its time"],
])("a thread that %s after its start is told as a death, once", async (_, end, reason) => {
  const script = `
    import { workerData } from "node:worker_threads";
    workerData.port.on("message", () => { ${end}; });
    workerData.port.postMessage({ type: "ready", boot: 1 });`;
  const told: string[] = [];
  let died = (): void => undefined;
  const death = new Promise<void>((resolve) => {
    died = resolve;
  });
  const money = await startMoney({
    ...{ buffers: createSharedBuffers(sizes), journalPath: folder, bootFile: folder },
    threadUrl: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    onDeath: (why) => {
      told.push(why);
      died();
    },
  });
  // Nobody waits for ever for a plan to be read, nor publishes the World of one that was not.
  const plans = [1, 2].map((generation) => {
    return money.sendPlan({ generation, campaigns: [], billsBy: [] });
  });
  for (const plan of plans) await expect(plan).rejects.toThrow(reason);
  await death;
  expect(money.failure()).toBe(reason);
  // What is dead needs no closing: the process may exit.
  await money.close();
  expect(told).toEqual([reason]);
});

test("a plan is sent whole before the next one, and each waits until it was read", async () => {
  const script = `
    import { workerData } from "node:worker_threads";
    const { port } = workerData;
    let heard = "";
    port.on("message", ({ type, generation, plan }) => {
      if (type === "close") {
        port.postMessage({ type: "closed" });
        port.close();
        return;
      }
      heard += " " + (plan?.generation ?? generation);
      if (type === "plan") setTimeout(() => {
        port.postMessage({ type: "alarm", alarm: heard });
        port.postMessage({ type: "planHeard" });
      }, 50);
    });
    port.postMessage({ type: "ready", boot: 1 });`;
  const told: unknown[] = [];
  const money = await startMoney({
    ...{ buffers: createSharedBuffers(sizes), journalPath: folder, bootFile: folder },
    threadUrl: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    onAlarm: (alarm) => told.push(alarm),
  });
  const zone = [{ fromSec: 0, offsetSec: 0 }];
  const none = { totalNanos: null, dailyNanos: null };
  const lineItems = Array.from({ length: 600 }, (_, i) => {
    return { lineItem: i + 1, place: i, bidNanosMax: 1 };
  });
  const campaigns = [{ campaign: 1, zone, ...none, lineItems }];
  await Promise.all(
    [1, 2].map(async (generation) => {
      await money.sendPlan({ generation, campaigns, billsBy: [] });
      told.push(generation);
    }),
  );
  expect(told).toEqual([" 1 1 1 1", 1, " 1 1 1 1 2 2 2 2", 2]);
  await money.close();
});

test("boot numbers rise past the file's and the journal's, and end before they repeat", () => {
  const file = join(folder, "boot");
  expect(nextBoot(file, 0)).toBe(1);
  expect(nextBoot(file, 0)).toBe(2);
  expect(nextBoot(file, 9)).toBe(10);
  expect(nextBoot(file, 3)).toBe(11);
  expect(() => nextBoot(file, bootMax)).toThrow(/new token keys/);
  writeFileSync(file, "garbage");
  expect(() => nextBoot(file, 0)).toThrow(/holds no boot number/);
});

test("a folder's lock ends with its owner, also one that was killed", () => {
  const lock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(new RegExp(`in use by process ${process.pid}`));
  lock.release();
  lockFolder(folder).release();
  const killed = spawnSync("flock", ["-n", join(folder, "lock"), "sh", "-c", "kill -9 $$"]);
  expect(killed.error).toBeUndefined();
  lockFolder(folder).release();
});
