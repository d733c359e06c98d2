import { formatsMax } from "../base/limits.js";
import { KeyKind, Media } from "../base/lists.js";
import { type BidRequest, type ImpRecord, SpanUse } from "../bid/request.js";
import { readList } from "./decode-spans.js";
import { Key } from "./json-keys.js";
import { readBounded, readInteger, readMask } from "./json-read.js";
import { elementsOf, keyAt, membersOf, nextAt } from "./json-tape.js";

/** Formats are u16; nothing larger is an advertisement. */
export const pixelsMax = 0xffff;
/** Positions and the like: what an exchange adds starts at 500. */
const codeMax = 500;

/** imp.banner (OpenRTB 3.2.6) into the imp; the caller has seen that it is an object. */
export function decodeBanner(
  request: BidRequest,
  object: number,
  imp: ImpRecord,
  owner: number,
): void {
  let width = 0;
  let height = 0;
  imp.formatStart = request.formatCount;
  imp.formatCount = imp.flexibleFormat = 0;
  imp.btypeMask = imp.bannerBattrMask = imp.bannerApiMask = imp.bannerPos = imp.expdirMask = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.w:
        width = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.h:
        height = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.format:
        decodeFormats(request, at, imp);
        break;
      case Key.pos:
        imp.bannerPos = readBounded(request, at, 0, codeMax, 0);
        break;
      case Key.mimes:
        readList(request, at, SpanUse.BANNER_MIMES, KeyKind.MIME, owner);
        break;
      case Key.api:
        imp.bannerApiMask = readMask(request, at);
        break;
      case Key.battr:
        imp.bannerBattrMask = readMask(request, at);
        break;
      case Key.btype:
        imp.btypeMask = readMask(request, at);
        break;
      case Key.expdir:
        imp.expdirMask = readMask(request, at);
        break;
      default:
    }
  }
  // last, because w and h may stand behind format[], and most senders repeat them there
  addFormat(request, imp, width, height);
}

function decodeFormats(request: BidRequest, list: number, imp: ImpRecord): void {
  request.formatCount = imp.formatStart;
  imp.formatCount = imp.flexibleFormat = 0;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    decodeFormat(request, at, imp);
  }
}

/** One format: w and h, or the flexible form of ratio and smallest width. */
function decodeFormat(request: BidRequest, object: number, imp: ImpRecord): void {
  let width = 0;
  let height = 0;
  let widthRatio = 0;
  let heightRatio = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.w:
        width = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.h:
        height = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.wratio:
        widthRatio = readInteger(request, at, 0);
        break;
      case Key.hratio:
        heightRatio = readInteger(request, at, 0);
        break;
      default:
    }
  }
  if (widthRatio > 0 && heightRatio > 0) imp.flexibleFormat = 1;
  addFormat(request, imp, width, height);
}

function addFormat(request: BidRequest, imp: ImpRecord, width: number, height: number): void {
  const end = request.formatCount;
  if (width === 0 || height === 0 || end === formatsMax) return;
  for (let at = imp.formatStart; at < end; at++) {
    if (request.formatWidth[at] === width && request.formatHeight[at] === height) return;
  }
  request.formatWidth[end] = width;
  request.formatHeight[end] = height;
  request.formatCount = end + 1;
  imp.formatCount++;
}

/**
 * An interstitial without a size of its own fills the screen (OpenRTB 2.6 section 7.4). Once the
 * device is read, which may stand behind the imps.
 */
export function sizeInterstitials(request: BidRequest): void {
  const { deviceWidth, deviceHeight } = request;
  if (deviceWidth === 0 || deviceHeight === 0) return;
  for (let i = 0; i < request.impCount; i++) {
    const imp = request.imps[i]!;
    if (imp.instl === 0 || imp.formatCount > 0 || imp.flexibleFormat === 1) continue;
    if ((imp.mediaMask & Media.BANNER) === 0) continue;
    imp.formatStart = request.formatCount;
    addFormat(request, imp, deviceWidth, deviceHeight);
  }
}
