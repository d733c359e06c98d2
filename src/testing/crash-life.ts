import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { RingWriter } from "../base/ring.js";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { reserve } from "../bid/reserve.js";
import { createSharedBuffers, type SharedState, sharedStateFrom } from "../bid/shared-state.js";
import type { JournalFolder } from "../journal/file.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeField, RecordKind } from "../journal/record.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import {
  bidNanosMax,
  lineItems,
  placeOf,
  simulatedPlan,
  simulatedSizes,
} from "./simulated-money.js";

/** What a token says, as one line of JSON; `counter` makes it one of its boot. */
export type CrashBid = {
  readonly boot: number;
  readonly counter: number;
  readonly lineItem: number;
  readonly reserved: number;
  readonly price: number;
  readonly timeSec: number;
  readonly expirySec: number;
  readonly slot: number;
  readonly slotUse: number;
  readonly clearing: number;
};

export type CrashTold = {
  /** Before the notice is sent. */
  readonly sent: (bid: CrashBid, kind: number) => void;
  /** The notice was answered 204. */
  readonly acknowledged: (bid: CrashBid, kind: number) => void;
};

/** A crash holds what was granted back for hours: the restart must have something left. */
export const crashBudgetTimes = 8n;

type CrashFolders = {
  readonly folder: JournalFolder;
  readonly nextBoot: (journalBoot: number) => number;
};

/**
 * One boot of the real money loop over a folder that can be killed at any moment: bids, and notices
 * whose acknowledgement is told only when the loop gives it.
 */
export class CrashLife {
  private readonly told: CrashTold;
  private readonly state: SharedState;
  private readonly ring: RingWriter;
  private readonly loop: MoneyLoop;
  private readonly random: SeededRandom;
  private readonly bids: CrashBid[] = [];
  private waiting: { readonly bid: CrashBid; readonly kind: number }[] = [];
  private sequence = 0;
  /** Goes on by the script alone, so that every life of a seed makes the same calls. */
  private nowMs = Date.now();

  constructor(seed: number, { folder, nextBoot }: CrashFolders, told: CrashTold) {
    this.told = told;
    this.random = new SeededRandom(seed);
    const buffers = createSharedBuffers({ ...simulatedSizes, workers: 1 });
    this.state = sharedStateFrom(buffers, 0);
    this.loop = new MoneyLoop({
      ...{ buffers, folder, nextBoot, nowMs: () => this.nowMs, segmentBytesMax: 8000 },
      acknowledge: () => this.answered(),
    });
    this.ring = new RingWriter(buffers.rings[0] as SharedArrayBuffer, this.state.wakeWord());
    this.loop.adopt(simulatedPlan(crashBudgetTimes));
    this.loop.step();
  }

  /** The script: each event is a bid, a notice, or a repetition; every second one is a round. */
  run(events: number): void {
    for (let event = 0; event < events; event++) {
      this.nowMs += 10;
      if (this.random.below(2) === 0) this.bid(event);
      else this.notify();
      if (this.random.below(2) === 0) this.loop.step();
    }
  }

  close(): void {
    this.loop.close();
  }

  private answered(): void {
    if (this.loop.failure !== "") return;
    for (const { bid, kind } of this.waiting) this.told.acknowledged(bid, kind);
    this.waiting = [];
  }

  private bid(counter: number): void {
    const lineItem = this.random.pick(lineItems);
    const place = placeOf(lineItem);
    const nanos = 1 + this.random.below(bidNanosMax);
    const nowSec = Math.floor(this.nowMs / 1000);
    const expirySec = nowSec + 3600;
    const at = { slot: 0, slotUse: 0 };
    const ordinal = this.random.below(2);
    if (!takeAllowance(this.state, place, nanos)) return;
    const held = { place, ordinal, capSlots: [], capCount: 0, nanos, expirySec };
    if (!reserve(this.state, held, nowSec, at)) {
      giveBack(this.state, place, nanos);
      return;
    }
    const clearing = this.random.below(3) === 0 ? -1 : this.random.below(250);
    const price = 1 + this.random.below(200);
    this.bids.push({
      ...{ boot: this.loop.boot, counter, lineItem, reserved: nanos, price, timeSec: nowSec },
      ...{ expirySec, ...at, clearing },
    });
  }

  private notify(): void {
    const bid = this.bids.at(-1 - this.random.below(Math.max(1, this.bids.length)));
    if (bid === undefined) return;
    const kind = this.random.below(4) === 0 ? NoticeKind.WIN : NoticeKind.BILL;
    const times = this.random.below(4) === 0 ? 2 : 1;
    for (let i = 0; i < times; i++) this.send(bid, kind);
  }

  /** Sends a notice, of this boot or an earlier one. */
  send(bid: CrashBid, kind: number): void {
    let at = this.ring.claim();
    if (at < 0) {
      this.loop.step();
      at = this.ring.claim();
    }
    const { boot, counter, lineItem, slot, slotUse, timeSec, expirySec } = bid;
    const notice = new Notice();
    notice.nonce.set([0, 0, boot >> 8, boot, 0, 0, 0, counter >> 8, counter]);
    const { reserved: reservedMicros, price: priceMicros, clearing: clearingMicros } = bid;
    Object.assign(notice, { lineItem, slot, slotUse, timeSec, expirySec });
    Object.assign(notice, { reservedMicros, priceMicros, clearingMicros });
    notice.noticeKind = kind;
    notice.sequence = ++this.sequence;
    notice.receivedMs = this.nowMs;
    this.told.sent(bid, kind);
    this.ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, this.ring.view, at);
    this.ring.publish(true);
    this.waiting.push({ bid, kind });
  }
}
