import { Hash64, mix32, textKeyInto } from "../base/hash.js";
import { schainNodesMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import type { BidRequest } from "../bid/request.js";
import { Key } from "./json-keys.js";
import { isObject, readFlag, readNameEnd } from "./json-read.js";
import { elementsOf, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";

/**
 * Places of the supply chain, the newer the higher: ext.schain, source.ext.schain, source.schain.
 */
export const SchainPlace = { NONE: 0, EXT: 1, SOURCE_EXT: 2, SOURCE: 3 } as const;
export type SchainPlace = (typeof SchainPlace)[keyof typeof SchainPlace];

let place: SchainPlace = SchainPlace.NONE;
const asi = new Hash64();
const sid = new Hash64();
const seller = new Hash64();

export function startSource(): void {
  place = SchainPlace.NONE;
}

/**
 * The key of one seller of a supply chain: its system (asi) and its account there (sid). `asiKey`
 * and `sidKey` are text keys of kind SCHAIN_SELLER.
 */
export function sellerKeyInto(asiKey: Hash64, sidKey: Hash64, out: Hash64): void {
  const lo = mix32(asiKey.lo, sidKey.lo);
  const hi = mix32(asiKey.hi, sidKey.hi);
  out.lo = lo === 0 && hi === 0 ? 1 : lo;
  out.hi = hi;
}

/** BidRequest.source (OpenRTB 3.2.2): only the supply chain, at its 2.6 and its 2.5 place. */
export function decodeSource(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.schain) decodeSchain(request, at, SchainPlace.SOURCE);
    else if (keyAt(at) === Key.ext) decodeSchainExt(request, at, SchainPlace.SOURCE_EXT);
  }
}

/** The supply chain inside an `ext`. */
export function decodeSchainExt(request: BidRequest, object: number, from: SchainPlace): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.schain) decodeSchain(request, at, from);
  }
}

function decodeSchain(request: BidRequest, object: number, from: SchainPlace): void {
  if (from < place || !isObject(object)) return;
  place = from;
  request.schainPresent = 1;
  request.schainComplete = request.schainNodeCount = 0;
  let whole = true;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.complete:
        request.schainComplete = readFlag(request, at, 0);
        break;
      case Key.nodes:
        whole = decodeNodes(request, at);
        break;
      default:
    }
  }
  // a chain that we could not keep whole is not complete for us
  if (!whole) request.schainComplete = 0;
}

function decodeNodes(request: BidRequest, list: number): boolean {
  let whole = true;
  request.schainNodeCount = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    if (!decodeNode(request, at)) whole = false;
  }
  return whole;
}

/** One node; 0/0 stands for a node that names no seller. False = no room or no seller. */
function decodeNode(request: BidRequest, object: number): boolean {
  asi.lo = asi.hi = sid.lo = sid.hi = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.asi) readSellerPart(request, at, asi);
    else if (keyAt(at) === Key.sid) readSellerPart(request, at, sid);
  }
  const known = isKey(asi) && isKey(sid);
  const index = request.schainNodeCount;
  if (index === schainNodesMax) return false;
  seller.lo = seller.hi = 0;
  if (known) sellerKeyInto(asi, sid, seller);
  request.schainLo[index] = seller.lo;
  request.schainHi[index] = seller.hi;
  request.schainNodeCount = index + 1;
  return known;
}

const isKey = (key: Hash64): boolean => key.lo !== 0 || key.hi !== 0;

function readSellerPart(request: BidRequest, at: number, out: Hash64): void {
  out.lo = out.hi = 0;
  const end = readNameEnd(request, at);
  if (end !== 0) textKeyInto(request.bytes, startAt(at), end, KeyKind.SCHAIN_SELLER, out);
}
