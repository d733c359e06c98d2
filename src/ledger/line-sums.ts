import { NoticeKind } from "../base/lists.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { RecordKind, TokenFlag } from "../journal/record.js";
import { costLinesOf, grossOf, isBill } from "./cost.js";
import type { Terms } from "./terms.js";

/** Whose sums they are; numbers of a message between threads. */
export const SumsOf = { LINE_ITEM: 0, EXCHANGE: 1 } as const;

/** One row of a message, `sumFields` numbers each; money in nanos of the advertiser's currency. */
export const SumField = {
  ...{ of: 0, id: 1, minute: 2, bids: 3, wins: 4, billed: 5 },
  ...{ impressions: 6, clicks: 7, media: 8, gross: 9 },
} as const;
export const sumFields = 10;

export const minuteMs = 60_000;
const minutesPerQuarter = 15;
const minutesPerHour = 60;
/** How far back single minutes and quarters of an hour are told of what was there at the start. */
export const minutesKept = 6 * minutesPerHour;
const quartersKeptMinutes = 15 * 24 * minutesPerHour;
/** Stands for the time of what is older: it is in the totals alone. */
export const longAgo = 0;

/** Nanos are whole numbers in doubles: a sum that becomes too large for them begins anew. */
const nanosMax = 2 ** 52;

/** What was got in a stretch of time; nanos are whole numbers below 2^53. */
export type LineSum = {
  bids: number;
  wins: number;
  billed: number;
  impressions: number;
  clicks: number;
  media: number;
  gross: number;
};
export const noSum = (): LineSum => ({
  bids: 0,
  wins: 0,
  billed: 0,
  impressions: 0,
  clicks: 0,
  media: 0,
  gross: 0,
});

type Row = { readonly of: number; readonly id: number; readonly minute: number } & LineSum;

/** Rows of one kind, by minute and id. */
class Rows {
  private readonly of: number;
  private readonly all: Row[];
  private readonly minutes = new Map<number, Map<number, Row>>();
  /** Most records are of the minute of the one before. */
  private minute = -1;
  private newest = new Map<number, Row>();

  constructor(of: number, all: Row[]) {
    this.of = of;
    this.all = all;
  }

  at(minute: number, id: number): Row {
    if (minute !== this.minute) this.turn(minute);
    const known = this.newest.get(id);
    if (known !== undefined && known.media < nanosMax && known.gross < nanosMax) return known;
    const row: Row = { of: this.of, id, minute, ...noSum() };
    this.newest.set(id, row);
    this.all.push(row);
    return row;
  }

  private turn(minute: number): void {
    this.minute = minute;
    let rows = this.minutes.get(minute);
    if (rows === undefined) {
      rows = new Map();
      this.minutes.set(minute, rows);
    }
    this.newest = rows;
  }

  clear(): void {
    this.minute = -1;
    this.minutes.clear();
  }
}

/**
 * What line items got since the last telling, by minute: the same fold over the same records as the
 * report's cube, with less in it. A COUNT names an hour only; its bids are put at the time of the
 * record before it, inside that hour. Tests are left out, as in the cube.
 */
export class LineSums {
  private readonly terms = new Map<number, Terms>();
  private readonly all: Row[] = [];
  private readonly lineItems = new Rows(SumsOf.LINE_ITEM, this.all);
  /** Their wins; the workers' counters have their bids. */
  private readonly exchanges = new Rows(SumsOf.EXCHANGE, this.all);
  private readonly startMinute: number;
  private newestMs = 0;

  /** At `startMs` the replay begins: what is long before it is told less finely. */
  constructor(startMs: number) {
    this.startMinute = Math.floor(startMs / minuteMs);
  }

  readonly replay = (entry: Entry): void => this.take(entry);

  readonly take = (entry: Entry): void => {
    if (entry.kind === RecordKind.NOTICE) this.notice(entry);
    else if (entry.kind === RecordKind.TERMS) this.terms.set(entry.lineItem, entry);
    else if (entry.kind === RecordKind.COUNT && entry.lineItem !== 0) {
      const first = entry.hour * minutesPerHour;
      const newest = Math.floor(this.newestMs / minuteMs);
      const minute = Math.min(Math.max(newest, first), first + minutesPerHour - 1);
      this.lineItems.at(this.coarse(minute), entry.lineItem).bids += entry.bids;
    } else if ("timeMs" in entry) this.newestMs = entry.timeMs;
  };

  private notice(entry: NoticeEntry): void {
    this.newestMs = entry.receivedMs;
    if ((entry.flags & TokenFlag.TEST) !== 0) return;
    const minute = this.coarse(Math.floor(entry.receivedMs / minuteMs));
    const { lineItem, noticeKind } = entry;
    const row = this.lineItems.at(minute, lineItem);
    if (noticeKind === NoticeKind.WIN) {
      row.wins++;
      this.exchanges.at(minute, entry.exchange).wins++;
    } else if (noticeKind === NoticeKind.IMPRESSION) row.impressions++;
    else if (noticeKind === NoticeKind.CLICK) row.clicks++;
    if (!isBill(entry)) return;
    row.billed++;
    this.exchanges.at(minute, entry.exchange).billed++;
    row.media += entry.chargedNanos;
    row.gross += grossNanosOf(entry.chargedNanos, this.terms.get(lineItem));
  }

  private coarse(minute: number): number {
    const age = this.startMinute - minute;
    if (age <= minutesKept) return minute;
    return age > quartersKeptMinutes ? longAgo : minute - (minute % minutesPerQuarter);
  }

  /** What is new since the last call; null = nothing. */
  drain(): Float64Array<ArrayBuffer> | null {
    const { all } = this;
    if (all.length === 0) return null;
    const numbers = new Float64Array(all.length * sumFields);
    let at = 0;
    for (const row of all) {
      numbers[at + SumField.of] = row.of;
      numbers[at + SumField.id] = row.id;
      numbers[at + SumField.minute] = row.minute;
      numbers[at + SumField.bids] = row.bids;
      numbers[at + SumField.wins] = row.wins;
      numbers[at + SumField.billed] = row.billed;
      numbers[at + SumField.impressions] = row.impressions;
      numbers[at + SumField.clicks] = row.clicks;
      numbers[at + SumField.media] = row.media;
      numbers[at + SumField.gross] = row.gross;
      at += sumFields;
    }
    all.length = 0;
    this.lineItems.clear();
    this.exchanges.clear();
    return numbers;
  }
}

const million = 1_000_000;
/** Up to here a share in millionths is exact in doubles: 9 units of money for one impression. */
const exactNanosMax = Number.MAX_SAFE_INTEGER / million - 1;

/** As `grossOf` over `costLinesOf`, without its BigInts where doubles are exact. */
function grossNanosOf(nanos: number, terms: Terms | undefined): number {
  if (terms === undefined) return nanos;
  const { marginPpm, technicalPpm, dataNanos } = terms;
  if (nanos > exactNanosMax || marginPpm > million || technicalPpm > million) {
    return Number(grossOf(costLinesOf(nanos, terms)));
  }
  const share = (ppm: number): number => Math.floor((nanos * ppm + million / 2) / million);
  return nanos + share(marginPpm) + dataNanos + share(technicalPpm);
}
