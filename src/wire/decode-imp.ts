import { impsMax } from "../base/limits.js";
import { KeyKind, Media } from "../base/lists.js";
import { type BidRequest, type ImpRecord, SpanUse } from "../bid/request.js";
import { decodeBanner } from "./decode-banner.js";
import { decodePmp, readCurrency } from "./decode-deal.js";
import { readKeyValues } from "./decode-key-values.js";
import { nativeOf } from "./decode-native.js";
import { readValue, voidList, voidSpans } from "./decode-spans.js";
import { decodeTimed } from "./decode-timed.js";
import { Key } from "./json-keys.js";
import {
  isObject,
  readFlag,
  readFloorMicros,
  readInteger,
  readMask,
  readText,
} from "./json-read.js";
import { elementsOf, endAt, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";

/** Unescaped ids of this request's imps: two are the same id however they are written. */
const idStart = new Uint32Array(impsMax);
const idEnd = new Uint32Array(impsMax);
/** The spans that the imps of this request fill, for a second `imp` that takes their place. */
let spansFrom = 0;
let spansTo = 0;

/** BidRequest.imp (OpenRTB 3.2.4). A second `imp` takes the place of the first, pools included. */
export function decodeImps(request: BidRequest, list: number): void {
  if (request.impCount > 0) voidSpans(request, spansFrom, spansTo);
  request.impCount = request.formatCount = request.durationCount = 0;
  request.durFloorCount = request.dealCount = 0;
  spansFrom = request.spanCount;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    if (request.impCount < impsMax) decodeImp(request, at);
  }
  spansTo = request.spanCount;
  refuseRepeatedIds(request);
}

/** An imp whose id repeats cannot be answered: nobody could say which one a bid is for. */
function refuseRepeatedIds(request: BidRequest): void {
  for (let a = 1; a < request.impCount; a++) {
    for (let b = 0; b < a; b++) {
      if (equalIds(request.bytes, a, b)) request.imps[a]!.usable = request.imps[b]!.usable = 0;
    }
  }
}

function equalIds(bytes: Uint8Array, a: number, b: number): boolean {
  const startA = idStart[a]!;
  const startB = idStart[b]!;
  const length = idEnd[a]! - startA;
  if (idEnd[b]! - startB !== length) return false;
  // ids that differ mostly do so at the end ("imp-1", "imp-2")
  for (let i = length - 1; i >= 0; i--) if (bytes[startA + i] !== bytes[startB + i]) return false;
  return true;
}

/** One imp, kept only with an id that can be echoed. */
function decodeImp(request: BidRequest, object: number): void {
  const owner = request.impCount;
  const imp = request.imps[owner]!;
  const spans = request.spanCount;
  imp.clear();
  let rewarded = -1;
  let rewardedOld = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.id:
        readImpId(request, at, imp, owner);
        break;
      case Key.banner:
        openMedia(request, imp, Media.BANNER, SpanUse.BANNER_MIMES, owner);
        decodeBanner(request, at, imp, owner);
        if (isObject(at)) imp.mediaMask |= Media.BANNER;
        break;
      case Key.video:
        openMedia(request, imp, Media.VIDEO, SpanUse.VIDEO_MIMES, owner);
        if (decodeTimed(request, at, imp.video, SpanUse.VIDEO_MIMES, owner)) {
          imp.mediaMask |= Media.VIDEO;
        }
        break;
      case Key.audio:
        openMedia(request, imp, Media.AUDIO, SpanUse.AUDIO_MIMES, owner);
        if (decodeTimed(request, at, imp.audio, SpanUse.AUDIO_MIMES, owner)) {
          imp.mediaMask |= Media.AUDIO;
        }
        break;
      case Key.native:
        decodeNativeMedia(request, at, imp);
        break;
      case Key.pmp:
        decodePmp(request, at, imp);
        break;
      case Key.rwdd:
        rewarded = readFlag(request, at, -1);
        break;
      case Key.ext:
        rewardedOld = decodeImpExt(request, at, owner);
        break;
      case Key.tagid:
        readValue(request, at, KeyKind.PLACEMENT, owner);
        break;
      default:
        decodeImpField(request, at, imp);
    }
  }
  imp.rewarded = rewarded >= 0 ? rewarded : rewardedOld;
  if (imp.id.end > imp.id.start) request.impCount = owner + 1;
  else voidSpans(request, spans, request.spanCount);
}

/** Before a media object: a second one of its kind takes the place of the first. */
function openMedia(
  request: BidRequest,
  imp: ImpRecord,
  media: Media,
  use: SpanUse,
  owner: number,
): void {
  if ((imp.mediaMask & media) === 0) return;
  imp.mediaMask &= ~media;
  voidList(request, use, owner);
}

function readImpId(request: BidRequest, at: number, imp: ImpRecord, owner: number): void {
  const rawStart = startAt(at);
  const rawEnd = endAt(at);
  imp.id.clear();
  if (!readText(request, at)) return;
  imp.id.start = rawStart;
  imp.id.end = rawEnd;
  idStart[owner] = startAt(at);
  idEnd[owner] = endAt(at);
}

function decodeImpField(request: BidRequest, at: number, imp: ImpRecord): void {
  switch (keyAt(at)) {
    case Key.bidfloor: {
      const micros = readFloorMicros(request, at);
      imp.bidFloorHuge = micros < 0 ? 1 : 0;
      imp.bidFloorMicros = Math.max(0, micros);
      break;
    }
    case Key.bidfloorcur:
      imp.bidFloorCurrency = readCurrency(request, at);
      break;
    case Key.secure:
      imp.secure = readFlag(request, at, 0);
      break;
    case Key.instl:
      imp.instl = readFlag(request, at, 0);
      break;
    case Key.exp:
      imp.expSec = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.clickbrowser:
      imp.clickBrowser = readFlag(request, at, 0);
      break;
    case Key.qty:
      decodeQty(request, at, imp);
      break;
    default:
  }
}

/**
 * imp.qty (OpenRTB 3.2.30): how many people one showing of a screen counts for, in thousandths,
 * rounded up (it multiplies what we pay). Not positive = one impression; one beyond all screens
 * makes the imp unusable, because its cost cannot be told.
 */
function decodeQty(request: BidRequest, object: number, imp: ImpRecord): void {
  imp.qtyPermille = 1000;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) !== Key.multiplier) continue;
    const micros = readFloorMicros(request, at);
    if (micros < 0) imp.usable = 0;
    else imp.qtyPermille = micros === 0 ? 1000 : Math.ceil(micros / 1000);
  }
}

/** imp.native (OpenRTB 3.2.9). `request_native`, an object, is what some adapters send instead. */
function decodeNativeMedia(request: BidRequest, object: number, imp: ImpRecord): void {
  imp.native = null;
  imp.nativeBattrMask = imp.nativeApiMask = 0;
  imp.mediaMask &= ~Media.NATIVE;
  let stated = false;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.request:
        imp.native = nativeOf(request, at);
        stated = true;
        break;
      case Key.request_native:
        if (!stated) imp.native = nativeOf(request, at);
        break;
      case Key.api:
        imp.nativeApiMask = readMask(request, at);
        break;
      case Key.battr:
        imp.nativeBattrMask = readMask(request, at);
        break;
      default:
    }
  }
  if (imp.native !== null) imp.mediaMask |= Media.NATIVE;
}

/** imp.ext; gives the 2.5 place of `rwdd`: ext.prebid.is_rewarded_inventory. */
function decodeImpExt(request: BidRequest, object: number, owner: number): number {
  let rewarded = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.gpid:
        readValue(request, at, KeyKind.PLACEMENT, owner);
        break;
      case Key.data:
        readKeyValues(request, at, owner);
        break;
      case Key.prebid:
        rewarded = decodePrebid(request, at);
        break;
      default:
    }
  }
  return rewarded;
}

function decodePrebid(request: BidRequest, object: number): number {
  let rewarded = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.is_rewarded_inventory) rewarded = readFlag(request, at, 0);
  }
  return rewarded;
}
