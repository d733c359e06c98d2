import type { SeriesAnswer } from "./desk-answers.js";

type Point = SeriesAnswer["points"][number];

/** What a plot draws: seconds, then a column each; null = a gap. */
export type Columns = {
  readonly atSec: readonly number[];
  readonly spend: readonly number[];
  readonly winPercent: readonly (number | null)[];
  readonly cpm: readonly (number | null)[];
};

const hourMs = 3_600_000;
const msOf = (point: Point | undefined): number => Date.parse(point?.at ?? "1970-01-01");

/** Points as they come of the last six hours, or the hours of all. */
export function columnsOf(points: readonly Point[], span: "6 hours" | "14 days"): Columns {
  const lastMs = msOf(points.at(-1));
  const shown =
    span === "6 hours"
      ? points.filter((point) => msOf(point) > lastMs - 6 * hourMs)
      : hourly(points);
  return {
    atSec: shown.map((point) => msOf(point) / 1000),
    spend: shown.map(({ spend }) => Number(spend)),
    // A win may come in the minute after its bid's.
    winPercent: shown.map(({ bids, wins }) => (bids === 0 ? null : 100 * Math.min(1, wins / bids))),
    cpm: shown.map(({ cpm }) => (cpm === null ? null : Number(cpm))),
  };
}

/** Points of the same hour as one; the price is the mean by wins. */
function hourly(points: readonly Point[]): readonly Point[] {
  const hours = new Map<number, { spend: number; bids: number; wins: number; paid: number }>();
  for (const point of points) {
    const { spend, bids, wins, cpm } = point;
    const hour = Math.floor(msOf(point) / hourMs) * hourMs;
    const sum = hours.get(hour) ?? { spend: 0, bids: 0, wins: 0, paid: 0 };
    hours.set(hour, sum);
    sum.spend += Number(spend);
    sum.bids += bids;
    sum.wins += wins;
    sum.paid += cpm === null ? 0 : Number(cpm) * wins;
  }
  return [...hours].map(([hour, { spend, bids, wins, paid }]) => ({
    ...{ at: new Date(hour).toISOString(), bids, wins, spend: spend.toFixed(2) },
    cpm: wins === 0 ? null : (paid / wins).toFixed(4),
  }));
}
