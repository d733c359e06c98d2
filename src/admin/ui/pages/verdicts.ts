import type { JsonObject } from "../../store/desk-store.js";

/** What exchanges said of a creative, in order of their names. */
export function verdictsOf(
  form: JsonObject,
): readonly (readonly [exchange: string, verdict: string])[] {
  const approvals = form["approvals"];
  if (typeof approvals !== "object" || approvals === null) return [];
  return Object.entries(approvals)
    .map(([exchange, verdict]) => [exchange, String(verdict)] as const)
    .sort(([a], [b]) => a.localeCompare(b));
}
