import { haveSameElements } from "../base/alike.js";
import type { Transition } from "../campaign/zone.js";
import { isSameZone, localDay, offsetAt, type PacingMode } from "./budget-plan.js";
import type { TrafficShape } from "./traffic-shape.js";

/**
 * The plan of one budget's local day: what part of the day's money is planned by each moment, by
 * traffic, flight and day-parts; and what part of the rest of the flight the day is.
 */
export const slotSec = 900;
const hourSec = 3600;
/** The most that is planned of a rest: `ahead` spends (1 - (1 - u)^1.5) of a day by its part u. */
const aheadPower = 1.5;

export type PacedSpan = {
  readonly zone: readonly Transition[];
  readonly startMs: number;
  readonly endMs: number;
  /** Hours of the week as six words; null = all. */
  readonly week: readonly number[] | null;
  readonly mode: PacingMode;
};

/** Whether two spans make the same day. */
export function isSameSpan(a: PacedSpan, b: PacedSpan): boolean {
  if (a.mode !== b.mode || a.startMs !== b.startMs || a.endMs !== b.endMs) return false;
  return isSameWeek(a.week, b.week) && isSameZone(a.zone, b.zone);
}

function isSameWeek(a: PacedSpan["week"], b: PacedSpan["week"]): boolean {
  if (a === null || b === null) return a === b;
  return haveSameElements(a, b);
}

export class PacingDay {
  readonly day: number;
  readonly startSec: number;
  /** By quarter of an hour from `startSec`: relative traffic, 0 where nothing may be bid. */
  readonly weights: readonly number[];
  /** Of all of the day. */
  readonly weight: number;
  /** Of the flight from the beginning of this day; Infinity where the flight has no end. */
  readonly flightWeight: number;
  private readonly power: number;
  private readonly mode: PacingMode;

  constructor(span: PacedSpan, shape: TrafficShape, nowSec: number) {
    const { zone } = span;
    this.mode = span.mode;
    this.power = span.mode === "ahead" ? aheadPower : 1;
    this.day = localDay(zone, nowSec);
    let first = Math.floor(nowSec / slotSec);
    while (localDay(zone, (first - 1) * slotSec) === this.day) first--;
    this.startSec = first * slotSec;
    const weights: number[] = [];
    for (let slot = first; localDay(zone, slot * slotSec) === this.day; slot++) {
      weights.push(weightOf(span, shape, slot * slotSec));
    }
    this.weights = weights;
    this.weight = weights.reduce((sum, weight) => sum + weight, 0);
    const endSec = this.startSec + weights.length * slotSec;
    this.flightWeight = this.weight + laterWeight(span, shape, endSec);
  }

  /** The part of a flight's rest that this day should spend. */
  get shareOfFlight(): number {
    if (this.flightWeight === 0 || this.flightWeight === Number.POSITIVE_INFINITY) return 0;
    return Math.min(1, (this.power * this.weight) / this.flightWeight);
  }

  /** Relative traffic of that moment's quarter of an hour; 0 outside. */
  weightAt(sec: number): number {
    return this.weights[Math.floor((sec - this.startSec) / slotSec)] ?? 0;
  }

  /** The weight from that moment to the end of the day; of all of it before its beginning. */
  restWeight(sec: number): number {
    const at = Math.max(0, (sec - this.startSec) / slotSec);
    const slot = Math.floor(at);
    let rest = (this.weights[slot] ?? 0) * (1 - (at - slot));
    for (let i = slot + 1; i < this.weights.length; i++) rest += this.weights[i]!;
    return rest;
  }

  /** The part of the day's money that is planned to be spent by then. */
  plannedBy(sec: number): number {
    if (this.weight === 0 || this.mode === "asap") return 1;
    if (sec <= this.startSec) return 0;
    return 1 - (this.restWeight(sec) / this.weight) ** this.power;
  }

  /**
   * The part of what is left of the day's money to be spent a second at that moment; with `ahead`
   * more of it than the traffic's part.
   */
  rateAt(sec: number): number {
    const rest = this.restWeight(sec);
    return rest <= 0 ? 0 : (this.power * this.weightAt(sec)) / (rest * slotSec);
  }
}

function weightOf(span: PacedSpan, shape: TrafficShape, sec: number): number {
  if (sec * 1000 < span.startMs || sec * 1000 >= span.endMs) return 0;
  const offsetSec = offsetAt(span.zone, sec);
  return isOpen(span.week, sec + offsetSec) ? shape.weightAt(sec, offsetSec) : 0;
}

/** Whether the hour of the week of a local second is set; 1970-01-01 was a Thursday. */
function isOpen(week: readonly number[] | null, localSec: number): boolean {
  if (week === null) return true;
  const hour = (Math.floor(localSec / 3600) + 72) % 168;
  return ((week[hour >>> 5]! >>> (hour & 31)) & 1) === 1;
}

/** Of the flight after this day, week by week: changes of clocks move it by an hour at most. */
function laterWeight(span: PacedSpan, shape: TrafficShape, fromSec: number): number {
  if (span.endMs === Number.POSITIVE_INFINITY) return span.endMs;
  const endSec = span.endMs / 1000;
  const weekSec = 7 * 86_400;
  const weeks = Math.max(0, Math.floor((endSec - fromSec) / weekSec));
  const open = { ...span, startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };
  const sum = (from: number, to: number): number => {
    let weight = 0;
    for (let sec = from; sec < to; sec += hourSec) weight += 4 * weightOf(open, shape, sec);
    return weight;
  };
  const week = weeks > 0 ? sum(fromSec, fromSec + weekSec) : 0;
  return weeks * week + sum(fromSec + weeks * weekSec, endSec);
}
