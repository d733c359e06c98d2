import { Hash64 } from "../base/hash.js";
import { capAdd, capKeyInto } from "../bid/cap.js";
import { holdAllCapRules, holdCapRule, openCapRule } from "../bid/cap-rule.js";
import type { SharedState } from "../bid/shared-state.js";
import { CapLevel } from "../campaign/caps.js";
import type { ExposurePlan } from "../ledger/budget-plan.js";
import { type ScannedExposure, scanExposures } from "./exposure-scan.js";

export type CapRulesParts = {
  readonly state: SharedState;
  /** Of the exposure log. */
  readonly folder: string;
  readonly nowMs: () => number;
};

/** Who saw it: an ordinal and 0, or both halves of an identifier's hash. */
type Person = { readonly lo: number; readonly hi: number };

type Rule = ExposurePlan["rules"][number] & {
  /** Bids up to this second may not have counted towards it; those of this second count twice. */
  readonly sinceSec: number;
  unknownFromSec: number;
  /** What the log has of its window is counted. */
  counted: boolean;
  /** Impressions that found no place in the table of caps yet. */
  missing: number;
};
type Count = { readonly rules: readonly Rule[]; readonly steps: Generator<void> };
type Missing = Person & { readonly rule: Rule; readonly atSec: number };

const hourSec = 3600;
/** Tried again each second: of all that found no place so many. */
const missingTriesMax = 1000;
/** Beyond so many a rule is held for as long as any of them could count. */
const missingMax = 10_000;

/**
 * The rules of caps in the Worlds that are served, and which of them are open. A rule is held while
 * anything that it must count is not counted: the log's rows of its window, an impression that
 * found no place in the table, rows that the disk does not take (a restart would not know them).
 * Fails closed: a log that cannot be read keeps its rules held, `stop` holds all for good.
 */
export class CapRules {
  /** Impressions that found no place in the table of caps at once. */
  capsLost = 0;
  /** "" while the log can be read. */
  failure = "";
  private readonly parts: CapRulesParts;
  private readonly rules = new Map<number, Rule>();
  /** By level and id, see `ownerKey`. */
  private readonly rulesOf = new Map<string, Rule[]>();
  private readonly campaigns = new Map<number, number>();
  private readonly advertisers = new Map<number, number>();
  /** Newest second of a bill, by line item, that may have been of somebody without an ordinal. */
  private readonly lastBillSec = new Map<number, number>();
  /** The latest moments that the clock has shown: of all boots, and of this one. */
  private latestSec = 0;
  private bootLatestSec = 0;
  private readonly counts: Count[] = [];
  private missing: Missing[] = [];
  /** Rules with more of them than are kept, and until when those could count. */
  private readonly overflown = new Map<Rule, number>();
  private suspended = false;
  private stopped = false;
  private readonly key = new Hash64();

  constructor(parts: CapRulesParts) {
    this.parts = parts;
  }

  /** 0 = not known. */
  campaignOf(lineItem: number): number {
    return this.campaigns.get(lineItem) ?? 0;
  }

  /** Of a campaign; 0 = not known. */
  advertiserOf(campaign: number): number {
    return this.advertisers.get(campaign) ?? 0;
  }

  noteCampaign(lineItem: number, campaign: number): void {
    this.campaigns.set(lineItem, campaign);
  }

  noteAdvertiser(campaign: number, advertiser: number): void {
    this.advertisers.set(campaign, advertiser);
  }

  /** A bill that may have been of somebody without an ordinal. */
  noteBill(lineItem: number, sec: number): void {
    this.lastBillSec.set(lineItem, Math.max(this.lastBillSec.get(lineItem) ?? 0, sec));
  }

  /** What the clock has shown, in this boot or in an earlier one. */
  noteMoment(sec: number, ofBoot: boolean): void {
    if (sec > this.latestSec) this.latestSec = sec;
    if (ofBoot && sec > this.bootLatestSec) this.bootLatestSec = sec;
  }

  held(): number {
    let held = 0;
    for (const rule of this.rules.values()) if (this.isHeld(rule)) held++;
    return held;
  }

  /** The rules of a World that is about to be served. */
  adopt(served: ExposurePlan["rules"]): void {
    this.dropGone(new Set(served.map(({ place }) => place)));
    const fresh = served.filter(({ place }) => !this.rules.has(place));
    if (fresh.length > 0) this.countBefore(fresh);
  }

  /** While rows wait for the disk: what is shown now a restart would not know of. */
  suspend(suspended: boolean): void {
    if (suspended === this.suspended) return;
    this.suspended = suspended;
    for (const rule of this.rules.values()) this.show(rule);
  }

  /** Until the process ends. */
  stop(): void {
    this.stopped = true;
    holdAllCapRules(this.parts.state);
  }

  /** The rules that count an impression, each with whether a bid at `bidSec` pended with it. */
  *rulesFor(lineItem: number, bidSec: number): Generator<readonly [Rule, boolean]> {
    const campaign = this.campaignOf(lineItem);
    const advertiser = this.advertiserOf(campaign);
    for (const rule of rulesIn(this.rulesOf, lineItem, campaign, advertiser)) {
      yield [rule, bidSec > rule.sinceSec];
    }
  }

  /** It may have been anybody's without an ordinal: they wait a window. */
  holdUnknown(rule: Rule, billSec: number): void {
    const fromSec = billSec + rule.windowSec + 1;
    if (fromSec <= rule.unknownFromSec) return;
    rule.unknownFromSec = fromSec;
    this.show(rule);
  }

  /** An impression that no reservation counts. The rule is held while it finds no place. */
  add(rule: Rule, person: Person, atSec: number): void {
    if (this.enter(rule, person, atSec)) return;
    this.capsLost++;
    if (this.missing.length < missingMax) {
      this.missing.push({ ...person, rule, atSec });
      rule.missing++;
    } else {
      const untilSec = atSec + rule.windowSec + 1;
      this.overflown.set(rule, Math.max(this.overflown.get(rule) ?? 0, untilSec));
    }
    this.show(rule);
  }

  /** Every second: those without a place in the table may have one by now, or count no more. */
  seekPlaces(): void {
    const { nowSec } = this;
    const tried = this.missing.splice(0, missingTriesMax);
    for (const one of tried) {
      const over = one.atSec + one.rule.windowSec < nowSec;
      if (this.isServed(one.rule) && !over && !this.enter(one.rule, one, one.atSec)) {
        this.missing.push(one);
        continue;
      }
      one.rule.missing--;
      this.show(one.rule);
    }
    for (const [rule, untilSec] of this.overflown) {
      if (untilSec > nowSec) continue;
      this.overflown.delete(rule);
      this.show(rule);
    }
  }

  /** Goes on counting for at most so long. */
  count(msMax: number): void {
    const untilMs = this.parts.nowMs() + msMax;
    for (let next = this.counts[0]; next !== undefined; next = this.counts[0]) {
      if (!this.countSome(next, untilMs)) return;
      this.counts.shift();
      for (const rule of next.rules) {
        rule.counted = true;
        this.show(rule);
      }
    }
  }

  private get nowSec(): number {
    return Math.floor(this.parts.nowMs() / 1000);
  }

  /** Of those that no World has any more places may belong to others. */
  private isServed(rule: Rule): boolean {
    return this.rules.get(rule.place) === rule;
  }

  private isHeld(rule: Rule): boolean {
    const uncounted = !rule.counted || rule.missing > 0 || this.overflown.has(rule);
    return this.stopped || this.suspended || uncounted;
  }

  private show(rule: Rule): void {
    if (!this.isServed(rule)) return;
    const { state } = this.parts;
    if (this.isHeld(rule)) holdCapRule(state, rule.place);
    else openCapRule(state, rule.place, rule.unknownFromSec);
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
    const { nowSec } = this;
    // Bids of before are of the latest moment at most: the clock may have been set back since.
    const sinceSec = Math.max(nowSec, Math.floor(this.bootLatestSec));
    const state = { sinceSec, unknownFromSec: 0, counted: false, missing: 0 };
    const rules = fresh.map((rule) => ({ ...rule, ...state }));
    const own = new Map<string, Rule[]>();
    for (const rule of rules) {
      this.rules.set(rule.place, rule);
      const key = ownerKey(rule.level, rule.id);
      for (const map of [this.rulesOf, own]) map.set(key, [...(map.get(key) ?? []), rule]);
      this.show(rule);
    }
    const longestSec = rules.reduce((sec, { windowSec }) => Math.max(sec, windowSec), 0);
    const fromSec = nowSec - longestSec - hourSec;
    const take = (row: ScannedExposure): void => this.countRow(row, own, nowSec);
    this.counts.push({ rules, steps: scanExposures(this.parts.folder, fromSec, take) });
    for (const [lineItem, billSec] of this.lastBillSec) {
      for (const rule of this.rulesTouchedBy(lineItem, rules, own)) {
        if (billSec + rule.windowSec >= nowSec) this.holdUnknown(rule, billSec);
      }
    }
  }

  /** Of a line item that no World names any more it may not be known whose it was: then all's. */
  private rulesTouchedBy(
    lineItem: number,
    rules: readonly Rule[],
    own: ReadonlyMap<string, readonly Rule[]>,
  ): readonly Rule[] {
    const campaign = this.campaigns.get(lineItem);
    const advertiser = campaign === undefined ? undefined : this.advertisers.get(campaign);
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
    nowSec: number,
  ): void {
    const endSec = hour + hourSec;
    // A clock that was set back may have shown all of the hour: then a bill may be of its end.
    const over = hour > nowSec || this.latestSec > nowSec;
    const billSec = over ? endSec : Math.min(endSec, nowSec);
    for (const rule of rulesIn(own, lineItem, campaign, advertiser)) {
      if (endSec + rule.windowSec < nowSec) continue;
      this.add(rule, { lo: person, hi: 0 }, billSec);
    }
  }

  private enter({ place, windowSec }: Rule, { lo, hi }: Person, atSec: number): boolean {
    const { key } = this;
    capKeyInto(lo, hi, place, key);
    return capAdd(this.parts.state, key.lo, key.hi, windowSec, atSec, this.nowSec);
  }

  /** False: the time is over. */
  private countSome({ steps }: Count, untilMs: number): boolean {
    if (this.failure !== "") return false;
    try {
      for (;;) {
        if (steps.next().done === true) return true;
        if (this.parts.nowMs() >= untilMs) return false;
      }
    } catch (error) {
      // Without the log nobody knows who was shown what: the rules stay held until a restart.
      const { code } = error as NodeJS.ErrnoException;
      this.failure = `${this.parts.folder} cannot be read: ${code ?? String(error)}`;
      return false;
    }
  }
}

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
