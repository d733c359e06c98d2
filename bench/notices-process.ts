import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { NoticeKind } from "../src/base/lists.js";
import { RingWriter } from "../src/base/ring.js";
import { giveBack, takeAllowance } from "../src/bid/allowance.js";
import { reserve } from "../src/bid/reserve.js";
import {
  createSharedBuffers,
  durableCell,
  type SharedState,
  sharedStateFrom,
} from "../src/bid/shared-state.js";
import { Notice, writeNotice } from "../src/journal/notice.js";
import { NoticeField, RecordKind } from "../src/journal/record.js";
import { scanJournal } from "../src/journal/scan.js";
import { diskFolder } from "../src/runtime/journal-disk.js";
import { startMoney } from "../src/runtime/money.js";
import { answerOrder } from "./child.js";

export type NoticesOrder = { readonly folder: string; readonly count: number };
export type NoticesResult = {
  /** Bills from the ring to fdatasync, each of a bid that was reserved. */
  readonly billsPerSec: number;
  /** The same for notices that only count. */
  readonly winsPerSec: number;
  readonly blocks: number;
  readonly syncsPerSec: number;
};

const place = 1;
const nanos = 1000;
const warmUp = 20_000;
const lineItem = 70;
const exchange = 1;
const sizes = { workers: 1, places: 4, slots: 64, capEntries: 16, ringRecords: 8192 };

answerOrder<NoticesOrder, NoticesResult>(async ({ folder, count }) => {
  const syncsPerSec = measureSyncs(folder);
  const buffers = createSharedBuffers(sizes);
  const state = sharedStateFrom(buffers, 0);
  const money = await startMoney({
    ...{ buffers, journalPath: join(folder, "journal"), bootFile: join(folder, "boot") },
    // Else the sender would wait for ever.
    onDeath: (reason) => {
      process.stderr.write(`${reason}\n`);
      process.exit(1);
    },
  });
  const zone = [{ fromSec: 0, offsetSec: 0 }];
  // The first grant is then enough for the whole run.
  const lineItems = [{ lineItem, place, bidNanosMax: 10 * count * nanos }];
  const budget = { campaign: 7, totalNanos: null, dailyNanos: null, zone, lineItems };
  void money.sendPlan({ generation: 1, campaigns: [budget], billsBy: [] });
  while (state.allowances[place] === 0n) await new Promise((resolve) => setTimeout(resolve, 10));
  const sender = new Sender(state, buffers.rings[0] as SharedArrayBuffer, money.boot);
  await sender.send(warmUp, NoticeKind.WIN);
  const winsPerSec = await sender.send(count, NoticeKind.WIN);
  const billsPerSec = await sender.send(count, NoticeKind.BILL);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const blocks = money.totals()?.counts.blocks ?? 0;
  if (money.totals()?.counts.late !== 0) throw new Error("a bill found no reservation");
  await money.close();
  checkJournal(join(folder, "journal"), count);
  return { billsPerSec, winsPerSec, blocks, syncsPerSec };
});

/** A rate counts only when everything that was acknowledged is on the disk, and once. */
function checkJournal(path: string, count: number): void {
  const seen = new Set<number>();
  let charged = 0;
  scanJournal(diskFolder(path), (entry) => {
    if (entry.kind !== RecordKind.NOTICE) return;
    seen.add(entry.counter);
    if (entry.chargedNanos > 0) charged++;
  });
  if (seen.size !== 2 * count + warmUp || charged !== count) {
    throw new Error(`the journal has ${seen.size} notices, ${charged} of them charged`);
  }
}

/** What a worker does with notices, without HTTP: as fast as the ring takes them. */
class Sender {
  private readonly state: SharedState;
  private readonly ring: RingWriter;
  private readonly notice = new Notice();
  private readonly boot: number;
  private counter = 0;
  private sequence = 0;

  constructor(state: SharedState, ring: SharedArrayBuffer, boot: number) {
    this.state = state;
    this.ring = new RingWriter(ring, state.wakeWord());
    this.boot = boot;
  }

  /** Notices a second until the last one is durable. */
  async send(count: number, kind: number): Promise<number> {
    const startedMs = performance.now();
    for (let n = 0; n < count; n++) {
      while (!this.push(kind)) await new Promise((resolve) => setImmediate(resolve));
    }
    const durable = (): number => this.state.cell(durableCell(0));
    while (durable() !== this.sequence) await new Promise((resolve) => setImmediate(resolve));
    return count / ((performance.now() - startedMs) / 1000);
  }

  private push(kind: number): boolean {
    const { notice, ring, state } = this;
    const at = ring.claim();
    if (at < 0) return false;
    const nowMs = Date.now();
    const nowSec = Math.floor(nowMs / 1000);
    const expirySec = nowSec + 600;
    if (kind === NoticeKind.BILL) hold(state, nowSec, expirySec, notice);
    const { boot } = this;
    const counter = this.counter++;
    notice.nonce.set([0, boot >> 16, boot >> 8, boot, 0, counter >>> 24, counter >> 16], 0);
    notice.nonce.set([counter >> 8, counter], 7);
    notice.noticeKind = kind;
    notice.lineItem = lineItem;
    notice.exchange = exchange;
    notice.reservedMicros = nanos;
    notice.priceMicros = nanos;
    notice.clearingMicros = nanos - (counter % 500);
    notice.timeSec = nowSec;
    notice.expirySec = expirySec;
    notice.receivedMs = nowMs;
    notice.sequence = ++this.sequence;
    ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, ring.view, at);
    ring.publish(true);
    return true;
  }
}

function hold(state: SharedState, nowSec: number, expirySec: number, out: Notice): void {
  const held = { place, ordinal: 0, capSlots: [], capCount: 0, nanos, expirySec };
  if (!takeAllowance(state, place, nanos)) throw new Error("the bench's budget ran out");
  if (!reserve(state, held, nowSec, out)) giveBack(state, place, nanos);
}

/** What the disk gives: a block of 4 KiB written and synced, one behind the other. */
function measureSyncs(folder: string): number {
  const path = join(mkdtempSync(join(folder, "sync-")), "file");
  const descriptor = openSync(path, "w");
  const block = new Uint8Array(4096);
  const startedMs = performance.now();
  let syncs = 0;
  for (; performance.now() - startedMs < 2000; syncs++) {
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
  }
  const perSec = syncs / ((performance.now() - startedMs) / 1000);
  closeSync(descriptor);
  rmSync(path);
  return perSec;
}
