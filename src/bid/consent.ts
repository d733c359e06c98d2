import type { CountryCode } from "../base/units.js";
import type { ConsentSignals } from "./request.js";

/** What a market does with a person of whom no signal speaks. */
export const WithoutSignal = { NONE: 0, CONTEXTUAL: 1, GRANTED: 2 } as const;
export type WithoutSignal = (typeof WithoutSignal)[keyof typeof WithoutSignal];

/**
 * The framework whose positive signal a market takes: a TC string, the US strings, or none that
 * exists.
 */
export const Regime = { TCF: 1, US: 2, LOCAL: 3 } as const;
export type Regime = (typeof Regime)[keyof typeof Regime];

export type Market = {
  readonly name: string;
  readonly regime: Regime;
  /** Whether the GDPR applies where the request does not say, and where it says 0. */
  readonly gdprWhenUnstated: boolean;
  readonly gdprWhenDenied: boolean;
  readonly withoutSignal: WithoutSignal;
};

/** Our registration with the TCF. Masks: bit p-1 = purpose p. */
export type TcfSettings = {
  /** 0 = not registered: no TC string allows anything. */
  readonly vendorId: number;
  readonly declaredConsent: number;
  readonly declaredLegitimateInterest: number;
  /** Purposes that we pursue on either basis, as the publisher wants. */
  readonly flexible: number;
  /** What a bid without a person needs, and what reading a person's tags needs. */
  readonly contextualPurposes: number;
  readonly tagPurposes: number;
  /** TCF 2.3: no use without being listed among the disclosed vendors. */
  readonly disclosureRequired: boolean;
  readonly maxAgeDays: number;
};

/**
 * Sources of eids that the bank knows, by their KeyKind.EID_SOURCE keys; `number` scopes the hash.
 */
export type EidSources = {
  readonly keyLo: Uint32Array;
  readonly keyHi: Uint32Array;
  readonly number: Uint32Array;
};

/** config/privacy.yaml, checked and compiled (bid/privacy-settings): part of a World. */
export type PrivacySettings = {
  readonly tcf: TcfSettings;
  /** The USA: a seller that admits to have given no notice counts as an opt-out. */
  readonly usNoticeRequired: boolean;
  readonly marketByCountry: ReadonlyMap<CountryCode, Market>;
  /** For requests without a country and for countries in no market: the strictest. */
  readonly otherMarket: Market;
  readonly eidSources: EidSources;
  /** Hosts that creatives may load from; a name stands for those below it too. */
  readonly thirdPartyHosts: readonly string[];
};

declare const granted: unique symbol;
/**
 * The permission to look a person up. Only `grantOf` makes one; identify cannot be called without.
 */
export type Grant = 2 & { readonly [granted]: true };
export const NO_BID = 0;
/** Bid, without any identifier. */
export const CONTEXTUAL = 1;
export type ConsentDecision = typeof NO_BID | typeof CONTEXTUAL | Grant;

/** Which rule decided, in the order in which they are asked. */
export const ConsentRule = {
  // no bid
  GDPR_UNREADABLE: 1,
  GDPR_NO_STRING: 2,
  GDPR_INVALID_STRING: 3,
  GDPR_NOT_DISCLOSED: 4,
  GDPR_NO_LEGAL_BASIS: 5,
  WITHOUT_SIGNAL_NO_BID: 6,
  // contextual
  COPPA: 16,
  LIMIT_AD_TRACKING: 17,
  DO_NOT_TRACK: 18,
  APP_TRACKING_REFUSED: 19,
  ZERO_IFA: 20,
  GLOBAL_PRIVACY_CONTROL: 21,
  US_OPT_OUT: 22,
  US_KNOWN_CHILD: 23,
  US_NOTICE_MISSING: 24,
  UNREADABLE: 25,
  CANADA_NO_CONSENT: 26,
  NO_TAG_CONSENT: 27,
  WITHOUT_SIGNAL_CONTEXTUAL: 28,
  // granted
  TCF_CONSENT: 48,
  CANADA_CONSENT: 49,
  US_NOT_OPTED_OUT: 50,
  WITHOUT_SIGNAL_GRANTED: 51,
} as const;
export type ConsentRule = (typeof ConsentRule)[keyof typeof ConsentRule];

/** Legitimate interest is no basis for purposes 1 and 3 to 6 (TCF 2.2), whatever a string says. */
export const legitimateInterestPurposes = 0b111_1100_0010;
const attsAuthorized = 3;

/**
 * Whether, and how, this request may be bid on. Notes/privacy section 10 as one table: market x
 * signals.
 */
export function grantOf(
  signals: ConsentSignals,
  country: CountryCode,
  settings: PrivacySettings,
): ConsentDecision {
  return decisionOf(consentRuleOf(signals, country, settings));
}

export const isGrant = (decision: ConsentDecision): decision is Grant => decision === 2;

const decisionOf = (rule: ConsentRule): ConsentDecision =>
  rule < ConsentRule.COPPA ? NO_BID : rule < ConsentRule.TCF_CONSENT ? CONTEXTUAL : (2 as Grant);

const ruleNames = new Map<number, string>(
  Object.entries(ConsentRule).map(([name, value]) => [value, name.toLowerCase()]),
);
/** For explain. */
export const consentRuleLabel = (rule: ConsentRule): string => ruleNames.get(rule) ?? "unknown";

/** The same decision with its reason. Where signals disagree the strictest holds. */
export function consentRuleOf(
  signals: ConsentSignals,
  country: CountryCode,
  settings: PrivacySettings,
): ConsentRule {
  const market = settings.marketByCountry.get(country) ?? settings.otherMarket;
  if (gdprApplies(signals, market)) return gdprRule(signals, settings);
  const refusal = refusalOf(signals, settings);
  if (refusal !== 0) return refusal;
  const consented = signals.tcfPresent === 1 && tagsAllowed(signals, settings.tcf);
  // A string that came although nobody said that the GDPR applies can refuse; only a "0" sets it
  // aside.
  if (signals.tcfPresent === 1 && !consented && signals.gdpr !== 0) {
    return ConsentRule.NO_TAG_CONSENT;
  }
  if (signals.canadaApplies === 1) return ConsentRule.CANADA_CONSENT;
  if (market.regime === Regime.TCF && consented) return ConsentRule.TCF_CONSENT;
  if (market.regime === Regime.US && signals.usPrivacyPresent === 1) {
    return ConsentRule.US_NOT_OPTED_OUT;
  }
  if (market.withoutSignal === WithoutSignal.GRANTED) return ConsentRule.WITHOUT_SIGNAL_GRANTED;
  return market.withoutSignal === WithoutSignal.CONTEXTUAL
    ? ConsentRule.WITHOUT_SIGNAL_CONTEXTUAL
    : ConsentRule.WITHOUT_SIGNAL_NO_BID;
}

function gdprApplies(signals: ConsentSignals, market: Market): boolean {
  if (signals.tcfApplies === 1 || signals.gdpr === 1) return true;
  return signals.gdpr === 0 ? market.gdprWhenDenied : market.gdprWhenUnstated;
}

/** Under the GDPR even a bid without a person needs a string that allows it. */
function gdprRule(signals: ConsentSignals, settings: PrivacySettings): ConsentRule {
  const { tcf } = settings;
  if (signals.unreadable === 1) return ConsentRule.GDPR_UNREADABLE;
  if (signals.tcfPresent === 0) return ConsentRule.GDPR_NO_STRING;
  if (signals.tcfValid === 0) return ConsentRule.GDPR_INVALID_STRING;
  if (!isDisclosed(signals, tcf)) return ConsentRule.GDPR_NOT_DISCLOSED;
  if (!includes(allowedPurposes(signals, tcf), tcf.contextualPurposes)) {
    return ConsentRule.GDPR_NO_LEGAL_BASIS;
  }
  const refusal = refusalOf(signals, settings);
  if (refusal !== 0) return refusal;
  return tagsAllowed(signals, tcf) ? ConsentRule.TCF_CONSENT : ConsentRule.NO_TAG_CONSENT;
}

/** The signals that take the person out of any bid, everywhere; 0 when there is none. */
function refusalOf(signals: ConsentSignals, settings: PrivacySettings): ConsentRule | 0 {
  if (signals.coppa !== 0) return ConsentRule.COPPA;
  if (signals.lmt !== 0) return ConsentRule.LIMIT_AD_TRACKING;
  if (signals.dnt !== 0) return ConsentRule.DO_NOT_TRACK;
  if (signals.atts !== -1 && signals.atts !== attsAuthorized) {
    return ConsentRule.APP_TRACKING_REFUSED;
  }
  if (signals.zeroIfa !== 0) return ConsentRule.ZERO_IFA;
  if (signals.gpc !== 0) return ConsentRule.GLOBAL_PRIVACY_CONTROL;
  if (signals.usOptOut !== 0) return ConsentRule.US_OPT_OUT;
  if (signals.usKnownChild !== 0) return ConsentRule.US_KNOWN_CHILD;
  if (signals.usNoticeMissing !== 0 && settings.usNoticeRequired) {
    return ConsentRule.US_NOTICE_MISSING;
  }
  if (signals.unreadable !== 0) return ConsentRule.UNREADABLE;
  // Purpose 1 does not exist in the Canadian framework.
  const wanted = settings.tcf.tagPurposes & ~1;
  if (signals.canadaApplies !== 0 && !includes(signals.canadaPurposes, wanted)) {
    return ConsentRule.CANADA_NO_CONSENT;
  }
  return 0;
}

const includes = (mask: number, wanted: number): boolean => (mask & wanted) === wanted;

const isDisclosed = (signals: ConsentSignals, tcf: TcfSettings): boolean =>
  signals.vendorDisclosed === 1 || !tcf.disclosureRequired;

const tagsAllowed = (signals: ConsentSignals, tcf: TcfSettings): boolean =>
  signals.tcfValid === 1 &&
  isDisclosed(signals, tcf) &&
  includes(allowedPurposes(signals, tcf), tcf.tagPurposes);

/**
 * The purposes that we may pursue: on consent or on legitimate interest, as we declared them, the
 * person chose (purpose and vendor) and the publisher left them. A purpose restricted both ways is
 * allowed neither way.
 */
function allowedPurposes(signals: ConsentSignals, tcf: TcfSettings): number {
  if (tcf.vendorId === 0) return 0;
  const byConsent =
    (tcf.declaredConsent | tcf.flexible) &
    ~signals.legitimateInterestOnlyPurposes &
    (signals.vendorConsent === 1 ? signals.purposesConsent : 0);
  const byInterest =
    (tcf.declaredLegitimateInterest | tcf.flexible) &
    legitimateInterestPurposes &
    ~signals.consentOnlyPurposes &
    (signals.vendorLegitimateInterest === 1 ? signals.purposesLegitimateInterest : 0);
  return (byConsent | byInterest) & ~signals.restrictedPurposes;
}
