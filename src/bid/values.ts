import { KeyKind, Media } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import { type CampaignTable, Dimension, StartDelay, shapeOfSize } from "../campaign/table.js";
import {
  type BidRequest,
  type ImpRecord,
  REQUEST_LEVEL,
  SpanUse,
  type TimedMedia,
} from "./request.js";
import { type Scratch, valuesPerDimension } from "./scratch.js";

/** Dictionary id of a key, 0 = no rule of this World names it. Linear probing; load <= 0.5. */
export function lookUp(table: CampaignTable, lo: number, hi: number): number {
  const mask = table.dictValue.length - 1;
  if (mask < 0) return 0;
  for (let at = (lo ^ hi) & mask; ; at = (at + 1) & mask) {
    const value = table.dictValue[at]!;
    if (value === 0) return 0;
    if (table.dictLo[at] === lo && table.dictHi[at] === hi) return value;
  }
}

/** Adds a value of a dimension; false when the dimension is full (the caller must then not bid). */
export function addValue(scratch: Scratch, dimension: number, value: number): boolean {
  const count = scratch.valueCount[dimension]!;
  if (count === valuesPerDimension) return false;
  scratch.value[dimension * valuesPerDimension + count] = value;
  scratch.valueCount[dimension] = count + 1;
  return true;
}

/** Resolves everything that belongs to the whole request. False = a limit was met: no bid. */
export function resolveRequest(
  table: CampaignTable,
  scratch: Scratch,
  request: BidRequest,
  exchange: Exchange,
): boolean {
  scratch.renewStamps();
  scratch.requestStamp = ++scratch.stamp;
  scratch.requestLists = 0;
  const { valueCounts, requestValueCounts } = scratch;
  for (let i = 0; i < valueCounts.length; i++) valueCounts[i] = 0;
  addValue(scratch, Dimension.EXCHANGE, exchange.id);
  if (request.country !== 0) addValue(scratch, Dimension.COUNTRY, request.country);
  if (request.deviceType !== 0) addValue(scratch, Dimension.DEVICE_TYPE, request.deviceType);
  if (request.os !== 0) addValue(scratch, Dimension.OS, request.os);
  if (request.browser !== 0) addValue(scratch, Dimension.BROWSER, request.browser);
  if (request.connectionType !== 0) {
    addValue(scratch, Dimension.CONNECTION_TYPE, request.connectionType);
  }
  if (request.channelKind !== 0) addValue(scratch, Dimension.CHANNEL_KIND, request.channelKind);
  if (request.livestream >= 0) addValue(scratch, Dimension.LIVESTREAM, request.livestream);
  for (let span = 0; span < request.spanCount; span++) {
    // A list without a usable entry says nothing, be it an allow list or a block list.
    if (request.spanOwner[span] !== REQUEST_LEVEL || request.spanLength[span] === 0) continue;
    const use = request.spanUse[span]!;
    if (use === SpanUse.VALUE) {
      if (!resolveValues(table, scratch, request, span)) return false;
    } else {
      scratch.requestLists |= 1 << use;
      markSpan(
        table,
        request,
        span,
        scratch.requestStamp,
        scratch.requestMark,
        scratch.requestMarkBits,
      );
    }
  }
  for (let deal = 0; deal < request.dealCount; deal++) {
    scratch.dealValue[deal] = lookUp(table, request.dealLo[deal]!, request.dealHi[deal]!);
  }
  for (let i = 0; i < valueCounts.length; i++) requestValueCounts[i] = valueCounts[i]!;
  return true;
}

/**
 * Resolves what belongs to one imp on top of the request's values. False = a limit was met: no bid
 * on it.
 */
export function resolveImp(
  table: CampaignTable,
  scratch: Scratch,
  request: BidRequest,
  impIndex: number,
): boolean {
  const imp = request.imps[impIndex]!;
  scratch.impStamp = ++scratch.stamp;
  scratch.impLists = 0;
  const { valueCounts, requestValueCounts } = scratch;
  for (let i = 0; i < valueCounts.length; i++) valueCounts[i] = requestValueCounts[i]!;
  for (let span = 0; span < request.spanCount; span++) {
    if (request.spanOwner[span] !== impIndex || request.spanLength[span] === 0) continue;
    const use = request.spanUse[span]!;
    if (use === SpanUse.VALUE) {
      if (!resolveValues(table, scratch, request, span)) return false;
    } else if (use !== SpanUse.DEAL_WSEAT && use !== SpanUse.DEAL_WADOMAIN) {
      scratch.impLists |= 1 << use;
      markSpan(table, request, span, scratch.impStamp, scratch.impMark, scratch.impMarkBits);
    }
  }
  for (let deal = imp.dealStart; deal < imp.dealStart + imp.dealCount; deal++) {
    const value = scratch.dealValue[deal]!;
    if (value === 0) continue;
    if (!addValue(scratch, Dimension.DEAL, value)) return false;
    const { dealMark, dealLast, dealBefore, impStamp } = scratch;
    dealBefore[deal] = dealMark[value] === impStamp ? dealLast[value]! : -1;
    dealLast[value] = deal;
    dealMark[value] = impStamp;
  }
  return addImpNumbers(scratch, request, imp);
}

function addImpNumbers(scratch: Scratch, request: BidRequest, imp: ImpRecord): boolean {
  addValue(scratch, Dimension.INSTL, imp.instl);
  addValue(scratch, Dimension.REWARDED, imp.rewarded);
  let ok = true;
  if ((imp.mediaMask & Media.BANNER) !== 0) {
    addValue(scratch, Dimension.MEDIA, Media.BANNER);
    addValue(scratch, Dimension.POSITION, imp.bannerPos);
    for (let i = imp.formatStart; i < imp.formatStart + imp.formatCount; i++) {
      const size = shapeOfSize(request.formatWidth[i]!, request.formatHeight[i]!);
      ok = addValue(scratch, Dimension.SIZE, size) && ok;
    }
  }
  if ((imp.mediaMask & Media.VIDEO) !== 0) addTimed(scratch, imp.video, Media.VIDEO);
  if ((imp.mediaMask & Media.AUDIO) !== 0) addTimed(scratch, imp.audio, Media.AUDIO);
  if ((imp.mediaMask & Media.NATIVE) !== 0) addValue(scratch, Dimension.MEDIA, Media.NATIVE);
  return ok;
}

function addTimed(scratch: Scratch, timed: TimedMedia, media: number): void {
  addValue(scratch, Dimension.MEDIA, media);
  addValue(scratch, Dimension.POSITION, timed.pos);
  if (timed.width > 0 && timed.height > 0) {
    addValue(scratch, Dimension.SIZE, shapeOfSize(timed.width, timed.height));
  }
  if (timed.plcmt !== 0) addValue(scratch, Dimension.PLCMT, timed.plcmt);
  if (timed.placement !== 0) addValue(scratch, Dimension.VIDEO_PLACEMENT, timed.placement);
  if (timed.startDelayKnown === 1) addValue(scratch, Dimension.START_DELAY, startDelayOf(timed));
  if (timed.skip >= 0) addValue(scratch, Dimension.SKIPPABLE, timed.skip);
  if (timed.linearity !== 0) addValue(scratch, Dimension.LINEARITY, timed.linearity);
  for (let method = 1; method < 32; method++) {
    if (((timed.playbackMask >>> method) & 1) === 1) addValue(scratch, Dimension.PLAYBACK, method);
  }
  addValue(scratch, Dimension.POD, timed.podId);
}

/** AdCOM start delay modes: > 0 and -1 are mid-roll, 0 pre-roll, -2 post-roll. */
function startDelayOf(timed: TimedMedia): number {
  if (timed.startDelaySec === 0) return StartDelay.PRE;
  return timed.startDelaySec === -2 ? StartDelay.POST : StartDelay.MID;
}

function resolveValues(
  table: CampaignTable,
  scratch: Scratch,
  request: BidRequest,
  span: number,
): boolean {
  const kind = request.spanKind[span]!;
  const dimension = kind === KeyKind.BUNDLE ? Dimension.PROPERTY : kind;
  const end = request.spanStart[span]! + request.spanLength[span]!;
  for (let key = request.spanStart[span]!; key < end; key++) {
    const value = lookUp(table, request.keyLo[key]!, request.keyHi[key]!);
    if (value !== 0 && !addValue(scratch, dimension, value)) return false;
  }
  return true;
}

/** Marks the ids of a span's keys with the bit of its use. */
function markSpan(
  table: CampaignTable,
  request: BidRequest,
  span: number,
  stamp: number,
  marks: Uint32Array,
  bits: Uint16Array,
): void {
  const bit = 1 << request.spanUse[span]!;
  const end = request.spanStart[span]! + request.spanLength[span]!;
  for (let key = request.spanStart[span]!; key < end; key++) {
    const value = lookUp(table, request.keyLo[key]!, request.keyHi[key]!);
    if (value === 0) continue;
    if (marks[value] === stamp) bits[value] = bits[value]! | bit;
    else {
      marks[value] = stamp;
      bits[value] = bit;
    }
  }
}

/** True when dictionary id `value` stands in the request's list `use`. */
export const inRequestList = (scratch: Scratch, value: number, use: number): boolean =>
  scratch.requestMark[value] === scratch.requestStamp &&
  (scratch.requestMarkBits[value]! & (1 << use)) !== 0;

/** True when dictionary id `value` stands in the imp's list `use`. */
export const inImpList = (scratch: Scratch, value: number, use: number): boolean =>
  scratch.impMark[value] === scratch.impStamp && (scratch.impMarkBits[value]! & (1 << use)) !== 0;
