import { Hash64 } from "../base/hash.js";

import {
  dealsMax,
  durationsMax,
  eidsMax,
  formatsMax,
  gunzipBytesMax,
  impsMax,
  keysMax,
  schainNodesMax,
  spansMax,
} from "../base/limits.js";
import type { CurrencyCode } from "../base/units.js";
import { Withheld } from "../base/unprintable.js";

/**
 * The request as the decision reads it: preallocated once a worker, filled by wire/decode, cleared
 * by `reset`. No strings: text is a slice [start, end) of `bytes` (the body first, unescaped text
 * appended behind it) or a 64-bit key (base/hash textKeyInto). 0-length slices mean absent. Numbers
 * that were absent keep the default that is stated beside them.
 */

/** Which list a span of keys belongs to: targeting values and block lists. */
export const SpanUse = {
  /** A targeting value of the span's kind (request or imp level). */
  VALUE: 0,
  BCAT: 1,
  ACAT: 2,
  BADV: 3,
  BAPP: 4,
  WSEAT: 5,
  BSEAT: 6,
  WLANG: 7,
  BANNER_MIMES: 8,
  VIDEO_MIMES: 9,
  AUDIO_MIMES: 10,
  DEAL_WSEAT: 11, // `spanOwner` is the deal
  DEAL_WADOMAIN: 12, // `spanOwner` is the deal
} as const;
export type SpanUse = (typeof SpanUse)[keyof typeof SpanUse];

/** `spanOwner` of a span that belongs to the whole request. */
export const REQUEST_LEVEL = 0xffff;

/** A slice of `BidRequest.bytes`. */
export class Slice {
  start = 0;
  end = 0;
  clear(): void {
    this.start = 0;
    this.end = 0;
  }
}

/** Video and audio share their fields (OpenRTB 3.2.7, 3.2.8). Durations in seconds. */
export class TimedMedia {
  minDurationSec = 0;
  maxDurationSec = 0; // 0 = no maximum
  rqdDurStart = 0; // into BidRequest.durationSec
  rqdDurCount = 0;
  startDelaySec = 0;
  startDelayKnown = 0;
  protocolMask = 0; // bit n = protocol n; 0 = not stated (any)
  width = 0;
  height = 0;
  placement = 0;
  plcmt = 0;
  linearity = 0; // 0 not stated, 1 linear, 2 overlay
  skip = -1; // -1 not stated
  pos = 0;
  battrMask = 0;
  apiMask = 0; // bit n = API n supported
  deliveryMask = 0;
  playbackMask = 0;
  minBitrateKbps = 0;
  maxBitrateKbps = 0;
  minCpmPerSecMicros = 0;
  durFloorStart = 0; // into BidRequest.durFloor*
  durFloorCount = 0;
  podId = 0; // 1 = part of a pod
  podDurSec = 0;
  maxSeq = 0;
  slotInPod = 0;

  clear(): void {
    this.minDurationSec = this.maxDurationSec = this.rqdDurStart = this.rqdDurCount = 0;
    this.startDelaySec = this.startDelayKnown = this.protocolMask = 0;
    this.width = this.height = this.placement = this.plcmt = this.linearity = 0;
    this.skip = -1;
    this.pos = this.battrMask = this.apiMask = this.deliveryMask = this.playbackMask = 0;
    this.minBitrateKbps = this.maxBitrateKbps = this.minCpmPerSecMicros = 0;
    this.durFloorStart = this.durFloorCount = 0;
    this.podId = this.podDurSec = this.maxSeq = this.slotInPod = 0;
  }
}

/**
 * A native 1.x request after its own scan (wire/decode-native); shared between requests by a cache.
 */
export type NativeRequest = {
  /** 1.0 wraps answers in {"native":{}}; 1.1 and later are bare. */
  readonly wrapped: boolean;
  readonly assets: readonly NativeAsset[];
  readonly eventTrackers: readonly {
    readonly event: number;
    readonly methods: readonly number[];
  }[];
  readonly privacy: boolean;
};
export type NativeAsset = {
  readonly id: number;
  readonly required: boolean;
  readonly kind: "title" | "image" | "video" | "data";
  /** title.len, data.len; 0 = no limit */
  readonly lengthMax: number;
  /** image type 1 icon, 3 main; data type 1..12 */
  readonly type: number;
  readonly width: number;
  readonly height: number;
  readonly widthMin: number;
  readonly heightMin: number;
  readonly mimes: readonly string[];
};

export class ImpRecord {
  /**
   * Its place in the request: with the request's own seed the seed of all that must repeat. Never a
   * place in the body's bytes, which the length of somebody's identifier moves.
   */
  readonly index: number;
  /** The raw JSON text of imp.id between its quotes: echoed as it is. */
  readonly id = new Slice();
  mediaMask = 0;
  /** 0 = another imp has the same id: never bid on it. */
  usable = 1;
  bidFloorMicros = 0;
  bidFloorCurrency = 0 as CurrencyCode; // 0 = not stated (USD)
  /**
   * 1 = the floor was present but unusable (negative, huge, not a number): treated as no floor for
   * wrong types, no bid for huge.
   */
  bidFloorHuge = 0;
  secure = 0;
  instl = 0;
  rewarded = 0;
  expSec = 0; // 0 = not stated
  clickBrowser = 0;
  /** DOOH quantity multiplier in thousandths; 1000 = one impression. */
  qtyPermille = 1000;
  // banner
  formatStart = 0; // into BidRequest.formatWidth/Height: w,h and format[] of the banner
  formatCount = 0;
  btypeMask = 0;
  bannerBattrMask = 0;
  bannerApiMask = 0;
  bannerPos = 0;
  expdirMask = 0;
  /** Flexible formats (wratio, hratio, wmin) present. */
  flexibleFormat = 0;
  // video, audio
  readonly video = new TimedMedia();
  readonly audio = new TimedMedia();
  // native
  native: NativeRequest | null = null;
  nativeBattrMask = 0;
  nativeApiMask = 0;
  // pmp
  privateAuction = 0;
  dealStart = 0; // into BidRequest.deal*
  dealCount = 0;

  constructor(index: number) {
    this.index = index;
  }

  clear(): void {
    this.id.clear();
    this.mediaMask = 0;
    this.usable = 1;
    this.bidFloorMicros = 0;
    this.bidFloorCurrency = 0 as CurrencyCode;
    this.bidFloorHuge = this.secure = this.instl = this.rewarded = this.expSec = 0;
    this.clickBrowser = 0;
    this.qtyPermille = 1000;
    this.formatStart = this.formatCount = this.btypeMask = this.bannerBattrMask = 0;
    this.bannerApiMask = this.bannerPos = this.expdirMask = this.flexibleFormat = 0;
    this.video.clear();
    this.audio.clear();
    this.native = null;
    this.nativeBattrMask = this.nativeApiMask = 0;
    this.privateAuction = this.dealStart = this.dealCount = 0;
  }
}

/** Facts of the consent strings about our own vendor, filled by wire/consent (cached by string). */
export class ConsentSignals {
  gdpr = -1; // -1 not stated
  coppa = 0;
  lmt = 0;
  dnt = 0;
  gpc = 0;
  atts = -1; // iOS App Tracking Transparency; -1 not stated
  // TCF (user.consent, or GPP sections 2 and 5 where they apply)
  tcfPresent = 0;
  tcfValid = 0; // decodes, version 2, policy >= 4, not expired
  purposesConsent = 0; // bit p-1 = purpose p
  purposesLegitimateInterest = 0;
  /**
   * Publisher restrictions on our vendor: purposes not allowed, consent only, legitimate interest
   * only.
   */
  restrictedPurposes = 0;
  consentOnlyPurposes = 0;
  legitimateInterestOnlyPurposes = 0;
  vendorConsent = 0;
  vendorLegitimateInterest = 0;
  vendorDisclosed = 0; // 1 disclosed, 0 not (or no segment)
  vendorUndisclosed = 0; // 1 = a list of the disclosed vendors is there without ours
  specialFeatures = 0; // bit f-1
  // US: us_privacy and GPP sections 6 to 27, strictest of the applicable ones
  usPrivacyPresent = 0;
  usOptOut = 0; // sale, sharing or targeted advertising opt-out
  usKnownChild = 0;
  /** 1 = the seller says that people were not told of their right to opt out. */
  usNoticeMissing = 0;
  /** 1 = gpp_sid names the European TCF, which says that the GDPR applies. */
  tcfApplies = 0;
  /** 1 = gpp_sid names the Canadian TCF; the purposes that it lets our vendor pursue (bit p-1). */
  canadaApplies = 0;
  canadaPurposes = 0;
  /** 1 = device.ifa is all zeros: tracking is switched off on the device. */
  zeroIfa = 0;
  /** 1 = a signal that applies did not decode, or is told in too many ways: strictest. */
  unreadable = 0;
  /**
   * Another country than the request's that it names too (user.geo): the stricter of both markets
   * counts. 0 = none.
   */
  secondCountry = 0;

  clear(): void {
    this.gdpr = -1;
    this.coppa = this.lmt = this.dnt = this.gpc = 0;
    this.atts = -1;
    this.tcfPresent = this.tcfValid = this.purposesConsent = this.purposesLegitimateInterest = 0;
    this.restrictedPurposes = this.consentOnlyPurposes = this.legitimateInterestOnlyPurposes = 0;
    this.vendorConsent = this.vendorLegitimateInterest = this.vendorDisclosed = 0;
    this.specialFeatures = this.usPrivacyPresent = this.usOptOut = this.usKnownChild = 0;
    this.usNoticeMissing = this.tcfApplies = this.canadaApplies = this.canadaPurposes = 0;
    this.zeroIfa = this.unreadable = this.vendorUndisclosed = this.secondCountry = 0;
  }
}

/** The digital services act fields of regs.ext.dsa; -1 = not stated. */
export class DsaRecord {
  required = -1;
  pubRender = -1;
  dataToPub = -1;
  clear(): void {
    this.required = this.pubRender = this.dataToPub = -1;
  }
}

export class BidRequest extends Withheld {
  /** The body, then unescaped text. Capacity: twice the largest body. */
  readonly bytes = new Uint8Array(2 * gunzipBytesMax);
  bodyLength = 0;
  textLength = 0; // bytes used, body included

  /** The raw JSON text of BidRequest.id between its quotes: echoed as it is. */
  readonly id = new Slice();
  /** id's key, seed of everything that must repeat for the same request (rounding, rotation). */
  readonly seed = new Hash64();
  test = 0;
  at = 0; // 0 = not stated: the exchange's default
  tmaxMs = 0; // 0 = not stated
  cattax = 1;
  curCount = 0;
  readonly cur = new Uint32Array(16); // CurrencyCode
  /** 1 = a limit that must fail closed was met (keys, spans): no bid. */
  overflow = 0;

  // inventory
  channelKind = 0;
  /** The seller's page or app as reported by context: domain or bundle, for the context cell. */
  readonly property = new Slice();
  livestream = -1;

  /**
   * Bit k = a rule of the World names values of KeyKind k; other values are not read. Kept from
   * request to request (bid/wanted): it saved 0.6 us of 12 (in process, Node 20.20.2, 2026-11).
   */
  kindsWanted = -1;
  /** 0 = no rule names a browser: a user agent is read only where the system is not known. */
  browserWanted = 1;

  // device
  deviceType = 0;
  /** The screen in pixels: the size of an interstitial that states none. 0 = not stated. */
  deviceWidth = 0;
  deviceHeight = 0;
  connectionType = 0;
  os = 0;
  browser = 0;
  country = 0; // CountryCode of device.geo, else user.geo
  readonly userAgent = new Slice();

  // people: slices for wire/consent and bid/identify only
  readonly tcfString = new Slice();
  readonly gppString = new Slice();
  readonly usPrivacy = new Slice();
  /** The same signals where the places of 2.5 and 2.6 tell something else. */
  readonly tcfStringSecond = new Slice();
  readonly gppStringSecond = new Slice();
  readonly usPrivacySecond = new Slice();
  gppSidMask = 0; // bit n = section n, up to 31
  readonly ifa = new Slice();
  readonly ifaType = new Slice();
  readonly buyerUid = new Slice();
  eidCount = 0;
  readonly eidSourceLo = new Uint32Array(eidsMax);
  readonly eidSourceHi = new Uint32Array(eidsMax);
  readonly eidStart = new Uint32Array(eidsMax); // uids[].id
  readonly eidEnd = new Uint32Array(eidsMax);
  readonly eidAtype = new Uint8Array(eidsMax);
  readonly eidMm = new Uint8Array(eidsMax);
  private readonly personSlices: readonly Slice[] = [
    ...[this.userAgent, this.ifa, this.ifaType, this.buyerUid],
    ...[this.tcfString, this.gppString, this.usPrivacy],
    ...[this.tcfStringSecond, this.gppStringSecond, this.usPrivacySecond],
  ];
  readonly consent = new ConsentSignals();
  readonly dsa = new DsaRecord();

  // supply chain
  schainPresent = 0;
  schainComplete = 0;
  schainNodeCount = 0;
  readonly schainLo = new Uint32Array(schainNodesMax); // SCHAIN_SELLER keys, last node = sender
  readonly schainHi = new Uint32Array(schainNodesMax);

  // imps and their pools
  impCount = 0;
  readonly imps: readonly ImpRecord[] = Array.from({ length: impsMax }, (_, i) => new ImpRecord(i));
  formatCount = 0;
  readonly formatWidth = new Uint16Array(formatsMax);
  readonly formatHeight = new Uint16Array(formatsMax);
  durationCount = 0;
  readonly durationSec = new Uint16Array(durationsMax);
  durFloorCount = 0;
  readonly durFloorMinSec = new Uint16Array(durationsMax);
  readonly durFloorMaxSec = new Uint16Array(durationsMax); // 0 = no maximum
  readonly durFloorMicros = new Float64Array(durationsMax);
  dealCount = 0;
  readonly dealIdStart = new Uint32Array(dealsMax); // raw JSON text between quotes: echoed
  readonly dealIdEnd = new Uint32Array(dealsMax);
  readonly dealLo = new Uint32Array(dealsMax); // DEAL keys
  readonly dealHi = new Uint32Array(dealsMax);
  readonly dealFloorMicros = new Float64Array(dealsMax); // -1 = unusable, never bid on it
  readonly dealFloorCurrency = new Uint32Array(dealsMax); // 0 = USD
  readonly dealAt = new Uint8Array(dealsMax); // 0 = not stated
  readonly dealMinCpmPerSecMicros = new Float64Array(dealsMax);
  readonly dealDurFloorStart = new Uint16Array(dealsMax);
  readonly dealDurFloorCount = new Uint16Array(dealsMax);
  readonly dealGuaranteed = new Uint8Array(dealsMax);

  // keys and the spans that say what they are
  keyCount = 0;
  readonly keyLo = new Uint32Array(keysMax);
  readonly keyHi = new Uint32Array(keysMax);
  spanCount = 0;
  readonly spanUse = new Uint8Array(spansMax); // SpanUse
  readonly spanKind = new Uint8Array(spansMax); // KeyKind
  readonly spanOwner = new Uint16Array(spansMax); // imp index, deal index or REQUEST_LEVEL
  readonly spanStart = new Uint16Array(spansMax);
  readonly spanLength = new Uint16Array(spansMax);

  /** Before each request; clears only what the last one used. */
  reset(): void {
    for (let i = 0; i < this.impCount; i++) this.imps[i]?.clear();
    this.bodyLength = this.textLength = 0;
    this.id.clear();
    this.seed.lo = this.seed.hi = 0;
    this.test = this.at = this.tmaxMs = this.curCount = this.overflow = 0;
    this.cattax = 1;
    this.channelKind = 0;
    this.property.clear();
    this.livestream = -1;
    this.deviceWidth = this.deviceHeight = 0;
    this.deviceType = this.connectionType = this.os = this.browser = this.country = 0;
    for (const slice of this.personSlices) slice.clear();
    this.gppSidMask = this.eidCount = 0;
    this.consent.clear();
    this.dsa.clear();
    this.schainPresent = this.schainComplete = this.schainNodeCount = 0;
    this.impCount = this.formatCount = this.durationCount = this.durFloorCount = 0;
    this.dealCount = this.keyCount = this.spanCount = 0;
  }
}
