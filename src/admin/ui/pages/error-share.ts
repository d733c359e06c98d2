import { percentText } from "./funnel-steps.js";

type Counted = { readonly requests?: number; readonly queriesPerSecond?: number };
type Kind = { readonly lastHour: number; readonly tolerancePercent: number | null };

/**
 * Errors of the last hour as a share of about as many requests as an hour at this pace has; null
 * where nothing is asked.
 */
function shareOf(
  { requests = 0, queriesPerSecond = 0 }: Counted,
  { lastHour }: Kind,
): number | null {
  // A program of ten minutes has not had an hour's requests yet.
  const asked = Math.min(requests, queriesPerSecond * 3600) || requests;
  return asked === 0 ? null : Math.min(100, (100 * lastHour) / asked);
}

/** Whether it is more than exchanges commonly bear. */
export function isOver(counted: Counted, error: Kind): boolean {
  const share = shareOf(counted, error);
  return share !== null && error.tolerancePercent !== null && share > error.tolerancePercent;
}

export function shareText(counted: Counted, error: Kind): string {
  const share = shareOf(counted, error);
  if (share === null) return "nothing was asked";
  const about = `about ${percentText(share)} of requests`;
  if (error.tolerancePercent === null) return about;
  return `${about}: ${isOver(counted, error) ? "too many" : "within"}`;
}
