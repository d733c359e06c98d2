import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { encodeBlock } from "../journal/block.js";
import type { NoticeEntry } from "../journal/entry.js";
import { Journal } from "../journal/journal.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { diskFolder } from "../runtime/journal-disk.js";
import { Program } from "./program.js";

/**
 * The money's bad days, each against the real program: what goes on and what stops, what the
 * operator is told, and that nothing acknowledged is lost.
 */
let program: Program;
let mounted = "";
beforeEach(() => {
  program = new Program();
});
afterEach(async () => {
  await program.stop();
  if (mounted !== "") spawnSync("umount", [mounted]);
  mounted = "";
  await program.remove();
});

const request = JSON.stringify({
  id: "hello",
  imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }],
  site: { domain: "news.example" },
  device: { geo: { country: "USA" } },
});
type Bid = { readonly price: number; readonly burl: string };

async function bids(): Promise<Bid[]> {
  const answer = await program.bid(request);
  if (answer.status !== 200) return [];
  const { seatbid } = (await answer.json()) as { seatbid: { bid: Bid[] }[] };
  return seatbid.flatMap(({ bid }) => bid);
}

async function notify(bid: Bid | undefined, path = "bill", price = "0.6"): Promise<number> {
  const url = (bid?.burl ?? "")
    .replace("https://bid.test.example/bill", `http://127.0.0.1:${program.bidPort}/${path}`)
    .replace(/\$\{AUCTION_PRICE\}/, price);
  return (await fetch(url, { redirect: "manual" })).status;
}

const journal = (): string => join(program.dataFolder, "journal");
const metrics = async (): Promise<string> => (await program.admin("/metrics")).text();

function billed(): NoticeEntry[] {
  const found: NoticeEntry[] = [];
  scanJournal(diskFolder(journal()), (entry) => {
    if (entry.kind === RecordKind.NOTICE && entry.noticeKind === NoticeKind.BILL) found.push(entry);
  });
  return found;
}

/** Billing has stopped: notices 503, clicks lead on, no bids, and everybody who asks is told. */
async function expectStopped(first: Bid | undefined, words: RegExp): Promise<void> {
  expect(await notify(first)).toBe(503);
  expect(await notify(first, "click")).toBe(302);
  await program.until("no bids", async () => (await bids()).length === 0);
  expect(await metrics()).toContain("crowdbid_journal_failed 1");
  const ready = await program.admin("/readyz");
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/journal/)]);
  await program.until("told", () => Promise.resolve(words.test(program.written)));
}

test("a journal that may not grow: billing stops and says so, a restart goes on", async () => {
  await program.start();
  const [kept, lost] = await bids();
  expect(await notify(kept)).toBe(204);
  const limited = spawnSync("prlimit", ["--pid", `${program.serverPid}`, "--fsize=64:64"]);
  expect(limited.status).toBe(0);
  await expectStopped(lost, /billing stopped.*|journal: EFBIG/);
  expect(program.written).toMatch(/journal: EFBIG/);
  expect(await program.stop()).not.toBeNull();
  await program.start();
  expect(await notify(lost)).toBe(204);
  expect(await notify(kept)).toBe(204);
  await program.stop();
  expect(billed().length).toBe(2);
});

test("a disk that is full, then read-only (needs the right to mount)", async (context) => {
  mkdirSync(journal(), { recursive: true });
  const mount = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", journal()];
  if (spawnSync("mount", mount).status !== 0) return context.skip("no right to mount a tmpfs");
  mounted = journal();
  await program.start();
  const [kept, lost] = await bids();
  expect(await notify(kept)).toBe(204);
  spawnSync("dd", ["if=/dev/zero", `of=${join(journal(), "filler")}`, "bs=4096"]);
  // The last page of the journal may have room for a few records.
  for (let n = 0; n < 60 && (await notify((await bids())[0])) === 204; n++);
  await expectStopped(lost, /journal: ENOSPC/);
  await program.stop();
  spawnSync("rm", [join(journal(), "filler")]);
  await program.start();
  expect(await notify(lost)).toBe(204);
  await program.stop();
  const before = billed().length;
  expect(before).toBeGreaterThanOrEqual(2);
  spawnSync("mount", ["-o", "remount,ro", journal()]);
  expect(await program.startRefused()).toBe(1);
  expect(program.written).toMatch(/data.journal cannot be written \(EROFS\): make it writable/);
  spawnSync("mount", ["-o", "remount,rw", journal()]);
  expect(billed().length).toBe(before);
});

test("a server does not start with a flag of node that opens its memory to others", async () => {
  const environment = { NODE_OPTIONS: "--inspect=0 --heapsnapshot-signal=SIGUSR2" };
  expect(await program.startRefused(environment)).toBe(2);
  expect(program.written).toContain("--inspect=0 --heapsnapshot-signal=SIGUSR2 (in node's flags");
});

test("a journal of a newer version is refused and left as it is", async () => {
  const folder = diskFolder(journal());
  Journal.open(folder, 1e6, () => undefined).close();
  const block = encodeBlock(1, [{ kind: RecordKind.BOOT, boot: 1, timeMs: 1 }]);
  new DataView(block.buffer).setUint16(4, 2, true);
  const { crc32 } = await import("node:zlib");
  new DataView(block.buffer).setUint32(24, crc32(block.subarray(0, 24)), true);
  const path = join(journal(), "journal-000000000001.log");
  writeFileSync(path, block);
  expect(await program.startRefused()).toBe(1);
  expect(program.written).toMatch(/written by a newer version at byte 0; start that version/);
  expect(readFileSync(path).equals(Buffer.from(block))).toBe(true);
});

test("a segment that is damaged in the middle is refused and left as it is", async () => {
  const open = Journal.open(diskFolder(journal()), 200, () => undefined);
  for (let boot = 1; boot < 20; boot++) {
    open.commit([{ kind: RecordKind.BOOT, boot, timeMs: boot }]);
  }
  open.close();
  const [first = ""] = readdirSync(journal()).sort();
  const path = join(journal(), first);
  const bytes = readFileSync(path);
  bytes[60]! ^= 1;
  writeFileSync(path, bytes);
  expect(await program.startRefused()).toBe(1);
  expect(program.written).toMatch(
    /journal-000000000001\.log is damaged at byte \d+ and a sound block/,
  );
  expect(program.written).toMatch(/put the file back from a copy/);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

/** Date.now of every thread of a process, shifted by the seconds that a file says. */
const shiftedClock = (file: string): string => `
  const { readFileSync } = require("node:fs");
  const real = Date.now;
  let [readMs, shiftMs] = [0, 0];
  Date.now = () => {
    const now = real();
    if (now - readMs > 100) {
      readMs = now;
      try { shiftMs = 1000 * Number(readFileSync(${JSON.stringify(file)}, "utf8")); } catch {}
    }
    return now + shiftMs;
  };`;

/** 30 s as in the promise take too long for every run: `CROWDBID_STOP_SEC=30`. */
const stopSec = Number(process.env["CROWDBID_STOP_SEC"] ?? 5);

/** Of three bills one is of a bid before the standstill and one is asked for while it lasts. */
async function standsStill(): Promise<void> {
  const before = await bids();
  expect(await notify(before[0])).toBe(204);
  const pid = program.serverPid;
  process.kill(pid, "SIGSTOP");
  const late = notify(before[1]);
  await new Promise((resolve) => setTimeout(resolve, stopSec * 1000));
  process.kill(pid, "SIGCONT");
  expect([204, 503]).toContain(await late);
  await program.until("bids again", async () => (await bids()).length > 0);
  expect(await notify(before[1])).toBe(204);
  expect(await notify((await bids())[0])).toBe(204);
  expect(program.serverPid).toBe(pid);
}

/** Three bills, one of them asked for twice. */
async function clockGoesBack(file: string): Promise<void> {
  const before = await bids();
  expect(before.length).toBeGreaterThan(1);
  expect(await notify(before[0])).toBe(204);
  writeFileSync(file, "-3600");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await program.until("bids again", async () => (await bids()).length > 0);
  expect(await notify(before[0])).toBe(204);
  expect(await notify(before[1])).toBe(204);
  expect(await notify((await bids())[0])).toBe(204);
  expect(await metrics()).toContain("crowdbid_journal_failed 0");
}

test(`it stands still for ${stopSec} s, then its clock goes back by an hour: nothing counts twice`, async () => {
  const [file, script] = [join(program.folder, "shift"), join(program.folder, "shift.cjs")];
  writeFileSync(script, shiftedClock(file));
  await program.start({ NODE_OPTIONS: `--require ${script}` });
  await standsStill();
  await clockGoesBack(file);
  expect(await program.stop()).toBe(0);
  expect(billed().length).toBe(6);
});

test("an exchange that claims every bid won gets no more than the budget", async () => {
  // 0.3 US dollars are about 100 bids of one line item.
  program.edit("campaigns/contextual.yaml", (text) =>
    text.replaceAll(/budget: \{.*\}/g, "budget: { total: 0.6, daily: 0.3 }"),
  );
  await program.start();
  let silent = 0;
  for (let n = 0; n < 400 && silent < 20; n++) {
    const won = await bids();
    silent = won.length === 0 ? silent + 1 : 0;
    const statuses = await Promise.all(won.map((bid) => notify(bid, "bill", "99999")));
    expect(statuses.every((status) => status === 204)).toBe(true);
    if (won.length === 0) await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(silent).toBe(20);
  await program.stop();
  const spent = new Map<number, bigint>();
  for (const { lineItem, chargedNanos } of billed()) {
    const campaign = Math.floor(lineItem / 100) * 10;
    spent.set(campaign, (spent.get(campaign) ?? 0n) + BigInt(chargedNanos));
  }
  expect(spent.size).toBeGreaterThan(0);
  for (const nanos of spent.values()) expect(nanos <= 300_000_000n).toBe(true);
  expect([...spent.values()].some((nanos) => nanos > 240_000_000n)).toBe(true);
});
