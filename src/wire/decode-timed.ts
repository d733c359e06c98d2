import { durationsMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import type { BidRequest, SpanUse, TimedMedia } from "../bid/request.js";
import { readList } from "./decode-spans.js";
import { Key } from "./json-keys.js";
import {
  isArray,
  readBounded,
  readFlag,
  readFloorMicros,
  readInteger,
  readMask,
  readNameEnd,
} from "./json-read.js";
import { elementsOf, Kind, keyAt, kindAt, membersOf, nextAt } from "./json-tape.js";

/** Seconds and pixels here are u16; a longer time is the same as no limit to any creative. */
const u16Max = 0xffff;
const codeMax = 500;

/**
 * imp.video or imp.audio (OpenRTB 3.2.7, 3.2.8). False = unusable: no list of mimes, or a floor
 * beyond what prices can be. `use` is where its mimes go, `owner` the imp.
 */
export function decodeTimed(
  request: BidRequest,
  object: number,
  media: TimedMedia,
  use: SpanUse,
  owner: number,
): boolean {
  media.clear();
  let mimes = false;
  let priced = true;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.mimes:
        mimes = readMimes(request, at, use, owner);
        break;
      case Key.mincpmpersec:
        media.minCpmPerSecMicros = readFloorMicros(request, at);
        if (media.minCpmPerSecMicros < 0) priced = false;
        break;
      case Key.durfloors:
        media.durFloorStart = request.durFloorCount;
        if (!decodeDurFloors(request, at)) priced = false;
        media.durFloorCount = request.durFloorCount - media.durFloorStart;
        break;
      case Key.rqddurs:
        media.rqdDurStart = request.durationCount;
        readDurations(request, at);
        media.rqdDurCount = request.durationCount - media.rqdDurStart;
        break;
      default:
        decodeTimedField(request, at, media);
    }
  }
  return mimes && priced;
}

function readMimes(request: BidRequest, list: number, use: SpanUse, owner: number): boolean {
  if (!isArray(list)) return false;
  const from = request.keyCount;
  readList(request, list, use, KeyKind.MIME, owner);
  for (let index = from; index < request.keyCount; index++) {
    if (request.keyLo[index] !== 0 || request.keyHi[index] !== 0) return true;
  }
  return false;
}

/**
 * rqddurs[]. A shorter list of exact durations would allow what the seller did not: then no bid.
 */
function readDurations(request: BidRequest, list: number): void {
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    const seconds = readBounded(request, at, 1, u16Max, 0);
    if (seconds === 0) continue;
    if (request.durationCount === durationsMax) request.overflow = 1;
    else request.durationSec[request.durationCount++] = seconds;
  }
}

function decodeTimedField(request: BidRequest, at: number, media: TimedMedia): void {
  switch (keyAt(at)) {
    case Key.w:
      media.width = readBounded(request, at, 0, u16Max, 0);
      break;
    case Key.h:
      media.height = readBounded(request, at, 0, u16Max, 0);
      break;
    case Key.minduration:
      media.minDurationSec = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.maxduration:
      media.maxDurationSec = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.protocols:
      media.protocolMask = readMask(request, at);
      break;
    case Key.startdelay:
      media.startDelayKnown = isNumber(at) ? 1 : 0;
      media.startDelaySec = readInteger(request, at, 0);
      break;
    case Key.plcmt:
      media.plcmt = readBounded(request, at, 0, codeMax, 0);
      break;
    case Key.placement:
      media.placement = readBounded(request, at, 0, codeMax, 0);
      break;
    case Key.linearity:
      media.linearity = readBounded(request, at, 1, 2, 0);
      break;
    case Key.skip:
      media.skip = readFlag(request, at, -1);
      break;
    case Key.pos:
      media.pos = readBounded(request, at, 0, codeMax, 0);
      break;
    case Key.api:
      media.apiMask = readMask(request, at);
      break;
    case Key.battr:
      media.battrMask = readMask(request, at);
      break;
    default:
      decodeDeliveryField(request, at, media);
  }
}

const isNumber = (at: number): boolean => kindAt(at) === Kind.INTEGER || kindAt(at) === Kind.NUMBER;

/** How it is delivered, and pods (OpenRTB 7.6). */
function decodeDeliveryField(request: BidRequest, at: number, media: TimedMedia): void {
  switch (keyAt(at)) {
    case Key.playbackmethod:
      media.playbackMask = readMask(request, at);
      break;
    case Key.delivery:
      media.deliveryMask = readMask(request, at);
      break;
    case Key.minbitrate:
      media.minBitrateKbps = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.maxbitrate:
      media.maxBitrateKbps = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.podid:
      media.podId = readNameEnd(request, at) === 0 ? 0 : 1;
      break;
    case Key.poddur:
      media.podDurSec = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.maxseq:
      media.maxSeq = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.slotinpod:
      media.slotInPod = readBounded(request, at, -1, 2, 0);
      break;
    default:
  }
}

/**
 * durfloors[] (OpenRTB 3.2.35) of a video, an audio or a deal, added to the request's pool. False
 * = a floor beyond what prices can be. A full pool means no bid: a floor less would be a bid below
 * it.
 */
export function decodeDurFloors(request: BidRequest, list: number): boolean {
  let priced = true;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    if (!decodeDurFloor(request, at)) priced = false;
  }
  return priced;
}

function decodeDurFloor(request: BidRequest, object: number): boolean {
  let minSec = 0;
  let maxSec = 0;
  let floorMicros = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.mindur:
        minSec = readBounded(request, at, 0, u16Max, 0);
        break;
      case Key.maxdur:
        maxSec = readBounded(request, at, 0, u16Max, 0);
        break;
      case Key.bidfloor:
        floorMicros = readFloorMicros(request, at);
        break;
      default:
    }
  }
  if (floorMicros < 0) return false;
  if (floorMicros === 0) return true;
  const index = request.durFloorCount;
  if (index === durationsMax) {
    request.overflow = 1;
    return true;
  }
  request.durFloorMinSec[index] = minSec;
  request.durFloorMaxSec[index] = maxSec;
  request.durFloorMicros[index] = floorMicros;
  request.durFloorCount = index + 1;
  return true;
}
