import type { Log } from "./log.js";
import type { MoneyTotals } from "./money-messages.js";

/** What metrics show of a clock that is not believed (bid/expiry-clock). */
export type ClockFacts = { readonly aheadSec: number; readonly doubted: number };

export type ClockWatch = {
  readonly facts: () => ClockFacts;
  /** Looks now, beside the regular turns. */
  readonly look: () => void;
  readonly stop: () => void;
};

const lookEveryMs = 10_000;
const says =
  "the clock is ahead of what it was: set it right, or leave it for an hour to be believed; " +
  "until then notices of tokens that would have expired are asked to come again (503)";

/** Rings once for each doubt; after a start, where nothing may have run so long, it only warns. */
export function watchClock(
  totals: () => MoneyTotals | null,
  log: Pick<Log, "error" | "warn">,
): ClockWatch {
  const facts = (): ClockFacts => {
    const newest = totals();
    return { aheadSec: newest?.clock.aheadSec ?? 0, doubted: newest?.counts.doubted ?? 0 };
  };
  let rang = false;
  const look = (): void => {
    const { aheadSec } = facts();
    const fields = { aheadSec };
    if (aheadSec === 0) rang = false;
    else if (!rang) {
      rang = true;
      if (totals()?.clock.sinceStart === true) log.warn(fields, says);
      else log.error(fields, says);
    }
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return { facts, look, stop: () => clearInterval(timer) };
}
