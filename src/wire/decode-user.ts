import { Hash64, textKeyInto } from "../base/hash.js";
import { eidsMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import type { BidRequest } from "../bid/request.js";
import { clearUserGeo, decodeUserGeo } from "./decode-device.js";
import { readSignal } from "./decode-signals.js";
import { Key } from "./json-keys.js";
import { isArray, readBounded, readSlice, readText } from "./json-read.js";
import { elementsOf, endAt, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";

const hash = new Hash64();
/** 1 = the eids came from user.eids, which the 2.5 place user.ext.eids must not replace. */
let eidsFromUser = 0;

/**
 * BidRequest.user (OpenRTB 3.2.20). Its keywords and data are about a person: never targeting
 * values. A second `user` takes the place of the first.
 */
export function decodeUser(request: BidRequest, object: number): void {
  clearUserGeo(request);
  request.buyerUid.clear();
  request.eidCount = eidsFromUser = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.buyeruid:
        readSlice(request, at, request.buyerUid);
        break;
      case Key.consent:
        readSignal(request, at, request.tcfString, request.tcfStringSecond);
        break;
      case Key.eids:
        eidsFromUser = isArray(at) ? 1 : 0;
        if (eidsFromUser === 1) decodeEids(request, at);
        break;
      case Key.geo:
        decodeUserGeo(request, at);
        break;
      case Key.ext:
        decodeUserExt(request, at);
        break;
      default:
    }
  }
}

/** The 2.5 places of consent and eids. */
function decodeUserExt(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.consent) {
      readSignal(request, at, request.tcfString, request.tcfStringSecond);
    } else if (keyAt(at) === Key.eids && eidsFromUser === 0) decodeEids(request, at);
  }
}

/** eids[] (OpenRTB 3.2.27): one entry for each uid; those beyond the limit are not looked up. */
function decodeEids(request: BidRequest, list: number): void {
  request.eidCount = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    decodeEid(request, at);
  }
}

function decodeEid(request: BidRequest, object: number): void {
  const from = request.eidCount;
  let known = false;
  let mm = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.source:
        known = readText(request, at) && endAt(at) > startAt(at);
        if (known) textKeyInto(request.bytes, startAt(at), endAt(at), KeyKind.EID_SOURCE, hash);
        break;
      case Key.mm:
        mm = readBounded(request, at, 0, 255, 0);
        break;
      case Key.uids:
        request.eidCount = from;
        decodeUids(request, at);
        break;
      default:
    }
  }
  if (!known) request.eidCount = from;
  for (let index = from; index < request.eidCount; index++) {
    request.eidSourceLo[index] = hash.lo;
    request.eidSourceHi[index] = hash.hi;
    request.eidMm[index] = mm;
  }
}

function decodeUids(request: BidRequest, list: number): void {
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    decodeUid(request, at);
  }
}

function decodeUid(request: BidRequest, object: number): void {
  let id = 0;
  let atype = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.id) id = readText(request, at) && endAt(at) > startAt(at) ? at : 0;
    else if (keyAt(at) === Key.atype) atype = readBounded(request, at, 0, 255, 0);
  }
  const index = request.eidCount;
  if (id === 0 || index === eidsMax) return;
  request.eidStart[index] = startAt(id);
  request.eidEnd[index] = endAt(id);
  request.eidAtype[index] = atype;
  request.eidCount = index + 1;
}
