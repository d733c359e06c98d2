import { textKeyInto } from "../base/hash.js";
import { gunzipBytesMax } from "../base/limits.js";
import { ChannelKind, KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, SpanUse } from "../bid/request.js";
import { sizeInterstitials } from "./decode-banner.js";
import { unknownCurrency } from "./decode-codes.js";
import { readCurrency } from "./decode-deal.js";
import { decodeDevice, finishGeo, startDevice } from "./decode-device.js";
import { decodeImps } from "./decode-imp.js";
import { decodeInventory, finishInventory, startInventory } from "./decode-inventory.js";
import { decodeRegs } from "./decode-regs.js";
import { decodeSchainExt, decodeSource, SchainPlace, startSource } from "./decode-source.js";
import { readLanguageList, readList, scopeSpan, voidList } from "./decode-spans.js";
import { decodeUser } from "./decode-user.js";
import { Key } from "./json-keys.js";
import { isString, readFlag, readInteger, readText } from "./json-read.js";
import { JsonFailure, scanJson } from "./json-scan.js";
import { elementsOf, endAt, Kind, keyAt, kindAt, membersOf, nextAt, startAt } from "./json-tape.js";

/** What became of a body: every result but OK is answered 400 without a body (OpenRTB 4.4). */
export const DecodeResult = {
  OK: 0,
  /** Not strict JSON in UTF-8, or not one value. */
  NOT_JSON: 1,
  /** `id` is missing, empty, not a string, or text that cannot be echoed. */
  NO_ID: 2,
  /** No imp with such an id. */
  NO_IMP: 3,
  /** Nested deeper than `jsonDepthMax`. */
  TOO_DEEP: 4,
  /** Longer than `gunzipBytesMax`: the edge refuses it earlier. */
  TOO_LONG: 5,
} as const;
export type DecodeResult = (typeof DecodeResult)[keyof typeof DecodeResult];

/**
 * Reads the OpenRTB 2.5 or 2.6 bid request in request.bytes[0, length) into the record, which it
 * resets first. Any result but OK leaves the record half filled: not to be read. What has the
 * wrong type drops its field, media, deal or imp; the newer place of a moved field wins whatever
 * the order; of members that come twice the last counts. Allocates nothing but for a native
 * request that it has not seen.
 */
export function decode(request: BidRequest, length: number): DecodeResult {
  request.reset();
  if (length > gunzipBytesMax) return DecodeResult.TOO_LONG;
  request.bytes[length] = 0;
  request.bodyLength = length;
  request.textLength = length + 1;
  const failure = scanJson(request.bytes, 0, length, length + 1, 0);
  if (failure === JsonFailure.TOO_DEEP) return DecodeResult.TOO_DEEP;
  if (failure !== JsonFailure.NONE) return DecodeResult.NOT_JSON;
  startInventory();
  startDevice();
  startSource();
  decodeRoot(request);
  finishInventory(request);
  finishGeo(request);
  sizeInterstitials(request);
  if (request.id.end === request.id.start) return DecodeResult.NO_ID;
  return request.impCount === 0 ? DecodeResult.NO_IMP : DecodeResult.OK;
}

/** Copies a body in and decodes it: for tests, replay and explain. */
export function decodeInto(request: BidRequest, body: Uint8Array): DecodeResult {
  if (body.length > gunzipBytesMax) return DecodeResult.TOO_LONG;
  request.bytes.set(body);
  return decode(request, body.length);
}

function decodeRoot(request: BidRequest): void {
  for (let at = membersOf(0), end = nextAt(0); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.id:
        readId(request, at);
        break;
      case Key.imp:
        decodeImps(request, at);
        break;
      case Key.device:
        decodeDevice(request, at);
        break;
      case Key.user:
        decodeUser(request, at);
        break;
      case Key.site:
        decodeInventory(request, at, ChannelKind.SITE);
        break;
      case Key.app:
        decodeInventory(request, at, ChannelKind.APP);
        break;
      case Key.dooh:
        decodeInventory(request, at, ChannelKind.DOOH);
        break;
      case Key.regs:
        decodeRegs(request, at);
        break;
      case Key.source:
        decodeSource(request, at);
        break;
      case Key.ext:
        decodeSchainExt(request, at, SchainPlace.EXT);
        break;
      case Key.cur:
        decodeCurrencies(request, at);
        break;
      default:
        decodeRootField(request, at);
    }
  }
  for (let index = 0; index < request.spanCount; index++) {
    const use = request.spanUse[index]!;
    if (use === SpanUse.BCAT || use === SpanUse.ACAT) scopeSpan(request, index, request.cattax);
  }
}

function readId(request: BidRequest, at: number): void {
  const rawStart = startAt(at);
  const rawEnd = endAt(at);
  request.id.clear();
  if (!readText(request, at)) return;
  request.id.start = rawStart;
  request.id.end = rawEnd;
  textKeyInto(request.bytes, startAt(at), endAt(at), 0, request.seed);
}

/** `cur`: an array of codes, or one code (a frequent deviation). */
function decodeCurrencies(request: BidRequest, list: number): void {
  request.curCount = 0;
  if (isString(list)) addCurrency(request, list);
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    addCurrency(request, at);
  }
}

/** An entry that is no code stays as a currency that cannot be met: its list is not absent. */
function addCurrency(request: BidRequest, at: number): void {
  const code = readCurrency(request, at);
  if (request.curCount === request.cur.length) return;
  request.cur[request.curCount++] = code === 0 ? unknownCurrency : code;
}

function decodeRootField(request: BidRequest, at: number): void {
  switch (keyAt(at)) {
    case Key.at:
      request.at = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.tmax:
      request.tmaxMs = Math.max(0, readInteger(request, at, 0));
      break;
    case Key.test:
      request.test = readTest(request, at);
      break;
    case Key.cattax:
      request.cattax = Math.max(1, readInteger(request, at, 1));
      break;
    case Key.bcat:
      readRootList(request, at, SpanUse.BCAT, KeyKind.CATEGORY);
      break;
    case Key.acat:
      readRootList(request, at, SpanUse.ACAT, KeyKind.CATEGORY);
      break;
    case Key.badv:
      readRootList(request, at, SpanUse.BADV, KeyKind.ADVERTISER_DOMAIN);
      break;
    case Key.bapp:
      readRootList(request, at, SpanUse.BAPP, KeyKind.BUNDLE);
      break;
    case Key.wseat:
      readRootList(request, at, SpanUse.WSEAT, KeyKind.SEAT);
      break;
    case Key.bseat:
      readRootList(request, at, SpanUse.BSEAT, KeyKind.SEAT);
      break;
    case Key.wlang:
    case Key.wlangb:
      readLanguageList(request, at);
      break;
    default:
  }
}

/** A list that may stand once; a second one takes its place. */
function readRootList(request: BidRequest, at: number, use: SpanUse, kind: KeyKind): void {
  if (isListed(request, use)) voidList(request, use, REQUEST_LEVEL);
  readList(request, at, use, kind, REQUEST_LEVEL);
}

function isListed(request: BidRequest, use: SpanUse): boolean {
  for (let index = 0; index < request.spanCount; index++) {
    if (request.spanUse[index] === use) return true;
  }
  return false;
}

/**
 * `test`: only 0, false, "0" and null are no test. Every other number, and whatever else it says,
 * is one: a test is answered and never spends.
 */
function readTest(request: BidRequest, at: number): number {
  return readFlag(request, at, kindAt(at) === Kind.NULL ? 0 : 1);
}
