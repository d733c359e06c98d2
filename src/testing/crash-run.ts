import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { nextBoot } from "../runtime/boot.js";
import { diskFolder } from "../runtime/journal-disk.js";
import type { Moment } from "./counted-folder.js";
import { type CrashBid, CrashLife, crashBudgetTimes } from "./crash-life.js";
import { NaiveLedger, NaiveLevel } from "./naive-ledger.js";
import { campaignOf, dayOf, simulatedPlan } from "./simulated-money.js";

const entry = "dist/testing/crash-process.js";

export type CrashOrder = {
  readonly seed: number;
  readonly events: number;
  /** The folder's call at which the process dies, or null: after `afterMs`. */
  readonly call: number | null;
  readonly moment: Moment;
  readonly afterMs: number;
  /** Put before the command, as `strace` with its flags; empty = nothing. */
  readonly under: readonly string[];
};

export type CrashResult = {
  readonly wrong: readonly string[];
  readonly killed: boolean;
  /** Of a run that came to its end: the folder's calls. */
  readonly calls: number;
  readonly acknowledged: number;
  readonly bills: number;
};

type Heard = {
  readonly sent: Map<string, { readonly bid: CrashBid; readonly kind: number }>;
  readonly acknowledged: Set<string>;
  readonly killed: boolean;
  readonly calls: number;
};

/**
 * One life that ends by SIGKILL, then a restart over the same folder to which the exchange sends
 * all notices once more: what was acknowledged is there, and each bill counts once.
 */
export async function crashOnce(order: CrashOrder): Promise<CrashResult> {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-crash-"));
  try {
    const heard = await liveAndDie(folder, order);
    const wrong = lostIn(folder, heard);
    restart(folder, order.seed, heard);
    const bills = checkBills(folder, heard, wrong);
    const { killed, calls } = heard;
    return { wrong, killed, calls, acknowledged: heard.acknowledged.size, bills };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function liveAndDie(folder: string, order: CrashOrder): Promise<Heard> {
  const { seed, events, call, moment, afterMs, under } = order;
  const command = [...under, process.execPath, entry];
  const args = [folder, seed, events, call ?? 0, moment].map(String);
  const [first = "", ...rest] = [...command, ...args];
  const child = spawn(first, rest, { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  let timer: NodeJS.Timeout | null = null;
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString("utf8");
    if (call === null && timer === null && text.includes("started")) {
      timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
    }
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      if (timer !== null) clearTimeout(timer);
      resolve(heardFrom(text));
    });
  });
}

function heardFrom(text: string): Heard {
  const sent: Heard["sent"] = new Map();
  const acknowledged = new Set<string>();
  let calls = 0;
  // A line that the end cut off was not told.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  for (const line of lines) {
    const [word, kindText = "", json = ""] = line.split(" ");
    if (word === "closed") calls = Number(kindText);
    if (word !== "sent" && word !== "acknowledged") continue;
    const bid = JSON.parse(json) as CrashBid;
    const kind = Number(kindText);
    if (word === "sent") sent.set(keyOf(bid, kind), { bid, kind });
    else acknowledged.add(keyOf(bid, kind));
  }
  return { sent, acknowledged, killed: calls === 0, calls };
}

const keyOf = ({ boot, counter }: { boot: number; counter: number }, kind: number): string =>
  `${boot}:${counter} ${kind}`;

function noticesIn(folder: string): NoticeEntry[] {
  const found: NoticeEntry[] = [];
  scanJournal(diskFolder(join(folder, "journal")), (entry: Entry) => {
    if (entry.kind === RecordKind.NOTICE) found.push(entry);
  });
  return found;
}

function lostIn(folder: string, { acknowledged }: Heard): string[] {
  const kept = new Set(noticesIn(folder).map((one) => keyOf(one, one.noticeKind)));
  return [...acknowledged]
    .filter((key) => !kept.has(key))
    .map((key) => `${key} was acknowledged and is lost`);
}

function restart(folder: string, seed: number, { sent }: Heard): void {
  const life = new CrashLife(
    seed + 1,
    {
      folder: diskFolder(join(folder, "journal")),
      nextBoot: (journalBoot) => nextBoot(join(folder, "boot"), journalBoot),
    },
    { sent: () => undefined, acknowledged: () => undefined },
  );
  for (const { bid, kind } of sent.values()) life.send(bid, kind);
  life.close();
}

/** Every bill that was sent is in the journal once, at its cost, within the budgets. */
function checkBills(folder: string, { sent }: Heard, wrong: string[]): number {
  const stored = noticesIn(folder);
  const levels = new Map([1, 2].map((id) => [id, new NaiveLevel(String(id), dayOf)]));
  const oracle = new NaiveLedger([...levels.values()]);
  for (const { bid, kind } of sent.values()) {
    const { boot, counter, lineItem, expirySec } = bid;
    const naive = {
      ...{ token: `0:${boot}:${counter}`, boot, levels: [String(campaignOf(lineItem))], lineItem },
      ...{ reserved: BigInt(bid.reserved), price: BigInt(bid.price), expirySec },
      ...{ madeMs: bid.timeSec * 1000, shownMs: 0 },
      ...{ lifeEndSec: bid.timeSec + tokenLifeSec, latestSec: () => bid.timeSec },
    };
    const notice = { bid: naive, kind, clearing: bid.clearing, receivedMs: bid.timeSec * 1000 };
    oracle.take(notice);
  }
  wrong.push(...oracle.differences(stored));
  for (const { campaign, totalNanos } of simulatedPlan(crashBudgetTimes).campaigns) {
    const spent = levels.get(campaign)?.spent[0] ?? 0n;
    if (spent > (totalNanos ?? 0n)) wrong.push(`campaign ${campaign}: ${spent} above its total`);
  }
  return stored.filter(({ noticeKind }) => noticeKind === NoticeKind.BILL).length;
}
