import { RingWriter } from "../base/ring.js";
import type { SharedBuffers, SharedState } from "../bid/shared-state.js";
import { Cell, durableCell, MoneyState, silenceSecMax } from "../bid/shared-state.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { NoticeField, RecordKind } from "../journal/record.js";
import type { NoticeParameters } from "../wire/notice.js";
import type { TokenFields } from "../wire/token-format.js";
import { readEncryptedPrice } from "../wire/token-price.js";
import type { ExchangePriceKeys } from "./price-key-files.js";

/** What a notice's URL says besides its token. */
export type NoticeFacts = {
  /** NoticeKind */
  readonly kind: number;
  /** 0xffff = none */
  readonly lossCode: number;
  /** CPM in the bid's currency; -1 = unknown */
  readonly clearingMicros: number;
  readonly minToWinMicros: number;
};

/**
 * The clearing price of a notice, -1 = unknown. From an exchange that encrypts its prices one in
 * clear is not believed: whoever sees our addresses could write a lower one.
 */
export function clearingOf(
  said: Pick<NoticeParameters, "clearingMicros" | "encryptedPrice">,
  token: TokenFields,
  priceKeys: readonly ExchangePriceKeys[],
): number {
  const keys = priceKeys.find(({ exchange }) => exchange === token.exchange)?.keys;
  if (keys === undefined) return said.clearingMicros;
  return readEncryptedPrice(said.encryptedPrice, keys, token);
}

/** Called once: 204, 503, or 302 with the location. */
export type NoticeDone = (status: number, location: string) => void;

/** A notice that is not durable by then is answered 503, and the exchange sends it again. */
const patienceMs = 2000;

/**
 * One worker's notices between their arrival and their durability: pushes them to the money thread
 * and answers when it acknowledges. A click is sent on to its landing page in every case, counted
 * or not.
 */
export class NoticeDesk {
  /** The worker's ring, which its context cells go through too. */
  readonly ring: RingWriter;
  private readonly state: SharedState;
  private readonly refusals: Uint8Array;
  private readonly mask: number;
  private readonly notice = new Notice();
  private readonly done: (NoticeDone | null)[];
  private readonly location: string[];
  private readonly sinceMs: Float64Array;
  /** Sequences: the next one, the oldest not acknowledged, the oldest not answered. */
  private next = 1;
  private unacknowledged = 1;
  private unanswered = 1;

  constructor(state: SharedState, buffers: SharedBuffers) {
    const ring = buffers.rings[state.worker];
    const refusals = buffers.refusals[state.worker];
    if (ring === undefined || refusals === undefined) throw new Error("a desk belongs to a worker");
    this.ring = new RingWriter(ring, state.wakeWord());
    this.state = state;
    this.refusals = new Uint8Array(refusals);
    const size = this.refusals.length;
    this.mask = size - 1;
    this.done = new Array<NoticeDone | null>(size).fill(null);
    this.location = new Array<string>(size).fill("");
    this.sinceMs = new Float64Array(size);
  }

  /** Notices that wait for the journal. */
  get waiting(): number {
    return (this.next - this.unanswered) >>> 0;
  }

  /**
   * A notice whose token was verified; `location` is the landing page of a click, else "". Tokens
   * past their life may be passed: they change nothing.
   */
  take(
    token: TokenFields,
    facts: NoticeFacts,
    location: string,
    nowMs: number,
    done: NoticeDone,
  ): void {
    const full = (this.next - this.unacknowledged) >>> 0 > this.mask;
    const at = full || !this.state.mayBid() ? -1 : this.ring.claim();
    if (at < 0) {
      answer(done, location, false);
      return;
    }
    const sequence = this.next;
    this.fill(token, facts, sequence, nowMs);
    this.ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(this.notice, this.ring.view, at);
    const place = sequence & this.mask;
    this.done[place] = done;
    this.location[place] = location;
    this.sinceMs[place] = nowMs;
    this.next = (sequence + 1) >>> 0;
    this.ring.publish(true);
  }

  private fill(token: TokenFields, facts: NoticeFacts, sequence: number, nowMs: number): void {
    const { notice } = this;
    notice.noticeKind = facts.kind;
    notice.flags = token.flags;
    notice.keyId = token.keyId;
    notice.sequence = sequence;
    notice.nonce.set(token.nonce);
    notice.exchange = token.exchange;
    notice.lineItem = token.lineItem;
    notice.creative = token.creative;
    notice.cell = token.cell;
    notice.priceMicros = token.priceMicros;
    notice.reservedMicros = token.reservedMicros;
    notice.currency = token.currency;
    notice.timeSec = token.timeSec;
    notice.expirySec = token.expirySec;
    notice.slot = token.slot;
    notice.slotUse = token.slotUse;
    notice.lossCode = facts.lossCode;
    notice.clearingMicros = facts.clearingMicros;
    notice.minToWinMicros = facts.minToWinMicros;
    notice.receivedMs = nowMs;
  }

  /** At each message of the money thread: answers what is durable. */
  acknowledge(): void {
    const durable = this.state.cell(durableCell(this.state.worker));
    while (this.unacknowledged !== this.next && ((durable - this.unacknowledged) | 0) >= 0) {
      const place = this.unacknowledged & this.mask;
      this.answerAt(place, this.refusals[place] === 0);
      this.unacknowledged = (this.unacknowledged + 1) >>> 0;
      if (((this.unacknowledged - this.unanswered) | 0) > 0) this.unanswered = this.unacknowledged;
    }
    if (this.state.cell(Cell.MONEY_STATE) === MoneyState.FAILED) this.giveUp();
  }

  /**
   * Every 100 ms or so: gives up on notices that wait too long, and looks whether the money thread
   * lives.
   */
  tick(nowMs: number): void {
    const silentSec = (Math.floor(nowMs / 1000) - this.state.cell(Cell.HEARTBEAT_SEC)) | 0;
    this.state.moneyAlive = silentSec <= silenceSecMax;
    if (this.state.cell(Cell.MONEY_STATE) === MoneyState.FAILED) this.giveUp();
    while (this.unanswered !== this.next) {
      const place = this.unanswered & this.mask;
      if (nowMs - this.sinceMs[place]! <= patienceMs) return;
      this.answerAt(place, false);
      this.unanswered = (this.unanswered + 1) >>> 0;
    }
  }

  /** Answers all that wait as not counted; for the end of the worker too. */
  giveUp(): void {
    for (; this.unanswered !== this.next; this.unanswered = (this.unanswered + 1) >>> 0) {
      this.answerAt(this.unanswered & this.mask, false);
    }
  }

  private answerAt(place: number, counted: boolean): void {
    const done = this.done[place];
    if (done === null || done === undefined) return;
    this.done[place] = null;
    answer(done, this.location[place]!, counted);
    this.location[place] = "";
  }
}

function answer(done: NoticeDone, location: string, counted: boolean): void {
  if (location !== "") done(302, location);
  else done(counted ? 204 : 503, "");
}
