import type { ReportAddress } from "./report-address.js";

const dayMs = 86_400_000;

/** The day that it is at `atMs` in a time zone ("" = the page's own), as `2026-11-26`. */
export const dayIn = (timeZone: string, atMs: number): string =>
  new Date(atMs).toLocaleDateString("sv-SE", timeZone === "" ? {} : { timeZone });

/** The day `days` after `day` ("2026-11-26"), before it where negative. */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, "2026-11-26".length);

/** The last `days` days up to `today`, both included. */
export const lastDays = (today: string, days: number): Pick<ReportAddress, "from" | "to"> => ({
  from: dayAfter(today, 1 - days),
  to: today,
});
