import { candidatesMax, dealsMax, formatsMax, impsMax } from "../base/limits.js";
import { Withheld } from "../base/unprintable.js";
import type { CampaignTable } from "../campaign/table.js";
import { dimensionsMax } from "../campaign/table.js";
import { RateMemo } from "./rates.js";

/** Values that one request may have in one dimension and that some rule of the World names. */
export const valuesPerDimension = dealsMax;

/** A request takes one stamp and at most three an imp: to rank it, to offer, to tell refusals. */
const stampMax = 2 ** 32 - 1 - (3 * impsMax + 2);
/** Lists that an imp may name: values of six dimensions, shapes with and without country. */
const listsMax = 6 * valuesPerDimension + 2 * (formatsMax + 3);

/**
 * Working memory of one worker for one World: allocated at adoption, written by every request,
 * never cleared. "Stamp" arrays hold the number of the request (or imp) that last wrote an element:
 * older means empty.
 */
export class Scratch extends Withheld {
  /**
   * Rises by one per request and by one to three per imp; the arrays hold 32 bits of it, so
   * `renewStamps` starts it anew before they would wrap (after some 15 h at 40,000 requests a
   * second).
   */
  stamp = 1;
  requestStamp = 0;
  impStamp = 0;

  // values of the request and the current imp by dimension: [dimension * valuesPerDimension + i]
  readonly value = new Uint32Array(dimensionsMax * valuesPerDimension);
  readonly valueCount = new Uint16Array(dimensionsMax);
  readonly requestValueCount = new Uint16Array(dimensionsMax);
  /** The same two as words: to copy and clear by, without a call. */
  readonly valueCounts = new Uint32Array(this.valueCount.buffer);
  readonly requestValueCounts = new Uint32Array(this.requestValueCount.buffer);

  // block lists by dictionary id: bit n of the bits = SpanUse n, valid where the stamp is the
  // request's (or imp's)
  readonly requestMark: Uint32Array;
  readonly requestMarkBits: Uint16Array;
  readonly impMark: Uint32Array;
  readonly impMarkBits: Uint16Array;
  /** SpanUse bits for which the request states a list at all. */
  requestLists = 0;
  impLists = 0;

  // memo by predicate, audience, creative, agency
  readonly predicateStamp: Uint32Array;
  readonly predicateTrue: Uint8Array;
  readonly audienceStamp: Uint32Array;
  readonly audienceTrue: Uint8Array;
  readonly creativeStamp: Uint32Array;
  readonly creativeOutcome: Uint8Array;
  readonly creativeSize: Uint32Array; // size chosen: width << 16 | height
  readonly agencyStamp: Uint32Array;
  readonly agencyOutcome: Uint8Array;

  // posting lists of the current imp, a heap by head (bid/candidates)
  readonly listHead = new Uint32Array(listsMax);
  readonly listNext = new Uint32Array(listsMax);
  readonly listEnd = new Uint32Array(listsMax);
  listCount = 0;
  lastCandidate = -1;
  /** How many more candidates of this request are looked at. */
  candidatesLeft = 0;

  // of the current imp (bid/rest): what the best of the rest could bid in the answer's currency,
  // and the two best offers of two advertisers that anybody would get
  /** The answer's micros for one of the rates' base, rounded up; Infinity = no bound is known. */
  restRate = Number.POSITIVE_INFINITY;
  /** What an open bid may be lifted to, micros in the answer's currency. */
  restFloorMicros = 0;
  readonly rates = new RateMemo();
  answerCurrency = 0;
  answerRate = 0;
  answerSlack = 0;
  bestAdvertiser = 0;
  bestMicros = 0;
  secondMicros = 0;

  // entries: a candidate with its deal, creative and price; `heap` orders them
  readonly entryCapacity: number;
  readonly entryLineItem: Uint32Array;
  readonly entryDeal: Int32Array;
  readonly entryCreative: Uint32Array;
  readonly entrySize: Uint32Array;
  readonly entryRank: Uint8Array; // 2 guaranteed deal, 1 deal, 0 open
  readonly entryTie: Uint32Array;
  readonly entryPrice: Float64Array; // micros in the response currency
  readonly entryReserved: Float64Array; // micros in the advertiser's currency
  readonly heap: Uint32Array;
  entryCount = 0;
  heapCount = 0;
  readonly dealTaken = new Uint32Array(dealsMax);
  /** Dictionary ids of the request's deals, 0 = no rule names it. */
  readonly dealValue = new Uint32Array(dealsMax);
  /** By dictionary id, valid where the mark is the imp's: its last deal of the id, then by deal. */
  readonly dealMark: Uint32Array;
  readonly dealLast: Uint16Array;
  readonly dealBefore = new Int16Array(dealsMax);
  readonly dealNamed = new Uint16Array(dealsMax);

  /** The person's projected row; all zero for nobody. */
  readonly row: Uint32Array;
  /** Hour of the week by zone, recomputed when the minute changes. */
  readonly zoneHour: Uint8Array;
  zoneMinute = -1;

  constructor(table: CampaignTable, planes: number) {
    super();
    const dictionary = dictionarySize(table);
    this.requestMark = new Uint32Array(dictionary);
    this.requestMarkBits = new Uint16Array(dictionary);
    this.impMark = new Uint32Array(dictionary);
    this.impMarkBits = new Uint16Array(dictionary);
    this.dealMark = new Uint32Array(dictionary);
    this.dealLast = new Uint16Array(dictionary);
    this.predicateStamp = new Uint32Array(table.predDimension.length);
    this.predicateTrue = new Uint8Array(table.predDimension.length);
    this.audienceStamp = new Uint32Array(table.audienceLive.length);
    this.audienceTrue = new Uint8Array(table.audienceLive.length);
    this.creativeStamp = new Uint32Array(table.creativeId.length);
    this.creativeOutcome = new Uint8Array(table.creativeId.length);
    this.creativeSize = new Uint32Array(table.creativeId.length);
    this.agencyStamp = new Uint32Array(table.agencyId.length);
    this.agencyOutcome = new Uint8Array(table.agencyId.length);
    const lineItems = table.lineItemId.length;
    this.entryCapacity = Math.min(lineItems, candidatesMax) + 4 * dealsMax;
    this.entryLineItem = new Uint32Array(this.entryCapacity);
    this.entryDeal = new Int32Array(this.entryCapacity);
    this.entryCreative = new Uint32Array(this.entryCapacity);
    this.entrySize = new Uint32Array(this.entryCapacity);
    this.entryRank = new Uint8Array(this.entryCapacity);
    this.entryTie = new Uint32Array(this.entryCapacity);
    this.entryPrice = new Float64Array(this.entryCapacity);
    this.entryReserved = new Float64Array(this.entryCapacity);
    this.heap = new Uint32Array(this.entryCapacity);
    this.row = new Uint32Array(Math.max(1, planes));
    this.zoneHour = new Uint8Array(Math.max(1, table.zoneTransitionStart.length));
  }

  /** Before each request: forgets every memo when the next request's stamps might not fit. */
  renewStamps(): void {
    if (this.stamp < stampMax) return;
    this.stamp = 1;
    const stamped = [
      ...[this.requestMark, this.impMark, this.predicateStamp, this.audienceStamp],
      ...[this.creativeStamp, this.agencyStamp, this.dealTaken, this.dealMark],
    ];
    for (const stamps of stamped) stamps.fill(0);
  }
}

/** Highest dictionary id + 1: ids are dense, so it is the number of names plus one. */
function dictionarySize(table: CampaignTable): number {
  let max = 0;
  for (let i = 0; i < table.dictValue.length; i++) max = Math.max(max, table.dictValue[i]!);
  return max + 1;
}
