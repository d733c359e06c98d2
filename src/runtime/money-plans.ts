import { areAlike, haveSameElements } from "../base/alike.js";
import type { Steps } from "../base/steps.js";
import type { CapLevel } from "../campaign/caps.js";
import { figuresChanged, isMoneyAlike } from "../campaign/figures.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { AmountUnit, BudgetPlan, ExposurePlan } from "../ledger/budget-plan.js";
import type { Log } from "./log.js";
import type { Money } from "./money.js";
import { exposurePlanSteps, planSteps } from "./plan.js";
import { giveWay, inSlices } from "./slices.js";
import type { BuiltWorld } from "./world-build.js";

export type MoneyPlansParts = {
  readonly money: Pick<Money, "sendPlan" | "sendGeneration">;
  readonly placeOf: (lineItem: number, unit?: AmountUnit) => number;
  readonly capPlaceOf: (level: CapLevel, id: number, windowSec: number) => number;
  readonly nowMs: () => number;
  readonly log: Pick<Log, "warn">;
  /** Days for which this process keeps exposures. */
  readonly exposureDaysKept: number;
};

/** A plan's changes of clocks reach far ahead of its moment, but not for ever. */
const planLifeMs = 86_400_000;

type Sent = {
  readonly built: BuiltWorld;
  readonly config: LoadedConfig;
  readonly sentMs: number;
  /** The last one that was sent whole, and when. */
  readonly plan: SentPlan;
  readonly planMs: number;
};
type SentPlan = BudgetPlan & { readonly exposures: ExposurePlan };

/**
 * Tells the money thread of each World before the workers have it: its whole plan, or, where no
 * money is another (most edits are of prices), its number alone. A plan of 10,000 line items costs
 * 100 ms here and as much on the money's side, both in slices: so a plan that says what the last
 * one said (an edit of targeting, of a creative) stays here.
 */
export class MoneyPlans {
  private readonly parts: MoneyPlansParts;
  private sent: Sent | null = null;

  constructor(parts: MoneyPlansParts) {
    this.parts = parts;
  }

  async send(built: BuiltWorld, config: LoadedConfig): Promise<void> {
    const { money, placeOf, capPlaceOf, nowMs, log, exposureDaysKept } = this.parts;
    const { generation } = built.parts;
    const sentMs = nowMs();
    const { sent } = this;
    if (sent !== null && isSameMoney(sent, { built, config, sentMs })) {
      money.sendGeneration(generation);
      return;
    }
    const plan = await inSlices(planSteps(generation, built.compiled, config, placeOf, sentMs));
    await giveWay();
    const { epoch } = built.parts.index;
    const exposures = await inSlices(exposurePlanSteps(config, epoch, capPlaceOf));
    const whole: SentPlan = { ...plan, exposures };
    if (sent !== null && isYoung(sent.planMs, sentMs)) {
      if (await inSlices(saysTheSame(sent.plan, whole))) {
        money.sendGeneration(generation);
        this.sent = { ...sent, built, config, sentMs };
        return;
      }
    }
    await giveWay();
    await money.sendPlan(whole);
    this.sent = { built, config, sentMs, plan: whole, planMs: sentMs };
    await giveWay();
    warnOfShortLog(log, exposures, exposureDaysKept);
  }
}

const isYoung = (planMs: number, nowMs: number): boolean =>
  nowMs >= planMs && nowMs - planMs <= planLifeMs;

/** Whether two plans differ in their numbers alone. */
function* saysTheSame(a: SentPlan, b: SentPlan): Steps<boolean> {
  const { campaigns: ours, exposures: followed, generation: _, ...rest } = a;
  const { campaigns: theirs, exposures: others, generation: __, ...more } = b;
  const { lineItems: had, ...rules } = followed;
  const { lineItems: have, ...othersRules } = others;
  if (!areAlike(rest, more)) return false;
  yield;
  if (!areAlike(rules, othersRules)) return false;
  for (const [left, right] of [
    [ours, theirs],
    [had, have],
  ] as const) {
    if (left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) {
      if (i % alikeAStep === alikeAStep - 1) yield;
      if (!areAlike(left[i], right[i])) return false;
    }
  }
  return true;
}

/** Some 2 to 10 us each. */
const alikeAStep = 256;

/** Whether the plan that was sent is that of this World too, but for its number. */
function isSameMoney(sent: Sent, now: Pick<Sent, "built" | "config" | "sentMs">): boolean {
  const [a, b] = [sent.config, now.config];
  if (!isYoung(sent.planMs, now.sentMs)) return false;
  if (sent.built.parts.index.epoch !== now.built.parts.index.epoch) return false;
  const others = ["rates", "fees", "ceilings"] as const;
  if (!others.every((name) => a[name] === b[name])) return false;
  if (!haveSameElements(a.exchanges, b.exchanges)) return false;
  const changed = figuresChanged(a.book, b.book);
  if (changed === null) return false;
  return changed.every((i) => isMoneyAlike(a.book.lineItems[i]!, b.book.lineItems[i]!));
}

/** Caps outlive a start only as far back as the exposure log reaches. */
function warnOfShortLog(log: Pick<Log, "warn">, { rules }: ExposurePlan, keptDays: number): void {
  const longestDays = rules.reduce((days, { windowSec }) => Math.max(days, windowSec), 0) / 86_400;
  if (longestDays <= keptDays) return;
  const fields = { longestDays, keptDays };
  log.warn(fields, "a cap's window is longer than retentionDays of touchpoints/ad.yaml");
}
