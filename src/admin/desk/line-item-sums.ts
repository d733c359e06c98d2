import {
  type LineSum,
  longAgo,
  minuteMs,
  minutesKept,
  noSum,
  SumField,
  SumsOf,
  sumFields,
} from "../../ledger/line-sums.js";
import { LocalTimes } from "../../ledger/report-time.js";
import { SumRows } from "./sum-rows.js";

/** 46 MB each at most: 10,000 line items that all spend are kept for 100 of each one's slots. */
const rowsMax = 2 ** 20;
const quarterMinutes = 15;
const quartersKept = 50 * 4;
export const hoursKept = 14 * 24;
const minutesPerHour = 60;

/** Numbers of a stretch of time; amounts in nanos. */
export type Stretch = Readonly<LineSum>;
type SeriesSum = { readonly atMs: number; readonly sums: Stretch };

/** Since the journal began. */
export type Totals = {
  bids: number;
  wins: number;
  billed: number;
  impressions: number;
  clicks: number;
  media: bigint;
  gross: bigint;
};
const noTotals = (): Totals => ({
  bids: 0,
  wins: 0,
  billed: 0,
  impressions: 0,
  clicks: 0,
  media: 0n,
  gross: 0n,
});
const never: Readonly<Totals> = noTotals();

/**
 * What line items got, in main's memory: totals for ever, quarters of an hour for two days ("today"
 * in any zone), minutes for six hours and hours for 14 days (plots). Fed by what the money thread
 * tells once a second, from the journal's beginning on.
 */
export class LineItemSums {
  private readonly totals = new Map<number, Totals>();
  private readonly exchanges = new Map<number, Totals>();
  private readonly minutes = new SumRows(1, minutesKept, rowsMax);
  private readonly quarters = new SumRows(quarterMinutes, quartersKept, rowsMax);
  private readonly hours = new SumRows(minutesPerHour, hoursKept, rowsMax);
  private today = new Map<number, LineSum>();
  /** What `today` was made for. */
  private madeFor = "";
  /** Of the message that is taken. */
  private readonly row = noSum();
  private zoneOf: ReadonlyMap<number, string> = new Map();
  private days: ReadonlyMap<string, number> = new Map();

  /** A message of the money thread (ledger/line-sums). */
  take(rows: Float64Array): void {
    for (let at = 0; at < rows.length; at += sumFields) this.takeRow(rows, at);
  }

  private takeRow(rows: Float64Array, at: number): void {
    const id = rows[at + SumField.id]!;
    const minute = rows[at + SumField.minute]!;
    const isExchange = rows[at + SumField.of] === SumsOf.EXCHANGE;
    const totals = isExchange ? this.exchanges : this.totals;
    const { row } = this;
    row.bids = rows[at + SumField.bids]!;
    row.wins = rows[at + SumField.wins]!;
    row.billed = rows[at + SumField.billed]!;
    row.impressions = rows[at + SumField.impressions]!;
    row.clicks = rows[at + SumField.clicks]!;
    row.media = rows[at + SumField.media]!;
    row.gross = rows[at + SumField.gross]!;
    let total = totals.get(id);
    if (total === undefined) {
      total = noTotals();
      totals.set(id, total);
    }
    addToTotal(total, row);
    if (isExchange || minute === longAgo) return;
    this.minutes.add(minute, id, row);
    this.quarters.add(minute, id, row);
    this.hours.add(minute, id, row);
    const zone = this.zoneOf.get(id);
    const dayFrom = zone === undefined ? undefined : this.days.get(zone);
    if (dayFrom !== undefined) this.addToday(id, minute, dayFrom, row);
  }

  private addToday(id: number, minute: number, dayFrom: number, row: Stretch): void {
    let sum = this.today.get(id);
    if (sum === undefined) {
      sum = noSum();
      this.today.set(id, sum);
    }
    // Bids are counted by the hour: they stand with the day that their hour began in.
    if (minute - (minute % minutesPerHour) >= dayFrom) sum.bids += row.bids;
    if (minute < dayFrom) return;
    const { bids } = sum;
    addRow(sum, row);
    sum.bids = bids;
  }

  totalOf(lineItem: number): Readonly<Totals> {
    return this.totals.get(lineItem) ?? never;
  }

  ofExchange(exchange: number): Readonly<Totals> {
    return this.exchanges.get(exchange) ?? never;
  }

  /**
   * Since local midnight, by line item; `zoneOf` is of the line items' advertisers. The same map
   * object means that nothing has changed in it.
   */
  todayOf(zoneOf: ReadonlyMap<number, string>, nowMs: number): ReadonlyMap<number, Stretch> {
    const quarter = Math.floor(nowMs / minuteMs / quarterMinutes);
    if (zoneOf === this.zoneOf && this.madeFor === String(quarter)) return this.today;
    this.zoneOf = zoneOf;
    this.madeFor = String(quarter);
    this.days = new Map(
      [...new Set(zoneOf.values())].map((zone) => [zone, dayStartMinute(zone, quarter)]),
    );
    this.today = new Map();
    const earliest = Math.min(...this.days.values()) - minutesPerHour;
    this.quarters.each(earliest, (minute, id, row) => {
      const dayFrom = this.days.get(zoneOf.get(id) ?? "");
      if (dayFrom !== undefined) this.addToday(id, minute, dayFrom, row);
    });
    return this.today;
  }

  /** Hours of 14 days up to six hours ago, then minutes; every one of them, in order of time. */
  seriesOf(isWanted: (lineItem: number) => boolean, nowMs: number): readonly SeriesSum[] {
    const now = Math.floor(nowMs / minuteMs);
    const firstHour = Math.floor(now / minutesPerHour) - hoursKept + 1;
    // The hour in which the minutes begin is told in minutes, as far as they go.
    const firstMinute = Math.ceil((now - minutesKept + 1) / minutesPerHour) * minutesPerHour;
    const points = new Map<number, LineSum>();
    for (let hour = firstHour; hour * minutesPerHour < firstMinute; hour++) {
      points.set(hour * minutesPerHour, noSum());
    }
    for (let minute = firstMinute; minute <= now; minute++) points.set(minute, noSum());
    const add = (minute: number, id: number, row: LineSum): void => {
      const point = points.get(minute);
      if (point !== undefined && isWanted(id)) addRow(point, row);
    };
    this.hours.each(firstHour * minutesPerHour, (minute, id, row) => {
      if (minute < firstMinute) add(minute, id, row);
    });
    this.minutes.each(firstMinute, add);
    return [...points].map(([minute, sums]) => ({ atMs: minute * minuteMs, sums }));
  }

  /** Of one line item since a moment: by minutes as far as they go, else by whole hours. */
  since(lineItem: number, fromMs: number, nowMs: number): Stretch {
    const sum = noSum();
    const from = Math.floor(fromMs / minuteMs);
    const add = (_: number, id: number, row: LineSum): void => {
      if (id === lineItem) addRow(sum, row);
    };
    if (from > nowMs / minuteMs - minutesKept) this.minutes.each(from, add);
    else this.hours.each(from - (from % minutesPerHour), add);
    return sum;
  }
}

function addToTotal(to: Totals, from: Stretch): void {
  to.bids += from.bids;
  to.wins += from.wins;
  to.billed += from.billed;
  to.impressions += from.impressions;
  to.clicks += from.clicks;
  to.media += BigInt(from.media);
  to.gross += BigInt(from.gross);
}

function addRow(to: LineSum, from: Stretch): void {
  to.bids += from.bids;
  to.wins += from.wins;
  to.billed += from.billed;
  to.impressions += from.impressions;
  to.clicks += from.clicks;
  to.media += from.media;
  to.gross += from.gross;
}

/** The first minute of the local day that a quarter of an hour is in. */
function dayStartMinute(zone: string, quarter: number): number {
  const times = new LocalTimes(quarter - 104, quarter);
  const day = times.dayOf(zone, quarter);
  let first = quarter;
  while (quarter - first < 104 && times.dayOf(zone, first - 1) === day) first--;
  return first * quarterMinutes;
}
