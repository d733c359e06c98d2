import { mix32 } from "../base/hash.js";
import { Media } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import { type CampaignTable, shapeOfSize } from "../campaign/table.js";
import type { Decision } from "./decision.js";
import { nativeFits } from "./native-fit.js";
import { type BidRequest, type ImpRecord, SpanUse, type TimedMedia } from "./request.js";
import { inImpList, inRequestList, lookUp } from "./values.js";

/**
 * Why a creative may not answer the current imp, BID = it may; its size goes to
 * `scratch.creativeSize`. Remembered for the imp: line items share creatives. Block lists: OpenRTB
 * 2.6 sections 3.2.1 to 3.2.9.
 */
export function creativeOutcome(decision: Decision, creative: number): Outcome {
  const { scratch } = decision;
  if (scratch.creativeStamp[creative] === scratch.impStamp) {
    return scratch.creativeOutcome[creative] as Outcome;
  }
  const outcome = checkCreative(decision, creative);
  scratch.creativeStamp[creative] = scratch.impStamp;
  scratch.creativeOutcome[creative] = outcome;
  return outcome;
}

function checkCreative(decision: Decision, creative: number): Outcome {
  const { table, request, imp, exchange } = decision;
  if (((table.creativeApproved[creative]! >>> exchange.index) & 1) === 0) {
    return Outcome.CREATIVE_UNAPPROVED;
  }
  const media = table.creativeMedia[creative]!;
  if ((imp.mediaMask & media) === 0) return Outcome.CREATIVE_MEDIA;
  if (imp.secure === 1 && table.creativeSecure[creative] === 0) return Outcome.CREATIVE_INSECURE;
  const fit = fitsMedia(decision, creative, media);
  if (fit !== Outcome.BID) return fit;
  if (blockedCategory(decision, creative)) return Outcome.CREATIVE_CATEGORY;
  if (blockedDomain(decision, creative)) return Outcome.ADVERTISER_BLOCKED;
  const bundle = table.creativeBundle[creative]!;
  if (bundle !== 0 && inRequestList(decision.scratch, bundle, SpanUse.BAPP)) {
    return Outcome.CREATIVE_APP_BLOCKED;
  }
  if (languageRefused(decision, creative)) return Outcome.CREATIVE_LANGUAGE;
  if (dsaRefused(request, table, creative)) return Outcome.DSA_MISSING;
  return Outcome.BID;
}

function fitsMedia(decision: Decision, creative: number, media: number): Outcome {
  const { imp } = decision;
  if (media === Media.BANNER) return fitsBanner(decision, creative);
  if (media === Media.VIDEO) return fitsTimed(decision, creative, imp.video, SpanUse.VIDEO_MIMES);
  if (media === Media.AUDIO) return fitsTimed(decision, creative, imp.audio, SpanUse.AUDIO_MIMES);
  return fitsNative(decision, creative);
}

function fitsBanner(decision: Decision, creative: number): Outcome {
  const { table, scratch, request, imp } = decision;
  const size = bannerSize(table, request, imp, creative);
  if (size === 0) return Outcome.CREATIVE_SIZE;
  scratch.creativeSize[creative] = size;
  if ((table.creativeAttrMask[creative]! & imp.bannerBattrMask) !== 0) {
    return Outcome.CREATIVE_ATTRIBUTE;
  }
  // Bit 0 of a mask says that the list is there; kind 0 says that the creative states none.
  const btype = table.creativeBtype[creative]!;
  if (btype !== 0 && ((imp.btypeMask >>> btype) & 1) === 1) return Outcome.CREATIVE_TYPE;
  if ((table.creativeApiMask[creative]! & ~imp.bannerApiMask) !== 0) return Outcome.CREATIVE_API;
  return mimeRefused(decision, creative, SpanUse.BANNER_MIMES)
    ? Outcome.CREATIVE_MIME
    : Outcome.BID;
}

/**
 * The imp's first format that the creative has; 0 = none. The exchange's order is its preference.
 */
function bannerSize(
  table: CampaignTable,
  request: BidRequest,
  imp: ImpRecord,
  creative: number,
): number {
  const start = table.creativeSizeStart[creative]!;
  const end = start + table.creativeSizeCount[creative]!;
  for (let f = imp.formatStart; f < imp.formatStart + imp.formatCount; f++) {
    const offered = shapeOfSize(request.formatWidth[f]!, request.formatHeight[f]!);
    for (let s = start; s < end; s++) if (table.sizeValue[s] === offered) return offered;
  }
  return 0;
}

function fitsTimed(
  decision: Decision,
  creative: number,
  timed: TimedMedia,
  mimes: number,
): Outcome {
  const { table, scratch, request } = decision;
  const durationSec = table.creativeDurationSec[creative]!;
  if (!durationFits(request, timed, durationSec)) return Outcome.CREATIVE_DURATION;
  const protocol = table.creativeProtocol[creative]!;
  if (timed.protocolMask !== 0 && ((timed.protocolMask >>> protocol) & 1) === 0) {
    return Outcome.CREATIVE_PROTOCOL;
  }
  if ((table.creativeApiMask[creative]! & ~timed.apiMask) !== 0) return Outcome.CREATIVE_API;
  if ((table.creativeAttrMask[creative]! & timed.battrMask) !== 0) {
    return Outcome.CREATIVE_ATTRIBUTE;
  }
  // Attribute 16 (skippable) only where the ad itself skips; skip 0 = the publisher allows none.
  if (timed.skip === 0 && table.creativeSkippable[creative] === 1) {
    return Outcome.CREATIVE_ATTRIBUTE;
  }
  const linearity = table.creativeLinearity[creative]!;
  if (timed.linearity !== 0 && linearity !== 0 && timed.linearity !== linearity) {
    return Outcome.CREATIVE_TYPE;
  }
  const bitrate = table.creativeBitrateKbps[creative]!;
  if (bitrate !== 0 && !bitrateFits(timed, bitrate)) return Outcome.CREATIVE_TYPE;
  if (mimeRefused(decision, creative, mimes)) return Outcome.CREATIVE_MIME;
  scratch.creativeSize[creative] = firstSize(table, creative);
  return Outcome.BID;
}

const bitrateFits = (timed: TimedMedia, kbps: number): boolean =>
  (timed.minBitrateKbps === 0 || kbps >= timed.minBitrateKbps) &&
  (timed.maxBitrateKbps === 0 || kbps <= timed.maxBitrateKbps);

function firstSize(table: CampaignTable, creative: number): number {
  if (table.creativeSizeCount[creative] === 0) return 0;
  return table.sizeValue[table.creativeSizeStart[creative]!]!;
}

/** rqddurs are exact and exclude the minimum and maximum (2.6 section 3.2.7). */
function durationFits(request: BidRequest, timed: TimedMedia, durationSec: number): boolean {
  if (timed.rqdDurCount > 0) {
    const end = timed.rqdDurStart + timed.rqdDurCount;
    for (let i = timed.rqdDurStart; i < end; i++) {
      if (request.durationSec[i] === durationSec) return true;
    }
    return false;
  }
  if (durationSec < timed.minDurationSec) return false;
  if (timed.maxDurationSec !== 0 && durationSec > timed.maxDurationSec) return false;
  return timed.podDurSec === 0 || durationSec <= timed.podDurSec;
}

function fitsNative(decision: Decision, creative: number): Outcome {
  const { table, imp, scratch } = decision;
  if (imp.native === null) return Outcome.CREATIVE_NATIVE;
  if ((table.creativeAttrMask[creative]! & imp.nativeBattrMask) !== 0) {
    return Outcome.CREATIVE_ATTRIBUTE;
  }
  if ((table.creativeApiMask[creative]! & ~imp.nativeApiMask) !== 0) return Outcome.CREATIVE_API;
  scratch.creativeSize[creative] = 0;
  const { natives } = decision.world;
  return nativeFits(imp.native, natives, natives.creativeNative[creative]!)
    ? Outcome.BID
    : Outcome.CREATIVE_NATIVE;
}

/**
 * A list that is stated must name one of the creative's types; a creative without types has none to
 * refuse.
 */
function mimeRefused(decision: Decision, creative: number, use: number): boolean {
  const { table, scratch } = decision;
  const start = table.creativeMimeStart[creative]!;
  const count = table.creativeMimeCount[creative]!;
  if (((scratch.impLists >>> use) & 1) === 0 || count === 0) return false;
  for (let i = start; i < start + count; i++) {
    if (inImpList(scratch, table.refs[i]!, use)) return false;
  }
  return true;
}

/**
 * bcat blocks a category and, by custom, what lies under it; acat, where stated, must name one of
 * the creative's own.
 */
function blockedCategory(decision: Decision, creative: number): boolean {
  const { table, scratch } = decision;
  if ((scratch.requestLists & ((1 << SpanUse.BCAT) | (1 << SpanUse.ACAT))) === 0) return false;
  // What a creative does not state in the list's taxonomy cannot be shown to be outside the list.
  const { cattax } = decision.request;
  if (cattax > 31 || ((table.creativeTaxonomies[creative]! >>> cattax) & 1) === 0) return true;
  const start = table.creativeCatStart[creative]!;
  const count = table.creativeCatCount[creative]!;
  for (let i = start; i < start + count; i++) {
    if (inRequestList(scratch, table.refs[i]!, SpanUse.BCAT)) return true;
  }
  if (((scratch.requestLists >>> SpanUse.ACAT) & 1) === 0) return false;
  // An allowed parent lets its children in, as a blocked parent keeps them out.
  for (let i = start; i < start + count; i++) {
    if (inRequestList(scratch, table.refs[i]!, SpanUse.ACAT)) return false;
  }
  return true;
}

/**
 * badv names a domain and what lies under it: the creative's list holds its domains and their
 * parents.
 */
function blockedDomain(decision: Decision, creative: number): boolean {
  const { table, scratch } = decision;
  if (((scratch.requestLists >>> SpanUse.BADV) & 1) === 0) return false;
  const start = table.creativeDomainStart[creative]!;
  for (let i = start; i < start + table.creativeDomainCount[creative]!; i++) {
    if (inRequestList(scratch, table.refs[i]!, SpanUse.BADV)) return true;
  }
  return false;
}

/**
 * wlang lists the languages that are let in; a creative without language ("xx") has none to refuse.
 */
function languageRefused(decision: Decision, creative: number): boolean {
  const { table, scratch } = decision;
  const language = table.creativeLanguage[creative]!;
  if (((scratch.requestLists >>> SpanUse.WLANG) & 1) === 0 || language === 0) return false;
  return !inRequestList(scratch, language, SpanUse.WLANG);
}

/**
 * regs.ext.dsa: required 2 or 3 wants the transparency object; pubrender 0 wants our rendering, 2
 * forbids it.
 */
function dsaRefused(request: BidRequest, table: CampaignTable, creative: number): boolean {
  const { required, pubRender } = request.dsa;
  const has = table.creativeHasDsa[creative] === 1;
  if (required !== 2 && required !== 3) return false;
  if (!has) return true;
  const advertiserRenders = table.creativeDsaAdvertiserRenders[creative] === 1;
  return (pubRender === 0 && !advertiserRenders) || (pubRender === 2 && advertiserRenders);
}

/**
 * A line item's creative for the imp: among those that fit (and that the deal lets in), by weight,
 * seeded by the request and never by the person. Gives the creative index, or -1.
 */
export function pickCreative(decision: Decision, lineItem: number, deal: number): number {
  const { table, request } = decision;
  const start = table.lineItemCreativeStart[lineItem]!;
  const end = start + table.lineItemCreativeCount[lineItem]!;
  let total = 0;
  for (let i = start; i < end; i++) {
    if (!accepts(decision, table.lineItemCreative[i]!, deal)) continue;
    total += table.lineItemCreativeWeight[i]!;
  }
  if (total === 0) return -1;
  const seed = mix32(request.seed.lo ^ decision.imp.index, table.lineItemId[lineItem]!);
  let left = seed % total;
  for (let i = start; i < end; i++) {
    const creative = table.lineItemCreative[i]!;
    if (!accepts(decision, creative, deal)) continue;
    left -= table.lineItemCreativeWeight[i]!;
    if (left < 0) return creative;
  }
  return -1;
}

function accepts(decision: Decision, creative: number, deal: number): boolean {
  if (creativeOutcome(decision, creative) !== Outcome.BID) return false;
  return deal < 0 || dealLetsIn(decision, creative, deal);
}

/** deal.wadomain, where stated, must name one of the creative's domains or a parent of it. */
function dealLetsIn(decision: Decision, creative: number, deal: number): boolean {
  const { table, request } = decision;
  let stated = false;
  for (let span = 0; span < request.spanCount; span++) {
    if (request.spanUse[span] !== SpanUse.DEAL_WADOMAIN || request.spanOwner[span] !== deal)
      continue;
    if (request.spanLength[span] === 0) continue;
    stated = true;
    const end = request.spanStart[span]! + request.spanLength[span]!;
    for (let key = request.spanStart[span]!; key < end; key++) {
      const value = lookUp(table, request.keyLo[key]!, request.keyHi[key]!);
      if (value !== 0 && hasDomain(table, creative, value)) return true;
    }
  }
  return !stated;
}

function hasDomain(table: CampaignTable, creative: number, value: number): boolean {
  const start = table.creativeDomainStart[creative]!;
  for (let i = start; i < start + table.creativeDomainCount[creative]!; i++) {
    if (table.refs[i] === value) return true;
  }
  return false;
}

/** The furthest refusal among a line item's creatives: what explain and the counters show. */
export function creativeRefusal(decision: Decision, lineItem: number): Outcome {
  const { table } = decision;
  const start = table.lineItemCreativeStart[lineItem]!;
  let furthest: Outcome = Outcome.BID;
  for (let i = start; i < start + table.lineItemCreativeCount[lineItem]!; i++) {
    const outcome = creativeOutcome(decision, table.lineItemCreative[i]!);
    if (outcome > furthest) furthest = outcome;
  }
  // Each fits the imp, yet none was picked: no creative, weights of zero, or deal.wadomain.
  return furthest === Outcome.BID ? Outcome.NO_CREATIVE : furthest;
}
