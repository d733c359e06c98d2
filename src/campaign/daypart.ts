/**
 * Day-parts as buyers write them, e.g. "mon-fri 09:00-18:00", "sat,sun", "22:00-06:00" (over
 * midnight into the next day), "mon 08:00-12:00". Whole hours: the table holds one bit an hour of
 * the week.
 */
export const weekHours = 168;
export const weekWords = 6;

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

export type DayPart =
  | { readonly ok: true; readonly hours: readonly number[] }
  | { readonly ok: false; readonly why: string };

const form = 'write it as "mon-fri 09:00-18:00", "sat,sun" or "22:00-06:00"';

/** The hours of the week (0 = Monday 00:00) of one day-part, ascending. */
export function parseDayPart(text: string): DayPart {
  const words = text.trim().toLowerCase().split(/\s+/);
  const timesAt = words.findIndex((word) => word.includes(":"));
  if (words.length > 2 || (words.length === 2 && timesAt !== 1) || words[0] === "") {
    return { ok: false, why: `"${text}" is no day-part: ${form}` };
  }
  const dayWord = timesAt === 0 ? "mon-sun" : (words[0] ?? "");
  const timeWord = timesAt < 0 ? "00:00-24:00" : (words[timesAt] ?? "");
  const which = parseDays(dayWord);
  if (which === null) return { ok: false, why: `"${dayWord}" names no days of the week: ${form}` };
  const times = parseTimes(timeWord);
  if (typeof times === "string") return { ok: false, why: times };
  const [from, to] = times;
  const count = to > from ? to - from : to + 24 - from;
  const hours = new Set<number>();
  for (const day of which) {
    for (let i = 0; i < count; i++) hours.add((day * 24 + from + i) % weekHours);
  }
  return { ok: true, hours: [...hours].sort((a, b) => a - b) };
}

function parseDays(text: string): number[] | null {
  const out: number[] = [];
  for (const part of text.split(",")) {
    const [first = "", last = first, ...rest] = part.split("-");
    const from = days.indexOf(first as (typeof days)[number]);
    const to = days.indexOf(last as (typeof days)[number]);
    if (from < 0 || to < 0 || rest.length > 0) return null;
    for (let i = 0; i <= (to - from + 7) % 7; i++) out.push((from + i) % 7);
  }
  return out;
}

function parseTimes(text: string): [number, number] | string {
  const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) return `"${text}" is no span of time: ${form}`;
  const [from = 0, fromMinute, to = 0, toMinute] = match.slice(1).map(Number);
  if (fromMinute !== 0 || toMinute !== 0) {
    return `"${text}" has minutes: day-parts are whole hours, write for example "09:00-18:00"`;
  }
  if (from > 23 || to > 24 || from === to) {
    return `"${text}" is no span of hours between 00:00 and 24:00: ${form}`;
  }
  return [from, to];
}

/** The week as six words, bit h = hour h: what a DAYPART predicate holds. */
export function weekWordsOf(dayParts: readonly string[]): number[] {
  const words = new Uint32Array(weekWords);
  for (const text of dayParts) {
    const part = parseDayPart(text);
    if (!part.ok) continue;
    for (const hour of part.hours) words[hour >>> 5] = words[hour >>> 5]! | (1 << (hour & 31));
  }
  return [...words];
}
