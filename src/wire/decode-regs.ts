import { type BidRequest, Slice } from "../bid/request.js";
import { Key } from "./json-keys.js";
import { isArray, readBounded, readFlag, readInteger, readSlice } from "./json-read.js";
import { elementsOf, keyAt, membersOf, nextAt } from "./json-tape.js";

/** What stands at the place of 2.5 (regs.ext), taken where the place of 2.6 says nothing. */
let gdprOld = -1;
let sidMaskOld = 0;
let sidsStated = false;
const usPrivacyOld = new Slice();
const gppOld = new Slice();

/** BidRequest.regs (OpenRTB 3.2.3). A second `regs` takes the place of the first. */
export function decodeRegs(request: BidRequest, object: number): void {
  clearRegs(request);
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.coppa:
        request.consent.coppa = readFlag(request, at, 0);
        break;
      case Key.gdpr:
        request.consent.gdpr = readFlag(request, at, -1);
        break;
      case Key.us_privacy:
        readSlice(request, at, request.usPrivacy);
        break;
      case Key.gpp:
        readSlice(request, at, request.gppString);
        break;
      case Key.gpp_sid:
        sidsStated = isArray(at);
        request.gppSidMask = readSections(request, at);
        break;
      case Key.gpc:
        request.consent.gpc |= readFlag(request, at, 0);
        break;
      case Key.ext:
        decodeRegsExt(request, at);
        break;
      default:
    }
  }
  if (request.consent.gdpr < 0) request.consent.gdpr = gdprOld;
  if (!sidsStated) request.gppSidMask = sidMaskOld;
  takeOld(request.usPrivacy, usPrivacyOld);
  takeOld(request.gppString, gppOld);
}

function clearRegs(request: BidRequest): void {
  gdprOld = -1;
  sidMaskOld = request.gppSidMask = 0;
  sidsStated = false;
  usPrivacyOld.clear();
  gppOld.clear();
  request.usPrivacy.clear();
  request.gppString.clear();
  request.consent.gdpr = -1;
  request.consent.coppa = request.consent.gpc = 0;
  request.dsa.clear();
}

function takeOld(slice: Slice, old: Slice): void {
  if (slice.end > slice.start) return;
  slice.start = old.start;
  slice.end = old.end;
}

function decodeRegsExt(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.gdpr:
        gdprOld = readFlag(request, at, -1);
        break;
      case Key.us_privacy:
        readSlice(request, at, usPrivacyOld);
        break;
      case Key.gpp:
        readSlice(request, at, gppOld);
        break;
      case Key.gpp_sid:
        sidMaskOld = readSections(request, at);
        break;
      case Key.gpc:
        request.consent.gpc |= readFlag(request, at, 0);
        break;
      case Key.dsa:
        decodeDsa(request, at);
        break;
      default:
    }
  }
}

/** gpp_sid[] as a mask: bit n = section n, 1..31. */
function readSections(request: BidRequest, list: number): number {
  let mask = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    const section = readInteger(request, at, 0);
    if (section > 0 && section <= 31) mask |= 1 << section;
  }
  return mask >>> 0;
}

function decodeDsa(request: BidRequest, object: number): void {
  const dsa = request.dsa;
  dsa.clear();
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.dsarequired:
        dsa.required = readBounded(request, at, 0, 3, -1);
        break;
      case Key.pubrender:
        dsa.pubRender = readBounded(request, at, 0, 2, -1);
        break;
      case Key.datatopub:
        dsa.dataToPub = readBounded(request, at, 0, 2, -1);
        break;
      default:
    }
  }
}
