import { randomBytes } from "node:crypto";
import type { MessagePort } from "node:worker_threads";
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { type HeldLock, tryLock } from "../bank/lock.js";
import { holdAllCapRules } from "../bid/cap-rule.js";
import { shadeRowsOf } from "../bid/learnt.js";
import { NO_WORKER, sharedStateFrom } from "../bid/shared-state.js";
import { LineSums } from "../ledger/line-sums.js";
import { RunningLedger } from "../ledger/running-ledger.js";
import { TermsJournal } from "../ledger/terms.js";
import { planEveryMs } from "./book-work.js";
import { nextBoot } from "./boot.js";
import { exposureLockOf } from "./data-folder.js";
import { ExposureFold } from "./exposure-fold.js";
import { ExposureLog } from "./exposure-log.js";
import { readForgetLog } from "./forget-log.js";
import { type FoldName, GuardedFold } from "./guarded-fold.js";
import { diskFolder, lockFolder } from "./journal-disk.js";
import { LearntFold } from "./learnt-fold.js";
import { MoneyLoop } from "./money-loop.js";
import type {
  ExposureSettings,
  FromMoney,
  MoneyAlarm,
  MoneyThreadData,
  ToMoney,
} from "./money-messages.js";
import { PlanParts } from "./plan-message.js";
import { WinFold } from "./win-fold.js";

/**
 * THE MONEY THREAD: owns the journal, settles notices, tops allowances up. One synchronous loop
 * that sleeps on the rings' wake-up word; messages from main are read between rounds. fdatasync
 * itself groups: what arrives during one commit goes into the next.
 */
const data = workerData as MoneyThreadData;
const totalsEveryMs = 1000;
const ledger = new RunningLedger();
const tell = (message: FromMoney): void => data.port.postMessage(message);
const workerPorts: (MessagePort | undefined)[] = [];
const ring = (alarm: MoneyAlarm): void => tell({ type: "alarm", alarm });
const sums = new LineSums(Date.now());
const wins = new WinFold({
  onHeld: (held) => ring({ alarm: "held", ...held }),
  onExchangeHeld: (exchange) => ring({ alarm: "exchange_held", exchange }),
  onUncounted: () => ring({ alarm: "bids_uncounted" }),
});
const onFailure = (fold: FoldName, failure: string): void =>
  ring({ alarm: "fold_failed", fold, failure });
/** Learners that stop leave what they taught; holds stay as they are. */
const guarded = [
  new GuardedFold(new LearntFold(shadeRowsOf(data.buffers.learnt)), {
    ...{ name: "learning", onFailure },
  }),
  new GuardedFold(wins, { name: "wins", onFailure }),
  new GuardedFold(sums, { name: "sums", onFailure }),
];
let ledgerTold = false;
let closing = false;

const hearMsMax = 4;
const planParts = new PlanParts();

/** Handles some of what main sent; false = there may be more. Plans come to count in rounds. */
function hearMain(loop: MoneyLoop): boolean {
  const untilMs = performance.now() + hearMsMax;
  while (performance.now() < untilMs) {
    const received = receiveMessageOnPort(data.port) as { message: ToMoney } | undefined;
    if (received === undefined) return true;
    const { message } = received;
    if (message.type === "planPart") planParts.take(message.generation, message.part);
    else if (message.type === "plan") {
      loop.adopt(planParts.whole(message.plan, message.parts));
      tell({ type: "planHeard" });
    } else if (message.type === "generation") loop.noteGeneration(message.generation);
    else if (message.type === "release") wins.release(message.campaign, message.exchange);
    else if (message.type === "worker") workerPorts[message.worker] = message.port;
    else closing = true;
  }
  return false;
}

const exposures = data.exposures ?? null;
let exposureFold: ExposureFold | null = null;
let exposureLock: HeldLock | null = null;

/** The exposure log of this boot. One process writes it, which those who forget people ask for. */
function openExposures({ folder, retentionDays, forgetLog }: ExposureSettings): ExposureFold {
  const lock = tryLock(exposureLockOf(folder));
  if (!lock.ok) {
    throw new Error(
      `${folder} is in use by process ${lock.holder.pid}: stop it, or give this one another --data`,
    );
  }
  exposureLock = lock.lock;
  return new ExposureFold({
    state: sharedStateFrom(data.buffers, NO_WORKER),
    folder,
    log: new ExposureLog(folder, retentionDays, randomBytes(6).toString("hex")),
    nowMs: Date.now,
    readForgets: (from) => readForgetLog(forgetLog, from),
  });
}

/** Caps that nobody follows hold their line items back. */
const guardedExposures = (fold: ExposureFold): GuardedFold =>
  new GuardedFold(fold, {
    ...{ name: "exposures", onFailure },
    failClosed: () => holdAllCapRules(sharedStateFrom(data.buffers, NO_WORKER)),
  });

function tellTotals(loop: MoneyLoop): void {
  const { counts, seenBytes } = loop;
  const { failure: ledgerFailure } = ledger;
  const foldsFailed = guarded.filter(({ failure }) => failure !== "").map(({ name }) => name);
  if (ledgerFailure !== "") {
    foldsFailed.push("ledger");
    if (!ledgerTold) onFailure("ledger", ledgerFailure);
    ledgerTold = true;
  }
  const held = {
    ...{ held: wins.held(), exchangesHeld: wins.exchangesHeld() },
    bidsUncounted: wins.bidsUncounted(),
  };
  const followed = exposureFold === null ? {} : { exposures: exposureFold.totals() };
  const shown = { spend: loop.spend(), counts: { ...counts }, seenBytes, ledgerFailure };
  const clock = loop.clockDoubt();
  const totals = { ...shown, ...held, clock, foldsFailed, ...followed };
  tell({ type: "totals", totals });
  tellLineItems(loop);
}

/** Packed numbers: 10,000 line items are a second's work of less than 3 ms. */
function tellLineItems(loop: MoneyLoop): void {
  const paces = loop.lineItemPaces();
  if (paces.length > 0) data.port.postMessage({ type: "paces", rows: paces }, [paces.buffer]);
  // What a commit that failed did not make durable is nobody's.
  const rows = loop.failure === "" ? sums.drain() : null;
  if (rows !== null) data.port.postMessage({ type: "sums", rows }, [rows.buffer]);
}

function run(loop: MoneyLoop): void {
  const wake = loop.state.wakeWord();
  let totalsDueMs = 0;
  let failureTold = false;
  while (!closing) {
    const woken = Atomics.load(wake, 0);
    const heard = hearMain(loop);
    loop.step();
    if (loop.failure !== "" && !failureTold) {
      failureTold = true;
      tell({ type: "failed", failure: loop.failure });
    }
    const nowMs = Date.now();
    if (nowMs >= totalsDueMs || totalsDueMs - nowMs > 2 * totalsEveryMs) {
      totalsDueMs = nowMs + totalsEveryMs;
      tellTotals(loop);
    }
    if (!closing && heard && !loop.isBusy) Atomics.wait(wake, 0, woken, planEveryMs);
  }
}

function main(): void {
  let loop: MoneyLoop;
  try {
    lockFolder(data.journalPath);
    exposureFold = exposures === null ? null : openExposures(exposures);
    if (exposureFold !== null) guarded.push(guardedExposures(exposureFold));
    loop = new MoneyLoop({
      buffers: data.buffers,
      folder: diskFolder(data.journalPath),
      segmentBytesMax: data.segmentBytesMax,
      nextBoot: (journalBoot) => nextBoot(data.bootFile, journalBoot),
      nowMs: Date.now,
      monotonicMs: () => performance.now(),
      acknowledge: (worker) => workerPorts[worker]?.postMessage(0),
      // Terms are the money's own: a bill without them would be split wrongly.
      folds: [new TermsJournal(), ledger, ...guarded],
    });
  } catch (error) {
    exposureLock?.release();
    tell({ type: "failed", failure: error instanceof Error ? error.message : String(error) });
    data.port.close();
    return;
  }
  tell({ type: "ready", boot: loop.boot });
  run(loop);
  loop.close();
  exposureLock?.release();
  tellTotals(loop);
  tell(loop.failure === "" ? { type: "closed" } : { type: "failed", failure: loop.failure });
  for (const port of workerPorts) port?.close();
  data.port.close();
}

main();
