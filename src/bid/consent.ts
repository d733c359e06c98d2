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
  /** Declared purposes that we also pursue on the other basis, where the publisher demands it. */
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

/**
 * The same decision with its reason. Where signals disagree the strictest holds, and so does the
 * stricter of two markets where device and user are in different ones.
 */
export function consentRuleOf(
  signals: ConsentSignals,
  country: CountryCode,
  settings: PrivacySettings,
): ConsentRule {
  const rule = marketRule(signals, marketOf(country, settings), settings);
  if (signals.secondCountry === 0) return rule;
  const second = marketOf(signals.secondCountry as CountryCode, settings);
  return stricter(rule, marketRule(signals, second, settings));
}

const marketOf = (country: CountryCode, settings: PrivacySettings): Market =>
  settings.marketByCountry.get(country) ?? settings.otherMarket;

const stricter = (a: ConsentRule, b: ConsentRule): ConsentRule =>
  decisionOf(b) < decisionOf(a) ? b : a;

/**
 * What each law that applies allows, then what the person refused: a refusal never makes a bid of
 * none, and the GDPR never lifts what a market of another regime wants.
 */
function marketRule(
  signals: ConsentSignals,
  market: Market,
  settings: PrivacySettings,
): ConsentRule {
  const underGdpr = gdprApplies(signals, market);
  let rule = underGdpr ? gdprRule(signals, settings) : signalRule(signals, market, settings);
  if (underGdpr && market.regime !== Regime.TCF) {
    rule = stricter(rule, signalRule(signals, market, settings));
  }
  if (decisionOf(rule) === NO_BID) return rule;
  const refusal = refusalOf(signals, settings);
  return refusal === 0 ? rule : refusal;
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
  return allows(signals, tcf, tcf.tagPurposes)
    ? ConsentRule.TCF_CONSENT
    : ConsentRule.NO_TAG_CONSENT;
}

/** What the market's own signal says, or its word for requests without one. */
function signalRule(
  signals: ConsentSignals,
  market: Market,
  settings: PrivacySettings,
): ConsentRule {
  const { tcf } = settings;
  const consented = signals.tcfPresent === 1 && allows(signals, tcf, tcf.tagPurposes);
  // Of what is unreadable in part nothing speaks for a person.
  const rule =
    signals.unreadable === 1
      ? silentRule(market)
      : positiveRule(signals, market, settings, consented);
  // A string that came although nobody said that the GDPR applies can refuse; only a "0" sets it
  // aside.
  const refused = signals.tcfPresent === 1 && !consented && signals.gdpr !== 0;
  return refused ? stricter(rule, ConsentRule.NO_TAG_CONSENT) : rule;
}

function positiveRule(
  signals: ConsentSignals,
  market: Market,
  { tcf }: PrivacySettings,
  consented: boolean,
): ConsentRule {
  if (market.regime === Regime.TCF) {
    if (consented) return ConsentRule.TCF_CONSENT;
    if (signals.tcfPresent === 1 && allows(signals, tcf, tcf.contextualPurposes)) {
      return ConsentRule.NO_TAG_CONSENT;
    }
    if (signals.canadaApplies === 1 && canadaConsented(signals, tcf)) {
      return ConsentRule.CANADA_CONSENT;
    }
  }
  if (market.regime === Regime.US && signals.usPrivacyPresent === 1) {
    return ConsentRule.US_NOT_OPTED_OUT;
  }
  return silentRule(market);
}

function silentRule(market: Market): ConsentRule {
  if (market.withoutSignal === WithoutSignal.GRANTED) return ConsentRule.WITHOUT_SIGNAL_GRANTED;
  return market.withoutSignal === WithoutSignal.CONTEXTUAL
    ? ConsentRule.WITHOUT_SIGNAL_CONTEXTUAL
    : ConsentRule.WITHOUT_SIGNAL_NO_BID;
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
  if (signals.canadaApplies !== 0 && !canadaConsented(signals, settings.tcf)) {
    return ConsentRule.CANADA_NO_CONSENT;
  }
  return 0;
}

const includes = (mask: number, wanted: number): boolean => (mask & wanted) === wanted;

/** Purpose 1 does not exist in the Canadian framework. */
const canadaConsented = (signals: ConsentSignals, tcf: TcfSettings): boolean =>
  tcf.vendorId !== 0 && includes(signals.canadaPurposes, tcf.tagPurposes & ~1);

/** A list of disclosed vendors without ours refuses, also where a string may lack the list. */
const isDisclosed = (signals: ConsentSignals, tcf: TcfSettings): boolean =>
  signals.vendorUndisclosed === 0 && (signals.vendorDisclosed === 1 || !tcf.disclosureRequired);

const allows = (signals: ConsentSignals, tcf: TcfSettings, purposes: number): boolean =>
  signals.tcfValid === 1 &&
  isDisclosed(signals, tcf) &&
  includes(allowedPurposes(signals, tcf), purposes);

/**
 * The purposes that we may pursue, each on the basis that we declared for it. Another basis counts
 * for flexible purposes only, and only where the publisher demands it (TCF, publisher restrictions:
 * without a restriction "it must always apply the default legal basis"). A purpose restricted both
 * ways is allowed neither way.
 */
function allowedPurposes(signals: ConsentSignals, tcf: TcfSettings): number {
  if (tcf.vendorId === 0) return 0;
  const { consentOnlyPurposes: consentOnly, legitimateInterestOnlyPurposes: interestOnly } =
    signals;
  const onConsent = tcf.declaredConsent | (tcf.flexible & consentOnly);
  const onInterest =
    (tcf.declaredLegitimateInterest | (tcf.flexible & interestOnly)) & legitimateInterestPurposes;
  const consented = signals.vendorConsent === 1 ? signals.purposesConsent : 0;
  const unopposed = signals.vendorLegitimateInterest === 1 ? signals.purposesLegitimateInterest : 0;
  const allowed = (onConsent & consented & ~interestOnly) | (onInterest & unopposed & ~consentOnly);
  return allowed & ~signals.restrictedPurposes;
}
