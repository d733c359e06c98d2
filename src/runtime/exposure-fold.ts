import { Hash64 } from "../base/hash.js";
import { NoticeKind } from "../base/lists.js";
import { unpackAlpha3 } from "../base/units.js";
import { capAdd, capKeyInto } from "../bid/cap.js";
import { holdCapRule, openCapRule } from "../bid/cap-rule.js";
import type { SharedState } from "../bid/shared-state.js";
import { CapLevel } from "../campaign/caps.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind, TokenFlag } from "../journal/record.js";
import type { BudgetPlan, ExposurePlan } from "../ledger/budget-plan.js";
import { Behaviour } from "./exposure-file.js";
import type { ExposureLog } from "./exposure-log.js";
import { type ScannedExposure, scanExposures } from "./exposure-scan.js";
import { type ForgetPosition, type ForgetRead, forgetLogStart } from "./forget-log.js";
import type { MoneyFold } from "./money-fold.js";

/** What main hears of it. */
export type ExposureTotals = {
  readonly rows: number;
  readonly lost: number;
  /** Rules whose impressions of before are still being counted: their line items do not bid. */
  readonly rulesHeld: number;
  /** Impressions of before that found no place in the table of caps. */
  readonly capsLost: number;
  /** "" while the log can be written and read. */
  readonly failure: string;
};

export type ExposureFoldParts = {
  readonly state: SharedState;
  readonly folder: string;
  readonly log: ExposureLog;
  readonly nowMs: () => number;
  /** What the forget log holds behind a position. */
  readonly readForgets: (from: ForgetPosition) => ForgetRead;
};

type Rule = ExposurePlan["rules"][number] & {
  /** Bids up to this second may not have counted towards it; those of this second count twice. */
  readonly sinceSec: number;
  unknownFromSec: number;
};
type Count = { readonly rules: readonly Rule[]; readonly steps: Generator<void> };

const secondMs = 1000;
const hourMs = 3_600_000;
const hourSec = 3600;
/** Of one round: notices wait no longer for their block. */
const countMsMax = 20;
/** At the start of a boot or with an edit, before its World is served. */
const firstCountMsMax = 200;

/**
 * Exposures on the money thread: writes the exposure log, and makes frequency caps outlive the
 * process. A rule of a cap is held from its first World on until the exposures that the log has of
 * its window are counted, each at the end of its hour: longer, never shorter. People without an
 * ordinal are in no log; for them a rule opens a window after the last bill that may have been
 * theirs, which the journal tells. What a crash leaves uncounted are a person's own bids that were
 * in flight at that moment, and rows that the machine (not the process) lost: those of its last
 * second.
 */
export class ExposureFold implements MoneyFold {
  private readonly parts: ExposureFoldParts;
  private epoch = 0;
  private boot = 0;
  private nowMs = 0;
  private syncDueMs = 0;
  private expireDueMs = 0;
  private capsLost = 0;
  private countFailure = "";
  private readonly rules = new Map<number, Rule>();
  /** By level and id, see `ownerKey`. */
  private readonly rulesOf = new Map<string, Rule[]>();
  private readonly campaignOf = new Map<number, number>();
  private readonly advertiserOf = new Map<number, number>();
  private readonly countryOf = new Map<number, string>();
  /** Newest second of a bill, by line item, that may have been of somebody without an ordinal. */
  private readonly lastBillSec = new Map<number, number>();
  private readonly counts: Count[] = [];
  private readonly forgotten = new Set<number>();
  private forgetPosition = forgetLogStart;
  private forgetsTold = 0;
  private readonly key = new Hash64();

  constructor(parts: ExposureFoldParts) {
    this.parts = parts;
    this.nowMs = parts.nowMs();
    // No row before it is known who must be in none.
    this.hearForgets();
  }

  totals(): ExposureTotals {
    const { rows, lost, failure } = this.parts.log;
    const rulesHeld = this.counts.reduce((sum, { rules }) => sum + rules.length, 0);
    const why = this.countFailure || failure;
    return { rows, lost, failure: why, rulesHeld, capsLost: this.capsLost };
  }

  readonly replay = (entry: Entry): void => {
    if (entry.kind === RecordKind.NOTICE) this.noteBill(entry);
    else if (entry.kind === RecordKind.GRANT) this.campaignOf.set(entry.lineItem, entry.campaign);
    else if (entry.kind === RecordKind.FORGET) {
      this.forgetsTold = Math.max(this.forgetsTold, entry.sequence);
    } else if (entry.kind === RecordKind.TERMS) {
      this.campaignOf.set(entry.lineItem, entry.campaign);
      this.advertiserOf.set(entry.campaign, entry.advertiser);
    }
  };

  readonly adopt = ({ exposures }: BudgetPlan, boot: number): void => {
    if (this.boot !== boot) this.parts.log.begin(boot);
    this.boot = boot;
    if (exposures === undefined) return;
    this.nowMs = this.parts.nowMs();
    this.epoch = exposures.epoch;
    for (const { lineItem, campaign, advertiser } of exposures.lineItems) {
      this.campaignOf.set(lineItem, campaign);
      this.advertiserOf.set(campaign, advertiser);
    }
    this.dropGone(new Set(exposures.rules.map(({ place }) => place)));
    const fresh = exposures.rules.filter(({ place }) => !this.rules.has(place));
    if (fresh.length > 0) this.countBefore(fresh);
    this.count(firstCountMsMax);
  };

  readonly step = (nowMs: number, out: Entry[]): void => {
    this.nowMs = nowMs;
    if (isDue(nowMs, this.syncDueMs, secondMs)) {
      this.syncDueMs = nowMs + secondMs;
      this.parts.log.sync(this.nowSec);
      this.hearForgets();
      const { sequence } = this.forgetPosition;
      if (sequence > this.forgetsTold && this.boot !== 0) {
        this.forgetsTold = sequence;
        out.push({ kind: RecordKind.FORGET, boot: this.boot, sequence, timeMs: nowMs });
      }
    }
    if (isDue(nowMs, this.expireDueMs, hourMs)) {
      this.expireDueMs = nowMs + hourMs;
      this.parts.log.expire(this.nowSec);
    }
    this.count(countMsMax);
  };

  readonly take = (entry: Entry, ordinal: number): void => {
    if (entry.kind === RecordKind.CELL) {
      if (entry.country !== 0) this.countryOf.set(entry.cell, unpackAlpha3(entry.country));
    } else if (entry.kind === RecordKind.NOTICE) this.takeNotice(entry, ordinal);
  };

  readonly durable = (): void => this.parts.log.flush(this.nowSec);

  readonly close = (): void => this.parts.log.close(this.nowSec);

  private get nowSec(): number {
    return Math.floor(this.nowMs / 1000);
  }

  private hearForgets(): void {
    let read: ForgetRead;
    try {
      read = this.parts.readForgets(this.forgetPosition);
    } catch {
      // Tried again; main, which follows the log too, rings the alarm.
      return;
    }
    this.forgetPosition = read.position;
    if (read.records.length === 0) return;
    for (const { ordinal } of read.records) this.forgotten.add(ordinal);
    this.parts.log.forgotten(read.position.sequence, this.nowSec);
  }

  private takeNotice(entry: NoticeEntry, ordinal: number): void {
    if ((entry.flags & TokenFlag.TEST) !== 0) return;
    const billed = isBill(entry);
    if (billed) this.countBill(entry, ordinal);
    if (ordinal === 0 || this.forgotten.has(ordinal)) return;
    if (billed) this.write(entry, ordinal, Behaviour.EXPOSURE);
    else if (entry.noticeKind === NoticeKind.CLICK) this.write(entry, ordinal, Behaviour.CLICK);
  }

  private write({ lineItem, cell }: NoticeEntry, person: number, behaviour: Behaviour): void {
    const campaign = this.campaignOf.get(lineItem) ?? 0;
    const advertiser = this.advertiserOf.get(campaign) ?? 0;
    const country = this.countryOf.get(cell) ?? "";
    const { epoch } = this;
    const row = { person, epoch, behaviour, lineItem, campaign, advertiser, country };
    this.parts.log.add(row, this.nowSec);
  }

  /** What the bid's own reservation has not counted. */
  private countBill(entry: NoticeEntry, ordinal: number): void {
    if (ordinal === 0) this.noteBill(entry);
    const late = entry.effect === NoticeEffect.LATE;
    const campaign = this.campaignOf.get(entry.lineItem) ?? 0;
    const advertiser = this.advertiserOf.get(campaign) ?? 0;
    for (const rule of this.rulesFor(entry.lineItem, campaign, advertiser)) {
      if (!late && entry.timeSec > rule.sinceSec) continue;
      if (ordinal !== 0) this.add(rule, ordinal, this.nowSec);
      else this.holdUnknown(rule, Math.floor(entry.receivedMs / 1000));
    }
  }

  private noteBill(entry: NoticeEntry): void {
    if (!isBill(entry)) return;
    const sec = Math.floor(entry.receivedMs / 1000);
    const before = this.lastBillSec.get(entry.lineItem) ?? 0;
    this.lastBillSec.set(entry.lineItem, Math.max(before, sec));
  }

  private holdUnknown(rule: Rule, billSec: number): void {
    const fromSec = billSec + rule.windowSec + 1;
    if (fromSec <= rule.unknownFromSec) return;
    rule.unknownFromSec = fromSec;
    if (!this.isHeld(rule)) openCapRule(this.parts.state, rule.place, fromSec);
  }

  private isHeld(rule: Rule): boolean {
    return this.counts.some(({ rules }) => rules.includes(rule));
  }

  /**
   * What is shown while no World has a rule does not pend with it: it is held until it comes back
   * and its window is counted anew. What it had counted stays and counts with that: longer, never
   * shorter.
   */
  private dropGone(served: ReadonlySet<number>): void {
    for (const rule of this.rules.values()) {
      if (served.has(rule.place)) continue;
      this.rules.delete(rule.place);
      const key = ownerKey(rule.level, rule.id);
      const left = (this.rulesOf.get(key) ?? []).filter((one) => one !== rule);
      if (left.length > 0) this.rulesOf.set(key, left);
      else this.rulesOf.delete(key);
      holdCapRule(this.parts.state, rule.place);
    }
  }

  /** Rules new to the World: what the log has of their windows is to be counted. */
  private countBefore(fresh: ExposurePlan["rules"]): void {
    const sinceSec = Math.floor(this.parts.nowMs() / 1000);
    this.parts.log.flush(sinceSec);
    const rules = fresh.map((rule) => ({ ...rule, sinceSec, unknownFromSec: 0 }));
    const own = new Map<string, Rule[]>();
    for (const rule of rules) {
      this.rules.set(rule.place, rule);
      const key = ownerKey(rule.level, rule.id);
      for (const map of [this.rulesOf, own]) map.set(key, [...(map.get(key) ?? []), rule]);
    }
    const longestSec = rules.reduce((sec, { windowSec }) => Math.max(sec, windowSec), 0);
    const fromSec = sinceSec - longestSec - hourSec;
    const take = (row: ScannedExposure): void => this.countRow(row, own, sinceSec);
    this.counts.push({ rules, steps: scanExposures(this.parts.folder, fromSec, take) });
    for (const [lineItem, billSec] of this.lastBillSec) {
      for (const rule of this.rulesTouchedBy(lineItem, rules, own)) {
        if (billSec + rule.windowSec >= sinceSec) this.holdUnknown(rule, billSec);
      }
    }
  }

  /** Of a line item that no World names any more it may not be known whose it was: then all's. */
  private rulesTouchedBy(
    lineItem: number,
    rules: readonly Rule[],
    own: ReadonlyMap<string, readonly Rule[]>,
  ): readonly Rule[] {
    const campaign = this.campaignOf.get(lineItem);
    const advertiser = campaign === undefined ? undefined : this.advertiserOf.get(campaign);
    if (campaign !== undefined && advertiser !== undefined) {
      return [...rulesIn(own, lineItem, campaign, advertiser)];
    }
    return rules.filter(
      ({ level, id }) =>
        (level === CapLevel.LINE_ITEM && id === lineItem) ||
        (level === CapLevel.CAMPAIGN && (campaign === undefined || campaign === id)) ||
        level === CapLevel.ADVERTISER,
    );
  }

  private countRow(
    { hourSec: hour, person, lineItem, campaign, advertiser }: ScannedExposure,
    own: ReadonlyMap<string, readonly Rule[]>,
    sinceSec: number,
  ): void {
    const endSec = hour + hourSec;
    for (const rule of rulesIn(own, lineItem, campaign, advertiser)) {
      if (endSec + rule.windowSec >= sinceSec) this.add(rule, person, Math.min(endSec, sinceSec));
    }
  }

  private add({ place, windowSec }: Rule, ordinal: number, atSec: number): void {
    const { key } = this;
    capKeyInto(ordinal, 0, place, key);
    const added = capAdd(this.parts.state, key.lo, key.hi, windowSec, atSec, this.nowSec);
    if (!added) this.capsLost++;
  }

  private rulesFor(lineItem: number, campaign: number, advertiser: number): Iterable<Rule> {
    return rulesIn(this.rulesOf, lineItem, campaign, advertiser);
  }

  private count(msMax: number): void {
    const untilMs = this.parts.nowMs() + msMax;
    for (let next = this.counts[0]; next !== undefined; next = this.counts[0]) {
      if (!this.countSome(next, untilMs)) return;
      this.counts.shift();
      for (const rule of next.rules) {
        // One that has gone meanwhile stays held.
        if (this.rules.get(rule.place) !== rule) continue;
        openCapRule(this.parts.state, rule.place, rule.unknownFromSec);
      }
    }
  }

  /** False: the time is over. */
  private countSome({ steps }: Count, untilMs: number): boolean {
    if (this.countFailure !== "") return false;
    try {
      for (;;) {
        if (steps.next().done === true) return true;
        if (this.parts.nowMs() >= untilMs) return false;
      }
    } catch (error) {
      // Without the log nobody knows who was shown what: the rules stay held until a restart.
      const { code } = error as NodeJS.ErrnoException;
      this.countFailure = `${this.parts.folder} cannot be read: ${code ?? String(error)}`;
      return false;
    }
  }
}

const isBill = ({ effect }: NoticeEntry): boolean =>
  effect === NoticeEffect.BILLED ||
  effect === NoticeEffect.LATE ||
  effect === NoticeEffect.EARLIER_BOOT;

const ownerKey = (level: number, id: number): string => `${level} ${id}`;

function* rulesIn<R>(
  rules: ReadonlyMap<string, readonly R[]>,
  lineItem: number,
  campaign: number,
  advertiser: number,
): Generator<R> {
  yield* rules.get(ownerKey(CapLevel.LINE_ITEM, lineItem)) ?? [];
  yield* rules.get(ownerKey(CapLevel.CAMPAIGN, campaign)) ?? [];
  yield* rules.get(ownerKey(CapLevel.ADVERTISER, advertiser)) ?? [];
}

/** A clock that went back must not put it off for long. */
const isDue = (nowMs: number, dueMs: number, everyMs: number): boolean =>
  nowMs >= dueMs || dueMs - nowMs > 2 * everyMs;
