import { NoticeKind } from "../base/lists.js";
import { unpackAlpha3 } from "../base/units.js";
import type { SharedState } from "../bid/shared-state.js";
import { type Entry, momentMsOf, type NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind, TokenFlag } from "../journal/record.js";
import type { GhostBid } from "../journal/ring-entry.js";
import type { BudgetPlan } from "../ledger/budget-plan.js";
import { CapRules } from "./cap-rules.js";
import { Behaviour } from "./exposure-file.js";
import type { ExposureLog, ExposureRow } from "./exposure-log.js";
import { type ForgetPosition, type ForgetRead, forgetLogStart } from "./forget-log.js";
import type { MoneyFold, Whose } from "./money-fold.js";

/** What main hears of it. */
export type ExposureTotals = {
  readonly rows: number;
  readonly lost: number;
  /** Rules that are held: their line items do not bid for anybody who is known. */
  readonly rulesHeld: number;
  /** Impressions that found no place in the table of caps at once. */
  readonly capsLost: number;
  /** "" while the log can be written and read, and nothing threw. */
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

const secondMs = 1000;
const hourMs = 3_600_000;
/** Of one round: notices wait no longer for their block. */
const countMsMax = 20;
/** At the start of a boot or with an edit, before its World is served. */
const firstCountMsMax = 200;

/**
 * Exposures on the money thread: writes the exposure log, and makes frequency caps outlive the
 * process. A rule of a cap is held from its first World on until the exposures that the log has of
 * its window are counted, each at the end of its hour, also where that is ahead of a clock that was
 * set back: longer, never shorter. People without an ordinal are in no log; for them a rule opens a
 * window after the last bill that may have been theirs, which the journal tells. What a crash
 * leaves uncounted are a person's own bids that were in flight at that moment, rows that the disk
 * had not taken, and rows that the machine (not the process) lost: those of its last second.
 *
 * It fails closed and alone: rules are held while rows wait for the disk, and until the next start
 * after anything here has thrown (cap-rules.ts); bills are booked as before.
 *
 * Another kind of row (a click, a ghost): add its word to `Behaviour` (exposure-file.ts) and to
 * `behaviours` of touchpoints/ad.yaml, or the bank puts it into quarantine; have `take` call `note`
 * with it, from whatever entry tells of it and whose it is. No reader of caps counts it: they count
 * the word `exposure` alone. Whoever is forgotten must be in no row, so ask `forgotten` first, as
 * `takeNotice` does.
 */
export class ExposureFold implements MoneyFold {
  private readonly parts: ExposureFoldParts;
  private readonly rules: CapRules;
  private epoch = 0;
  private boot = 0;
  private nowMs = 0;
  private syncDueMs = 0;
  private expireDueMs = 0;
  /** What was thrown first. */
  private thrown = "";
  private readonly countryOf = new Map<number, string>();
  /** Rows whose block of the journal is not durable yet. */
  private taken: ExposureRow[] = [];
  private readonly forgotten = new Set<number>();
  private forgetPosition = forgetLogStart;
  private forgetsTold = 0;
  private ghosts = 0;

  constructor(parts: ExposureFoldParts) {
    this.parts = parts;
    this.rules = new CapRules(parts);
    this.nowMs = parts.nowMs();
    // No row before it is known who must be in none.
    this.guard(() => this.hearForgets());
  }

  totals(): ExposureTotals {
    const { rows, lost, failure } = this.parts.log;
    const { capsLost } = this.rules;
    const why = this.thrown || this.rules.failure || failure;
    // Whoever asks about a person must not see a ghost go by in a number.
    const shown = rows - this.ghosts;
    return { rows: shown, lost, failure: why, rulesHeld: this.rules.held(), capsLost };
  }

  readonly replay = (entry: Entry): void => this.guard(() => this.learn(entry));

  readonly adopt = ({ exposures }: BudgetPlan, boot: number): void => {
    if (this.boot !== boot) this.parts.log.begin(boot);
    this.boot = boot;
    if (exposures === undefined) return;
    this.nowMs = this.parts.nowMs();
    this.epoch = exposures.epoch;
    this.guard(() => {
      for (const { lineItem, campaign, advertiser } of exposures.lineItems) {
        this.rules.noteCampaign(lineItem, campaign);
        this.rules.noteAdvertiser(campaign, advertiser);
      }
    });
    // What waits there is durable in the journal: the rules' windows are counted from the log.
    this.guard(() => this.parts.log.flush(this.nowSec));
    this.guardCaps(() => {
      this.rules.adopt(exposures.rules);
      this.rules.count(firstCountMsMax);
    });
  };

  readonly step = (nowMs: number, out: Entry[]): void => {
    this.nowMs = nowMs;
    this.rules.noteMoment(nowMs / 1000, true);
    if (isDue(nowMs, this.syncDueMs, secondMs)) {
      this.syncDueMs = nowMs + secondMs;
      this.guard(() => {
        this.parts.log.sync(this.nowSec);
        this.hearForgets();
      });
      this.tellForgets(nowMs, out);
      this.guardCaps(() => this.rules.seekPlaces());
    }
    if (isDue(nowMs, this.expireDueMs, hourMs)) {
      this.expireDueMs = nowMs + hourMs;
      this.guard(() => this.parts.log.expire(this.nowSec));
    }
    this.guardCaps(() => this.rules.count(countMsMax));
  };

  readonly take = (entry: Entry, whose: Whose | null): void => {
    if (entry.kind === RecordKind.CELL) {
      if (entry.country !== 0) this.countryOf.set(entry.cell, unpackAlpha3(entry.country));
    } else if (entry.kind === RecordKind.NOTICE && whose !== null) this.takeNotice(entry, whose);
  };

  readonly ghost = ({ lineItem, ordinal, country }: GhostBid): void => {
    if (ordinal === 0 || this.forgotten.has(ordinal)) return;
    const where = country === 0 ? "" : unpackAlpha3(country);
    this.noteAt(lineItem, ordinal, Behaviour.GHOST, where);
  };

  readonly durable = (): void => {
    const rows = this.taken;
    this.taken = [];
    this.guard(() => {
      for (const row of rows) {
        if (row.behaviour === Behaviour.GHOST) this.ghosts++;
        this.parts.log.add(row, this.nowSec);
      }
      this.parts.log.flush(this.nowSec);
    });
    this.guardCaps(() => this.rules.suspend(this.parts.log.isBehind));
  };

  /** What no durable block tells of is not written. */
  readonly close = (): void => this.guard(() => this.parts.log.close(this.nowSec));

  private get nowSec(): number {
    return Math.floor(this.nowMs / 1000);
  }

  /** What throws costs no bill, and no cap is open after it. */
  private guard(job: () => void): void {
    try {
      job();
    } catch (error) {
      this.thrown ||= wordsOf(error);
      this.rules.stop();
    }
  }

  /** Nothing opens a rule any more once something was thrown. */
  private guardCaps(job: () => void): void {
    if (this.thrown === "") this.guard(job);
  }

  private learn(entry: Entry): void {
    const { rules } = this;
    rules.noteMoment(momentMsOf(entry) / 1000, false);
    if (entry.kind === RecordKind.NOTICE) {
      if (isBill(entry)) rules.noteBill(entry.lineItem, Math.floor(entry.receivedMs / 1000));
    } else if (entry.kind === RecordKind.GRANT) rules.noteCampaign(entry.lineItem, entry.campaign);
    else if (entry.kind === RecordKind.FORGET) {
      this.forgetsTold = Math.max(this.forgetsTold, entry.sequence);
    } else if (entry.kind === RecordKind.TERMS) {
      rules.noteCampaign(entry.lineItem, entry.campaign);
      rules.noteAdvertiser(entry.campaign, entry.advertiser);
    }
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

  private tellForgets(timeMs: number, out: Entry[]): void {
    const { sequence } = this.forgetPosition;
    if (sequence <= this.forgetsTold || this.boot === 0) return;
    this.forgetsTold = sequence;
    out.push({ kind: RecordKind.FORGET, boot: this.boot, sequence, timeMs });
  }

  private takeNotice(entry: NoticeEntry, whose: Whose): void {
    if ((entry.flags & TokenFlag.TEST) !== 0) return;
    const billed = isBill(entry);
    if (billed) this.guardCaps(() => this.countBill(entry, whose));
    const { ordinal } = whose;
    if (ordinal === 0 || this.forgotten.has(ordinal)) return;
    if (billed) this.note(entry, ordinal, Behaviour.EXPOSURE);
    else if (entry.noticeKind === NoticeKind.CLICK) this.note(entry, ordinal, Behaviour.CLICK);
  }

  /** One row, written once what the journal knows of it is durable. */
  private note(
    { lineItem, cell }: { readonly lineItem: number; readonly cell: number },
    person: number,
    behaviour: Behaviour,
  ): void {
    this.noteAt(lineItem, person, behaviour, this.countryOf.get(cell) ?? "");
  }

  private noteAt(lineItem: number, person: number, behaviour: Behaviour, country: string): void {
    const campaign = this.rules.campaignOf(lineItem);
    const advertiser = this.rules.advertiserOf(campaign);
    const { epoch } = this;
    this.taken.push({ person, epoch, behaviour, lineItem, campaign, advertiser, country });
  }

  /** What the bid's own reservation has not counted. */
  private countBill(entry: NoticeEntry, { ordinal, hashLo, hashHi, slotless }: Whose): void {
    const { lineItem, effect } = entry;
    const billSec = Math.floor(entry.receivedMs / 1000);
    if (ordinal === 0) this.rules.noteBill(lineItem, billSec);
    const known = ordinal !== 0 || hashLo !== 0 || hashHi !== 0;
    const person = ordinal !== 0 ? { lo: ordinal, hi: 0 } : { lo: hashLo, hi: hashHi };
    for (const [rule, bidLater] of this.rules.rulesFor(lineItem, entry.timeSec)) {
      const pended = bidLater && effect !== NoticeEffect.EARLIER_BOOT;
      // Without a slot nothing pended, because nothing was known of whom to count for.
      if (pended && (effect === NoticeEffect.BILLED || slotless)) continue;
      if (known) this.rules.add(rule, person, this.nowSec);
      else this.rules.holdUnknown(rule, billSec);
    }
  }
}

const isBill = ({ effect }: NoticeEntry): boolean =>
  effect === NoticeEffect.BILLED ||
  effect === NoticeEffect.LATE ||
  effect === NoticeEffect.EARLIER_BOOT;

/** A clock that went back must not put it off for long. */
const isDue = (nowMs: number, dueMs: number, everyMs: number): boolean =>
  nowMs >= dueMs || dueMs - nowMs > 2 * everyMs;

/** Where, and no message: that may name a person. */
function wordsOf(error: unknown): string {
  const { name, stack = "" } = error instanceof Error ? error : new Error("thrown");
  const at = /^ +at .*$/m.exec(stack)?.[0].trim() ?? "an unknown place";
  return `${name} ${at}: frequency caps bid for nobody until a restart`;
}
