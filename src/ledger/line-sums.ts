import { NoticeKind } from "../base/lists.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { RecordKind, TokenFlag } from "../journal/record.js";
import { costLinesOf, grossOf, isBill } from "./cost.js";
import { type Terms, unknownTerms } from "./terms.js";

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
export const quartersKeptMinutes = 15 * 24 * minutesPerHour;
/** Stands for the time of what is older: it is in the totals alone. */
export const longAgo = 0;

/** A message holds doubles: what does not fit in one row is several. */
const nanosInRowMax = 2n ** 52n;

export type Sums = {
  bids: number;
  wins: number;
  billed: number;
  impressions: number;
  clicks: number;
  media: bigint;
  gross: bigint;
};
export const noSums = (): Sums => ({
  ...{ bids: 0, wins: 0, billed: 0, impressions: 0, clicks: 0 },
  ...{ media: 0n, gross: 0n },
});

/**
 * What line items got since the last telling, by minute: the same fold over the same records as the
 * report's cube, with less in it. A COUNT names an hour only; its bids are put at the time of the
 * record before it, inside that hour. Tests are left out, as in the cube.
 */
export class LineSums {
  private readonly terms = new Map<number, Terms>();
  private readonly rows = new Map<number, Map<number, Sums>>();
  /** Of exchanges, whose bids the workers' counters have. */
  private readonly exchanges = new Map<number, Map<number, Sums>>();
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
      this.sumsOf(this.rows, entry.lineItem, minute).bids += entry.bids;
    } else if ("timeMs" in entry) this.newestMs = entry.timeMs;
  };

  private notice(entry: NoticeEntry): void {
    this.newestMs = entry.receivedMs;
    if ((entry.flags & TokenFlag.TEST) !== 0) return;
    const minute = Math.floor(entry.receivedMs / minuteMs);
    const { lineItem, noticeKind, exchange } = entry;
    const sums = this.sumsOf(this.rows, lineItem, minute);
    const atExchange = this.sumsOf(this.exchanges, exchange, minute);
    if (noticeKind === NoticeKind.WIN) {
      sums.wins++;
      atExchange.wins++;
    } else if (noticeKind === NoticeKind.IMPRESSION) sums.impressions++;
    else if (noticeKind === NoticeKind.CLICK) sums.clicks++;
    if (!isBill(entry)) return;
    const terms = this.terms.get(lineItem) ?? unknownTerms(lineItem, 0);
    const costs = costLinesOf(entry.chargedNanos, terms);
    sums.billed++;
    atExchange.billed++;
    sums.media += costs.media;
    sums.gross += grossOf(costs);
  }

  private sumsOf(into: Map<number, Map<number, Sums>>, id: number, minute: number): Sums {
    const at = this.coarse(minute);
    let rows = into.get(at);
    if (rows === undefined) {
      rows = new Map();
      into.set(at, rows);
    }
    let sums = rows.get(id);
    if (sums === undefined) {
      sums = noSums();
      rows.set(id, sums);
    }
    return sums;
  }

  private coarse(minute: number): number {
    const age = this.startMinute - minute;
    if (age <= minutesKept) return minute;
    return age > quartersKeptMinutes ? longAgo : minute - (minute % minutesPerQuarter);
  }

  /** What is new since the last call; null = nothing. */
  drain(): Float64Array<ArrayBuffer> | null {
    const numbers: number[] = [];
    for (const [of, into] of [this.rows, this.exchanges].entries()) {
      for (const [minute, rows] of into) {
        for (const [id, sums] of rows) writeRow(numbers, [of, id, minute], sums);
      }
      into.clear();
    }
    return numbers.length === 0 ? null : Float64Array.from(numbers);
  }
}

function writeRow(to: number[], head: readonly number[], sums: Sums): void {
  let { bids, wins, billed, impressions, clicks, media, gross } = sums;
  do {
    const mediaPart = media < nanosInRowMax ? media : nanosInRowMax;
    const grossPart = gross < nanosInRowMax ? gross : nanosInRowMax;
    to.push(...head, bids, wins, billed, impressions, clicks, Number(mediaPart), Number(grossPart));
    bids = wins = billed = impressions = clicks = 0;
    media -= mediaPart;
    gross -= grossPart;
  } while (media > 0n || gross > 0n);
}
