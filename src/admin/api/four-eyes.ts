import type { JsonObject } from "../store/desk-store.js";
import { type Caller, mayCall } from "./access.js";
import { agency } from "./route.js";

/**
 * Four eyes: what a creative shows is approved by somebody who may, not by whoever changed it. A
 * creative that is new, or changed in anything but its name, waits again at every exchange unless
 * an approver saved it; and nobody else sets an approval by way of a form.
 */

export const mayApprove = (caller: Caller): boolean => mayCall(agency("approver"), caller);

const judged = new Set(["approvals", "approveAll"]);
const unjudged = new Set([...judged, "name", "id"]);

export function withApprovals(
  caller: Caller,
  before: JsonObject | null,
  form: JsonObject,
  exchanges: readonly string[],
): JsonObject {
  if (mayApprove(caller)) return form;
  const shown = entriesBut(form, judged);
  if (before !== null && markupOf(before) === markupOf(form)) {
    const kept = Object.entries(before).filter(([key]) => judged.has(key));
    return { ...shown, ...Object.fromEntries(kept) };
  }
  const pending = Object.fromEntries(exchanges.map((name) => [name, "pending"]));
  return exchanges.length === 0 ? shown : { ...shown, approvals: pending };
}

const entriesBut = (form: JsonObject, but: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(form).filter(([key]) => !but.has(key)));

/** The order of keys says nothing. */
const markupOf = (form: JsonObject): string =>
  JSON.stringify(Object.entries(entriesBut(form, unjudged)).sort(([a], [b]) => (a < b ? -1 : 1)));
