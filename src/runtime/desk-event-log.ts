import type { DeskEvent } from "./desk-event.js";
import type { Log } from "./log.js";

/** What operators read of the World desk. */
export function logEvent(log: Pick<Log, "info" | "warn" | "error">, event: DeskEvent): void {
  if (event.kind === "published") log.info(event, "World published");
  else if (event.kind === "config_warned") log.warn({ issues: event.issues }, "config");
  else if (event.kind === "config_refused") {
    log.error({ issues: event.issues }, "config refused: the last good World stays");
  } else if (event.kind === "audiences_judged") {
    if (event.refused.length > 0) log.warn({ refused: event.refused }, "audiences refused");
  } else if (event.kind === "warming") {
    log.warn(event, "line items wait until the planes of their segments are loaded");
  } else log.error(event, event.kind.replaceAll("_", " "));
}
