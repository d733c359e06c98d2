import { isZeroIfa } from "../base/identifier.js";
import type { UnixMs } from "../base/units.js";
import { legitimateInterestPurposes, type PrivacySettings } from "../bid/consent.js";
import type { BidRequest, ConsentSignals, Slice } from "../bid/request.js";
import { type ConsentCache, consentBytesMax } from "./consent-cache.js";
import { GppSection } from "./gpp.js";
import type { CanadaReading } from "./gpp-canada.js";
import { readUsPrivacy, UsReading } from "./gpp-us.js";
import { isCurrent, TcfReading } from "./tcf.js";

const us = new UsReading();
/** What a string that is too long to be read says: nothing. */
const nothing = new TcfReading();
const tcfEuBit = 1 << GppSection.TCF_EU;
const usPrivacyBit = 1 << GppSection.US_PRIVACY;

/**
 * Fills `request.consent` from user.consent, regs.gpp with regs.gpp_sid, and regs.us_privacy. The
 * plain flags (gdpr, coppa, lmt, dnt, gpc, atts) are already there; a string can only make them
 * stricter. Two strings that speak of the same thing (two places, TCF and GPP) are joined: only
 * what both allow is allowed.
 */
export function readConsent(
  request: BidRequest,
  settings: PrivacySettings,
  cache: ConsentCache,
  nowMs: UnixMs,
): void {
  const { consent, bytes, ifa, gppSidMask } = request;
  const { vendorId, maxAgeDays } = settings.tcf;
  cache.useVendor(vendorId);
  if (isZeroIfa(bytes, ifa.start, ifa.end)) consent.zeroIfa = 1;
  readTcf(request, request.tcfString, cache, nowMs, maxAgeDays);
  readTcf(request, request.tcfStringSecond, cache, nowMs, maxAgeDays);
  readUs(request, request.usPrivacy);
  readUs(request, request.usPrivacySecond);
  if ((gppSidMask & tcfEuBit) !== 0) consent.tcfApplies = 1;
  // Without gpp_sid nobody said that the European section applies: it only stands in for an absent
  // string.
  const standsIn = consent.tcfPresent === 0;
  readGpp(request, request.gppString, standsIn, cache, nowMs, maxAgeDays);
  readGpp(request, request.gppStringSecond, standsIn, cache, nowMs, maxAgeDays);
  if (missingSections(request) !== 0) consent.unreadable = 1;
}

function readTcf(
  request: BidRequest,
  text: Slice,
  cache: ConsentCache,
  nowMs: UnixMs,
  maxAgeDays: number,
): void {
  if (lengthOf(text) === 0) return;
  const tooLong = lengthOf(text) > consentBytesMax;
  const reading = tooLong ? nothing : cache.tcfOf(request.bytes, text.start, text.end);
  joinTcf(request.consent, reading, nowMs, maxAgeDays);
}

function readUs(request: BidRequest, text: Slice): void {
  if (lengthOf(text) === 0) return;
  us.clear();
  readUsPrivacy(request.bytes, text.start, text.end, us);
  joinUs(request.consent, us);
}

const lengthOf = (slice: Slice): number => slice.end - slice.start;

/**
 * Sections that gpp_sid names although there is no GPP string; the older fields can stand in for
 * two.
 */
function missingSections(request: BidRequest): number {
  if (lengthOf(request.gppString) > 0) return 0;
  let missing = request.gppSidMask & ~1;
  if (lengthOf(request.tcfString) > 0) missing &= ~tcfEuBit;
  if (lengthOf(request.usPrivacy) > 0) missing &= ~usPrivacyBit;
  return missing;
}

function readGpp(
  request: BidRequest,
  text: Slice,
  standsIn: boolean,
  cache: ConsentCache,
  nowMs: UnixMs,
  maxAgeDays: number,
): void {
  if (lengthOf(text) === 0) return;
  const { consent, bytes, gppSidMask } = request;
  if (lengthOf(text) > consentBytesMax) {
    consent.unreadable = 1;
    return;
  }
  const reading = cache.gppOf(bytes, text.start, text.end, gppSidMask);
  if (reading.unreadable === 1) consent.unreadable = 1;
  joinUs(consent, reading.us);
  if (reading.tcfPresent === 1 && (standsIn || (gppSidMask & tcfEuBit) !== 0)) {
    joinTcf(consent, reading.tcf, nowMs, maxAgeDays);
  }
  if (reading.canadaPresent === 1) {
    const before = consent.canadaApplies === 1 ? consent.canadaPurposes : -1;
    consent.canadaApplies = 1;
    consent.canadaPurposes = before & canadaPurposesOf(reading.canada, nowMs, maxAgeDays);
  }
}

function joinTcf(
  consent: ConsentSignals,
  reading: TcfReading,
  nowMs: UnixMs,
  maxAgeDays: number,
): void {
  const first = consent.tcfPresent === 0;
  const valid = reading.valid === 1 && isCurrent(reading, nowMs, maxAgeDays);
  // A string that is not valid says nothing, so nothing of it may be kept.
  const said = valid ? reading : nothing;
  const before = first ? -1 : 0;
  consent.tcfPresent = 1;
  consent.tcfValid = valid && (first || consent.tcfValid === 1) ? 1 : 0;
  consent.purposesConsent = said.purposesConsent & (consent.purposesConsent | before);
  consent.purposesLegitimateInterest =
    said.purposesLegitimateInterest & (consent.purposesLegitimateInterest | before);
  consent.vendorConsent = said.vendorConsent & (consent.vendorConsent | before);
  consent.vendorLegitimateInterest =
    said.vendorLegitimateInterest & (consent.vendorLegitimateInterest | before);
  consent.vendorDisclosed = said.vendorDisclosed & (consent.vendorDisclosed | before);
  consent.vendorUndisclosed |= said.vendorUndisclosed;
  consent.specialFeatures = said.specialFeatures & (consent.specialFeatures | before);
  consent.restrictedPurposes |= said.restrictedPurposes;
  consent.consentOnlyPurposes |= said.consentOnlyPurposes;
  consent.legitimateInterestOnlyPurposes |= said.legitimateInterestOnlyPurposes;
}

function joinUs(consent: ConsentSignals, reading: UsReading): void {
  consent.usPrivacyPresent |= reading.present;
  consent.usOptOut |= reading.optOut;
  consent.usKnownChild |= reading.knownChild;
  consent.usNoticeMissing |= reading.noticeMissing;
  consent.gpc |= reading.gpc;
}

/** What our vendor may do in Canada, on express or on implied consent. */
function canadaPurposesOf(reading: CanadaReading, nowMs: UnixMs, maxAgeDays: number): number {
  if (reading.valid === 0 || !isCurrent(reading, nowMs, maxAgeDays)) return 0;
  const express =
    (reading.vendorExpress === 1 ? reading.expressPurposes : 0) &
    ~reading.legitimateInterestOnlyPurposes;
  const implied =
    (reading.vendorImplied === 1 ? reading.impliedPurposes : 0) &
    legitimateInterestPurposes &
    ~reading.consentOnlyPurposes;
  return (express | implied) & ~reading.restrictedPurposes;
}
