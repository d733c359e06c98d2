import { join } from "node:path";
import { Hash64 } from "../base/hash.js";
import { NoticeKind } from "../base/lists.js";
import { RingWriter } from "../base/ring.js";
import { packAlpha3 } from "../base/units.js";
import { giveBack, takeAllowance } from "../bid/allowance.js";
import { capKeyInto, capRelease, capReserve } from "../bid/cap.js";
import { holdCapRule, isCapRuleOpen } from "../bid/cap-rule.js";
import { reserve } from "../bid/reserve.js";
import { createSharedBuffers, type SharedState, sharedStateFrom } from "../bid/shared-state.js";
import type { CapRule } from "../campaign/caps.js";
import { Notice, writeNotice } from "../journal/notice.js";
import { CellField, GhostField, NoticeField, RecordKind, RingKind } from "../journal/record.js";
import { closeLeftovers } from "../runtime/exposure-close.js";
import { ExposureFold } from "../runtime/exposure-fold.js";
import { ExposureLog } from "../runtime/exposure-log.js";
import { readForgetLog } from "../runtime/forget-log.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import type { FaultyFolder } from "./faulty-folder.js";

export type BootCap = CapRule & { readonly impressions: number };
/** An ordinal, an identifier's hash of somebody without one, or neither (contextual). */
export type BootPerson = { readonly ordinal: number } | { readonly hash: number } | "nobody";
/** `aheadMs`: by how much the wall clock is set wrong. */
export type BootClock = { ms: number; aheadMs?: number };
export type BootBid = { readonly notice: Notice; readonly person: BootPerson };

/** Line items 50 and 51 belong to campaign 1 of advertiser 7. */
export const bootLineItems = [50, 51] as const;
const places: Readonly<Record<number, number>> = { 50: 0, 51: 1 };

/** One life of the money thread with an exposure log, on a clock of its own; one worker. */
export class ExposureBoot {
  readonly state: SharedState;
  readonly loop: MoneyLoop;
  readonly fold: ExposureFold;
  readonly log: ExposureLog;
  private readonly ring: RingWriter;
  private readonly now: BootClock;
  private readonly key = new Hash64();
  private caps: readonly BootCap[] = [];
  private counter = 0;
  /** Whose the campaign is. */
  advertiser = 7;

  constructor(
    dataFolder: string,
    journal: FaultyFolder,
    now: BootClock,
    mark: string,
    capEntries = 4096,
  ) {
    this.now = now;
    const sizes = { workers: 1, places: 2, slots: 256, capEntries, ringRecords: 64 };
    const buffers = createSharedBuffers(sizes);
    this.state = sharedStateFrom(buffers, 0);
    this.ring = new RingWriter(buffers.rings[0]!, this.state.wakeWord());
    const folder = join(dataFolder, "exposures");
    closeLeftovers(folder);
    this.log = new ExposureLog(folder, 90, mark);
    this.fold = new ExposureFold({
      ...{ state: this.state, folder, log: this.log, nowMs: () => this.nowMs },
      readForgets: (from) => readForgetLog(join(dataFolder, "forget.log"), from),
    });
    this.loop = new MoneyLoop({
      ...{ buffers, folder: journal, segmentBytesMax: 1e6, nextBoot: (boot) => boot + 1 },
      ...{ nowMs: () => this.nowMs, acknowledge: () => undefined, folds: [this.fold] },
      monotonicMs: () => now.ms,
    });
  }

  /** A World whose caps have their place in this order. */
  adopt(caps: readonly BootCap[], epoch = 3): void {
    for (let place = this.caps.length; place < caps.length; place++) {
      holdCapRule(this.state, place);
    }
    this.caps = caps;
    const { advertiser } = this;
    const zone = [{ fromSec: 0, offsetSec: 0 }];
    const lineItems = bootLineItems.map((lineItem) => ({
      ...{ lineItem, place: places[lineItem]!, bidNanosMax: 10_000 },
    }));
    const budget = { campaign: 1, totalNanos: 1_000_000_000n, dailyNanos: null, zone, lineItems };
    this.loop.adopt({
      ...{ generation: 1, campaigns: [budget], billsBy: [] },
      exposures: {
        epoch,
        rules: caps.map((cap, place) => ({ ...cap, place })),
        lineItems: bootLineItems.map((lineItem) => ({ lineItem, campaign: 1, advertiser })),
      },
    });
    this.loop.step();
    // Bids of a rule's first second are counted twice.
    this.now.ms += 1000;
  }

  private get nowSec(): number {
    return Math.floor(this.nowMs / 1000);
  }

  private get nowMs(): number {
    return this.now.ms + (this.now.aheadMs ?? 0);
  }

  private capHolds({ level, id }: CapRule, lineItem: number): boolean {
    return id === [0, lineItem, 1, this.advertiser][level];
  }

  /** What `holdOn` does; null = no bid. */
  bid(person: BootPerson, lineItem: number, holdSec = 600): BootBid | null {
    const { state, nowSec, key } = this;
    if (!takeAllowance(state, places[lineItem]!, 1)) return null;
    const capSlots: number[] = [];
    for (const [place, cap] of this.caps.entries()) {
      if (person === "nobody" || !this.capHolds(cap, lineItem)) continue;
      const known = "ordinal" in person;
      capKeyInto(known ? person.ordinal : person.hash, known ? 0 : 77, place, key);
      const { impressions, windowSec } = cap;
      const slot = isCapRuleOpen(state, place, known, nowSec)
        ? capReserve(state, key.lo, key.hi, impressions, windowSec, nowSec)
        : -1;
      if (slot < 0) {
        for (const taken of capSlots) capRelease(state, taken);
        giveBack(state, places[lineItem]!, 1);
        return null;
      }
      capSlots.push(slot);
    }
    const notice = new Notice();
    const expirySec = nowSec + holdSec;
    const held = {
      ...{ place: places[lineItem]!, capSlots, capCount: capSlots.length, nanos: 1, expirySec },
      ordinal: person !== "nobody" && "ordinal" in person ? person.ordinal : 0,
      ...(person !== "nobody" && "hash" in person ? { hashLo: person.hash, hashHi: 77 } : {}),
    };
    if (!reserve(state, held, nowSec, notice)) throw new Error("no slot");
    Object.assign(notice, { exchange: 4, lineItem, reservedMicros: 1, priceMicros: 1 });
    Object.assign(notice, { timeSec: nowSec, expirySec });
    const counter = ++this.counter;
    notice.nonce.set([0, 0, 0, this.loop.boot, 0, 0, 0, counter >>> 8, counter & 255]);
    return { notice, person };
  }

  /** A context cell of that country. */
  see(cell: number, country: string): void {
    const at = this.ring.claim();
    const { view } = this.ring;
    view.setUint8(at + CellField.recordKind, RecordKind.CELL);
    view.setUint8(at + CellField.textLength, 0);
    view.setUint32(at + CellField.cell, cell, true);
    view.setUint32(at + CellField.country, packAlpha3(country), true);
    this.ring.publish(true);
    this.loop.step();
  }

  /** A bid that a control group was left out of. */
  ghost(ordinal: number, lineItem: number): void {
    const at = this.ring.claim();
    this.ring.view.setUint8(at + GhostField.recordKind, RingKind.GHOST);
    this.ring.view.setUint32(at + GhostField.lineItem, lineItem, true);
    this.ring.view.setUint32(at + GhostField.ordinal, ordinal, true);
    this.ring.view.setUint32(at + GhostField.country, 0, true);
    this.ring.publish(false);
    this.loop.step();
  }

  /** Of a bid of this or an earlier boot. */
  notify({ notice }: BootBid, kind: number = NoticeKind.BILL): void {
    notice.noticeKind = kind;
    notice.receivedMs = this.nowMs;
    const at = this.ring.claim();
    this.ring.view.setUint8(at + NoticeField.recordKind, RecordKind.NOTICE);
    writeNotice(notice, this.ring.view, at);
    this.ring.publish(true);
    this.loop.step();
  }
}
