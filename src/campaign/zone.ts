import type { UnixMs } from "../base/units.js";

/** A zone's offset from one moment on: local time = UTC + offsetSec. */
export type Transition = { readonly fromSec: number; readonly offsetSec: number };

const hourSec = 3600;
const stepSec = 5 * 24 * hourSec;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/**
 * True for names of the IANA database that this runtime knows ("Europe/Paris"); false for "+01:00".
 */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

export const knownZones = (): readonly string[] => ["UTC", ...Intl.supportedValuesOf("timeZone")];

/** Seconds to add to UTC for local time in the zone at that moment. */
export function offsetSecAt(zone: string, atSec: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atSec * 1000)) {
    if (type !== "literal") parts[type] = Number(value);
  }
  const local = Date.UTC(
    parts["year"] ?? 0,
    (parts["month"] ?? 1) - 1,
    parts["day"] ?? 1,
    parts["hour"] ?? 0,
    parts["minute"] ?? 0,
    parts["second"] ?? 0,
  );
  return local / 1000 - atSec;
}

/**
 * The zone's offsets over [fromSec, toSec], the first entry from `fromSec` on. Steps of five days
 * find every change but two within one step that cancel out (the shortest such pair, Morocco's
 * month of fasting, is four weeks apart); a bisection finds its second. About 2 ms a year.
 */
export function transitionsOf(zone: string, fromSec: number, toSec: number): Transition[] {
  let offset = offsetSecAt(zone, fromSec);
  const out: Transition[] = [{ fromSec, offsetSec: offset }];
  // Offsets are told of whole seconds, and a flight may end between two.
  const endSec = Math.ceil(toSec);
  for (let at = fromSec; at < endSec; ) {
    const next = Math.min(at + stepSec, endSec);
    const nextOffset = offsetSecAt(zone, next);
    if (nextOffset !== offset) {
      const changeSec = firstSecondWith(zone, at, next, offset);
      offset = offsetSecAt(zone, changeSec);
      out.push({ fromSec: changeSec, offsetSec: offset });
      at = changeSec;
    } else {
      at = next;
    }
  }
  return out;
}

/** The first second in (low, high] whose offset is no longer `offset`. */
function firstSecondWith(zone: string, low: number, high: number, offset: number): number {
  let below = low;
  let above = high;
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (offsetSecAt(zone, middle) === offset) below = middle;
    else above = middle;
  }
  return above;
}

/** By zone and day: to find one takes 0.6 ms, and campaigns of a desk share few. */
const dayStarts = new Map<string, UnixMs>();
const dayStartsMax = 10_000;

/** See `dayStartIn`. */
export function startOfLocalDay(zone: string, year: number, month: number, day: number): UnixMs {
  const key = `${zone} ${year}-${month}-${day}`;
  const known = dayStarts.get(key);
  if (known !== undefined) return known;
  const start = dayStartIn(zone, year, month, day);
  if (dayStarts.size >= dayStartsMax) dayStarts.clear();
  dayStarts.set(key, start);
  return start;
}

/**
 * The moment at which a local day begins: midnight, or where a change of clocks skips midnight the
 * first second of the day; where midnight comes twice, the first one. `month` and `day` count from
 * 1.
 */
function dayStartIn(zone: string, year: number, month: number, day: number): UnixMs {
  const wanted = Date.UTC(year, month - 1, day) / 1000;
  // No zone is further than 15 hours from UTC: the day begins within this window.
  let below = wanted - 15 * hourSec;
  let above = wanted + 15 * hourSec;
  for (const { fromSec, offsetSec } of transitionsOf(zone, below, above).slice(1)) {
    // Local time is not monotonic over a change back: bisect on the side where the day begins.
    if (fromSec + offsetSecAt(zone, fromSec - 1) > wanted) above = fromSec;
    else if (fromSec + offsetSec >= wanted) return (fromSec * 1000) as UnixMs;
    else below = fromSec;
    if (above === fromSec) break;
  }
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (middle + offsetSecAt(zone, middle) < wanted) below = middle;
    else above = middle;
  }
  return (above * 1000) as UnixMs;
}
