import type { Clock } from "../base/clock.js";
import type { DeskEvent } from "./desk-event.js";
import { logEvent } from "./desk-event-log.js";
import type { Log } from "./log.js";
import type { ReleaseDesk } from "./release-desk.js";
import type { SnapshotRefusals } from "./snapshot-refusals.js";

export type TellerParts = {
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly releases: Pick<ReleaseDesk, "verdicts">;
  readonly refusals: Pick<SnapshotRefusals, "note">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly also: ((event: DeskEvent) => void) | undefined;
};

/**
 * Tells the log, and whoever else listens, what the World desk did. Verdicts are written first and
 * told then: what the ledger does not take is not told at all, neither which nor how many.
 */
export const tellerOf =
  ({ log, releases, refusals, clock, also }: TellerParts) =>
  (event: DeskEvent): void => {
    if (event.kind === "audiences_judged" && !releases.verdicts(event.certificates)) return;
    logEvent(log, event);
    if (event.kind === "not_certified") refusals.note([event], clock.nowMs());
    also?.(event);
  };
