import { haveSameElements } from "../base/alike.js";
import type { CapLevel } from "../campaign/caps.js";
import { figuresChanged, isMoneyAlike } from "../campaign/figures.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { AmountUnit, ExposurePlan } from "../ledger/budget-plan.js";
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

type Sent = { readonly built: BuiltWorld; readonly config: LoadedConfig; readonly sentMs: number };

/**
 * Tells the money thread of each World before the workers have it: its whole plan, or, where no
 * money is another (most edits are of prices), its number alone. A plan of 10,000 line items costs
 * 100 ms here and as much on the money's side.
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
    if (this.sent !== null && isSameMoney(this.sent, { built, config, sentMs })) {
      money.sendGeneration(generation);
      return;
    }
    const plan = await inSlices(planSteps(generation, built.compiled, config, placeOf, sentMs));
    await giveWay();
    const { epoch } = built.parts.index;
    const exposures = await inSlices(exposurePlanSteps(config, epoch, capPlaceOf));
    await giveWay();
    money.sendPlan({ ...plan, exposures });
    this.sent = { built, config, sentMs };
    await giveWay();
    warnOfShortLog(log, exposures, exposureDaysKept);
  }
}

/** Whether the plan that was sent is that of this World too, but for its number. */
function isSameMoney(sent: Sent, now: Sent): boolean {
  const [a, b] = [sent.config, now.config];
  const ageMs = now.sentMs - sent.sentMs;
  if (ageMs < 0 || ageMs > planLifeMs) return false;
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
