import { Cell, type SharedState } from "../bid/shared-state.js";
import type { Log } from "./log.js";
import type { MoneyTotals } from "./money-messages.js";

/** What metrics show of caps and exposures. */
export type CapFacts = {
  readonly tableFull: number;
  readonly exposures: number;
  readonly exposuresLost: number;
  readonly rulesHeld: number;
  readonly failure: string;
};

export type CapWatch = {
  readonly facts: () => CapFacts;
  /** Looks now, beside the regular turns. */
  readonly look: () => void;
  readonly stop: () => void;
};

const lookEveryMs = 10_000;

/** Rings the alarm when the table of caps has no place, and when the exposure log fails. */
export function watchCaps(
  state: SharedState,
  totals: () => MoneyTotals | null,
  log: Pick<Log, "error">,
): CapWatch {
  const facts = (): CapFacts => {
    const exposures = totals()?.exposures;
    return {
      tableFull: state.cell(Cell.CAPS_FULL) >>> 0,
      exposures: exposures?.rows ?? 0,
      exposuresLost: exposures?.lost ?? 0,
      rulesHeld: exposures?.rulesHeld ?? 0,
      failure: exposures?.failure ?? "",
    };
  };
  let before = facts();
  let capsLost = 0;
  const look = (): void => {
    const now = facts();
    const times = now.tableFull - before.tableFull;
    if (times > 0) {
      log.error({ times }, "the table of frequency caps is full: capped line items bid less");
    }
    const lost = totals()?.exposures?.capsLost ?? 0;
    if (lost > capsLost) {
      const impressions = lost - capsLost;
      log.error(
        { impressions },
        "impressions found no place in the table of caps: their caps are held",
      );
      capsLost = lost;
    }
    if (now.failure !== before.failure && now.failure !== "") {
      log.error(
        { failure: now.failure },
        "exposure log: frequency caps that need it bid for nobody",
      );
    }
    before = now;
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return { facts, look, stop: () => clearInterval(timer) };
}
