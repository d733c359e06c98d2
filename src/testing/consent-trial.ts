import type { CountryCode, UnixMs } from "../base/units.js";
import {
  CONTEXTUAL,
  type ConsentDecision,
  consentRuleLabel,
  consentRuleOf,
  grantOf,
  NO_BID,
  type PrivacySettings,
} from "../bid/consent.js";
import { type PrivacyPlan, privacySettingsOf } from "../bid/privacy-settings.js";
import { BidRequest, type ConsentSignals } from "../bid/request.js";
import { readConsent } from "../wire/consent.js";
import { ConsentCache } from "../wire/consent-cache.js";
import { DecodeResult, decodeInto } from "../wire/decode.js";
import {
  type GppSignal,
  type Level,
  levels,
  oracleLevel,
  type PrivacySignals,
  type TcfSignal,
} from "./consent-oracle.js";

/** A text and what it states, by whoever wrote or read it. */
export type Told<Fact> = { readonly text: string; readonly fact: Fact };

/** Where a request's signals stand. null and "" = absent; `Old` = the places of OpenRTB 2.5. */
export type Sent = {
  readonly gdpr: number | null;
  readonly gdprOld: number | null;
  readonly tcf: Told<TcfSignal> | null;
  readonly tcfOld: Told<TcfSignal> | null;
  readonly usPrivacy: string;
  readonly usPrivacyOld: string;
  readonly gpp: Told<GppSignal> | null;
  readonly gppOld: boolean;
  readonly sids: readonly number[] | null;
  readonly coppa: number;
  readonly lmt: number;
  readonly dnt: number;
  readonly gpc: "" | "regs" | "ext";
  readonly atts: number | null;
  readonly ifa: "" | "zero" | "real";
  readonly country: string;
  readonly userCountry: string;
};

export const nothingSent: Sent = {
  ...{ gdpr: null, gdprOld: null, tcf: null, tcfOld: null, usPrivacy: "", usPrivacyOld: "" },
  ...{ gpp: null, gppOld: false, sids: null, coppa: 0, lmt: 0, dnt: 0, gpc: "", atts: null },
  ...{ ifa: "real", country: "", userCountry: "" },
};

const ifas = {
  "": undefined,
  zero: "00000000-0000-0000-0000-000000000000",
  real: "6D92078A-8246-4BA4-AE5B-76104861E7DC",
};
const geo = (country: string): object | undefined => (country === "" ? undefined : { country });
const optional = <T>(value: T | null | "" | 0): T | undefined =>
  value === null || value === "" || value === 0 ? undefined : value;

/** The request as an exchange would write it. */
export function bodyOfSent(sent: Sent): string {
  const regsExt = {
    gdpr: sent.gdprOld ?? undefined,
    us_privacy: optional(sent.usPrivacyOld),
    gpc: sent.gpc === "ext" ? "1" : undefined,
    gpp: sent.gppOld ? sent.gpp?.text : undefined,
    gpp_sid: sent.gppOld ? (sent.sids ?? undefined) : undefined,
  };
  return JSON.stringify({
    id: "r",
    imp: [{ id: "1", banner: { w: 300, h: 250 } }],
    device: {
      ifa: ifas[sent.ifa],
      lmt: optional(sent.lmt),
      dnt: optional(sent.dnt),
      geo: geo(sent.country),
      ext: sent.atts === null ? undefined : { atts: sent.atts },
    },
    user: {
      consent: sent.tcf?.text,
      geo: geo(sent.userCountry),
      ext: sent.tcfOld === null ? undefined : { consent: sent.tcfOld.text },
    },
    regs: {
      gdpr: sent.gdpr ?? undefined,
      us_privacy: optional(sent.usPrivacy),
      coppa: optional(sent.coppa),
      gpc: sent.gpc === "regs" ? 1 : undefined,
      gpp: sent.gppOld ? undefined : sent.gpp?.text,
      gpp_sid: sent.gppOld ? undefined : (sent.sids ?? undefined),
      ext: regsExt,
    },
  });
}

export const signalsOfSent = (sent: Sent): PrivacySignals => ({
  gdpr: [sent.gdpr, sent.gdprOld].filter((value) => value !== null),
  tcf: [sent.tcf, sent.tcfOld].flatMap((told) => (told === null ? [] : [told.fact])),
  usPrivacy: [sent.usPrivacy, sent.usPrivacyOld].filter((text) => text !== ""),
  gpp: sent.gpp?.fact ?? null,
  gppSid: sent.sids ?? [],
  ...{ coppa: sent.coppa, lmt: sent.lmt, dnt: sent.dnt, gpc: sent.gpc === "" ? 0 : 1 },
  atts: sent.atts,
  zeroIfa: sent.ifa === "zero",
  countries: [sent.country, sent.userCountry].filter((country) => country !== ""),
});

/** Makes our side more permissive than it is: what a proof must notice. */
export type Loosening = {
  readonly name: string;
  readonly signals?: (signals: ConsentSignals) => void;
  readonly settings?: (settings: PrivacySettings) => PrivacySettings;
  /** In place of `grantOf`. */
  readonly decide?: (decision: ConsentDecision, signals: ConsentSignals) => Level | null;
};

export type Tally = {
  requests: number;
  verdicts: number;
  /** Verdicts that allow more than the oracle: there must be none. */
  permissive: number;
  readonly examples: string[];
  readonly byLevel: Record<Level, number>;
  /** Verdicts that allow less, by the rule that decided. */
  readonly stricter: Map<string, number>;
};

export const newTally = (): Tally => ({
  ...{ requests: 0, verdicts: 0, permissive: 0, examples: [] },
  byLevel: { none: 0, contextual: 0, granted: 0 },
  stricter: new Map(),
});

/** One record for all trials: its bytes take longer to make than a request to be judged. */
const sharedRequest = new BidRequest();
/** Caches hold facts about a vendor, whatever the settings. */
const cacheOfVendor = new ConsentCache();
const cacheOfNobody = new ConsentCache();

/**
 * Asks our code and the oracle about requests, each under several plans, which have the vendor and
 * the age of strings in common: what strings say is read once.
 */
export class ConsentTrial {
  readonly tally = newTally();
  private readonly request = sharedRequest;
  private readonly cache: ConsentCache;
  private readonly plans: readonly PrivacyPlan[];
  private readonly settings: readonly PrivacySettings[];
  private readonly nowMs: UnixMs;
  private readonly loosening: Loosening | null;

  constructor(plans: readonly PrivacyPlan[], nowMs: UnixMs, loosening: Loosening | null = null) {
    this.plans = plans;
    this.cache = plans[0]?.tcf.vendorId == null ? cacheOfNobody : cacheOfVendor;
    this.nowMs = nowMs;
    this.loosening = loosening;
    const change = loosening?.settings ?? ((settings: PrivacySettings) => settings);
    this.settings = plans.map((plan) => change(privacySettingsOf(plan)));
  }

  /** Decodes the request and compares the verdict under each plan. */
  compare(sent: Sent): void {
    this.compareLazily(sent, () => signalsOfSent(sent), true);
  }

  /**
   * The same, with the oracle's facts worked out only where our verdict allows something, or where
   * `always` asks for them.
   */
  compareLazily(
    sent: Sent,
    facts: (ours: ConsentSignals) => PrivacySignals,
    always: boolean,
  ): void {
    const { request, tally } = this;
    const body = bodyOfSent(sent);
    if (decodeInto(request, encoder.encode(body)) !== DecodeResult.OK) {
      throw new Error(`not decoded: ${body}`);
    }
    tally.requests++;
    readConsent(request, this.settings[0]!, this.cache, this.nowMs);
    this.loosening?.signals?.(request.consent);
    let signals: PrivacySignals | null = null;
    for (const [i, plan] of this.plans.entries()) {
      const ours = this.verdict(i);
      tally.verdicts++;
      tally.byLevel[ours]++;
      if (ours === "none" && !always) continue;
      signals ??= facts(request.consent);
      const theirs = oracleLevel(signals, plan, this.nowMs);
      if (ours === theirs) continue;
      this.note(ours, theirs, i, body);
    }
  }

  private verdict(plan: number): Level {
    const { request, loosening } = this;
    const settings = this.settings[plan]!;
    const decision = grantOf(request.consent, request.country as CountryCode, settings);
    const ours = decision === NO_BID ? "none" : decision === CONTEXTUAL ? "contextual" : "granted";
    return loosening?.decide?.(decision, request.consent) ?? ours;
  }

  private note(ours: Level, theirs: Level, plan: number, body: string): void {
    const { tally, request } = this;
    const country = request.country as CountryCode;
    const rule = consentRuleLabel(consentRuleOf(request.consent, country, this.settings[plan]!));
    if (levels.indexOf(ours) < levels.indexOf(theirs)) {
      const why = `${theirs} -> ${ours}: ${rule}`;
      tally.stricter.set(why, (tally.stricter.get(why) ?? 0) + 1);
      return;
    }
    tally.permissive++;
    if (tally.examples.length < 5) {
      tally.examples.push(`plan ${plan}: ours ${ours} (${rule}), oracle ${theirs}: ${body}`);
    }
  }
}

const encoder = new TextEncoder();
