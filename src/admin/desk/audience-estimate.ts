import type { AudienceExpression } from "../../campaign/model.js";
import type { SegmentEntry } from "../../index/manifest.js";
import { mayUse } from "../../index/projection.js";

/** People; `high` Infinity = nothing bounds it. */
export type Bounds = { readonly low: number; readonly high: number };

/** What a line of the dictionary says of its size to everybody; null = nothing is published. */
export function bandBoundsOf({ bandedPeople, agencies }: SegmentEntry): Bounds | null {
  // An agency's own list: no number about its matches is ever shown.
  if (bandedPeople === 0 || agencies.length > 0) return null;
  return { low: bandedPeople, high: nextBand(bandedPeople) };
}

/** Bands begin at 1, 1.5, 2, 3, 5 and 7 times a power of ten (index/manifest `bandOf`). */
function nextBand(people: number): number {
  const unit = 10 ** Math.floor(Math.log10(people));
  const steps = [1, 1.5, 2, 3, 5, 7, 10];
  return Math.round((steps.find((step) => step * unit > people) ?? 10) * unit);
}

/** The segments of a dictionary that an agency may name; "" = the house, which sees all. */
export const segmentsFor = (
  dictionary: readonly SegmentEntry[],
  agency: string,
): readonly SegmentEntry[] =>
  agency === ""
    ? dictionary
    : dictionary.filter(({ agencies }) => mayUse(agencies, Number(agency)));

const unknown: Bounds = { low: 0, high: Number.POSITIVE_INFINITY };

/**
 * Bounds that hold however much the segments overlap, from published bands alone: `any` is between
 * its largest part and the sum of its parts, `all` at most its smallest part, less at most what its
 * `none` parts hold. Nothing is counted for it, so it tells nothing that the bands do not.
 */
export function boundsOf(
  expression: AudienceExpression,
  bandOf: (segment: string) => Bounds | null,
): Bounds {
  if (typeof expression === "string") return bandOf(expression) ?? unknown;
  if ("any" in expression) {
    const parts = expression.any.map((part) => boundsOf(part, bandOf));
    return {
      low: Math.max(0, ...parts.map(({ low }) => low)),
      high: parts.reduce((sum, { high }) => sum + high, 0),
    };
  }
  if ("none" in expression) return unknown;
  const inside: Bounds[] = [];
  let outside = 0;
  for (const part of expression.all) {
    if (typeof part === "string" || !("none" in part)) inside.push(boundsOf(part, bandOf));
    else for (const not of part.none) outside += boundsOf(not, bandOf).high;
  }
  // Two parts may have nobody in common.
  const low = inside.length === 1 ? Math.max(0, inside[0]!.low - outside) : 0;
  return { low, high: Math.min(Number.POSITIVE_INFINITY, ...inside.map(({ high }) => high)) };
}

/** To two digits, away from the middle; null = it cannot be said. */
export function shownBounds(
  { low, high }: Bounds,
  crowdMinimum: number,
): { readonly low: number | null; readonly high: number | null } {
  return {
    // Never that something is small: nothing below the crowd minimum is told apart.
    low: low < crowdMinimum ? null : twoDigits(low, Math.floor),
    high: Number.isFinite(high) ? twoDigits(Math.max(high, crowdMinimum), Math.ceil) : null,
  };
}

function twoDigits(people: number, round: (value: number) => number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(people)) - 1);
  return round(people / unit) * unit;
}
