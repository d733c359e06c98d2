import type { BidRequest } from "../bid/request.js";
import { readGdpr, readRefusal, readSections, readSignal } from "./decode-signals.js";
import { Key } from "./json-keys.js";
import { readBounded } from "./json-read.js";
import { keyAt, membersOf, nextAt } from "./json-tape.js";

/**
 * BidRequest.regs (OpenRTB 3.2.3). What it says of privacy counts wherever it stands, in the place
 * of 2.6, in that of 2.5 (regs.ext), twice: the strictest of what is told.
 */
export function decodeRegs(request: BidRequest, object: number): void {
  request.dsa.clear();
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.coppa:
        request.consent.coppa |= readRefusal(request, at);
        break;
      case Key.ext:
        decodeRegsExt(request, at);
        break;
      default:
        decodeMoved(request, at);
    }
  }
}

function decodeRegsExt(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.dsa) decodeDsa(request, at);
    else decodeMoved(request, at);
  }
}

/** The fields that moved from regs.ext to regs. */
function decodeMoved(request: BidRequest, at: number): void {
  const { consent } = request;
  switch (keyAt(at)) {
    case Key.gdpr:
      consent.gdpr = Math.max(consent.gdpr, readGdpr(request, at));
      break;
    case Key.us_privacy:
      readSignal(request, at, request.usPrivacy, request.usPrivacySecond);
      break;
    case Key.gpp:
      readSignal(request, at, request.gppString, request.gppStringSecond);
      break;
    case Key.gpp_sid:
      request.gppSidMask = (request.gppSidMask | readSections(request, at)) >>> 0;
      break;
    case Key.gpc:
      consent.gpc |= readRefusal(request, at);
      break;
    default:
  }
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
