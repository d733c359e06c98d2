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
import { DecodeResult, decode } from "../wire/decode.js";
import {
  type Level,
  levels,
  OracleReading,
  type StatedFlags,
  type StatedTexts,
} from "./consent-oracle.js";
import {
  bodyOfSent,
  nothingSent,
  type Place,
  type Sent,
  type SentBody,
  textOfSent,
} from "./consent-sent.js";

export const textsOfSent = (sent: Sent): StatedTexts => ({
  tcf: [sent.tcf, sent.tcfOld].flatMap((told) => (told === null ? [] : [told.fact])),
  usPrivacy: [sent.usPrivacy, sent.usPrivacyOld].filter((text) => text !== ""),
  gpp: sent.gpp?.fact ?? null,
  gppSid: sent.sids ?? [],
});

const flagsOfSent = (sent: Sent): StatedFlags => ({
  ...{ coppa: sent.coppa, lmt: sent.lmt, dnt: sent.dnt, gpc: sent.gpc === "" ? 0 : 1 },
  atts: sent.atts,
  zeroIfa: sent.ifa === "zero",
});

const sameTexts = (a: Sent, b: Sent): boolean =>
  a.tcf === b.tcf &&
  a.tcfOld === b.tcfOld &&
  a.usPrivacy === b.usPrivacy &&
  a.usPrivacyOld === b.usPrivacyOld &&
  a.gpp === b.gpp &&
  a.sids === b.sids;

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
/** Bodies of the matrix are below 8 KiB; a short view is quicker to write into than all of it. */
const bodyBytes = sharedRequest.bytes.subarray(0, 65_536);
/** Caches hold facts about a vendor, whatever the settings. */
const cacheOfVendor = new ConsentCache();
const cacheOfNobody = new ConsentCache();

/**
 * Asks our code and the oracle about requests, each under several plans, which have the vendor and
 * the age of strings in common: what strings say is read once. Requests come as what they have in
 * common (`begin`) and then one by one as their places (`compare`): a matrix has millions.
 */
export class ConsentTrial {
  readonly tally = newTally();
  private readonly request = sharedRequest;
  private readonly cache: ConsentCache;
  private readonly plans: readonly PrivacyPlan[];
  private readonly settings: readonly PrivacySettings[];
  private readonly nowMs: UnixMs;
  private readonly loosening: Loosening | null;
  private sent: Sent = nothingSent;
  private body: SentBody = ["", "", ""];
  private flags = flagsOfSent(nothingSent);
  /** What the oracle reads in the texts of `sent`, a plan each; null = not asked yet. */
  private readings: readonly OracleReading[] | null = null;

  constructor(plans: readonly PrivacyPlan[], nowMs: UnixMs, loosening: Loosening | null = null) {
    this.plans = plans;
    this.cache = plans[0]?.tcf.vendorId == null ? cacheOfNobody : cacheOfVendor;
    this.nowMs = nowMs;
    this.loosening = loosening;
    const change = loosening?.settings ?? ((settings: PrivacySettings) => settings);
    this.settings = plans.map((plan) => change(privacySettingsOf(plan)));
  }

  /** `body` = `bodyOfSent(sent)`, which trials may share. */
  begin(sent: Sent, body: SentBody): void {
    if (!sameTexts(sent, this.sent)) this.readings = null;
    this.sent = sent;
    this.body = body;
    this.flags = flagsOfSent(sent);
  }

  /** Decodes the request at the place and compares the verdict under each plan. */
  compare(place: Place): void {
    this.ask(place, null);
  }

  /**
   * The same, with the oracle's texts worked out only where our verdict allows something, or where
   * `always` asks for them.
   */
  compareLazily(sent: Sent, textsOf: (ours: ConsentSignals) => StatedTexts, always: boolean): void {
    this.begin(sent, bodyOfSent(sent));
    this.readings = null;
    this.ask(sent, { textsOf, always });
  }

  private ask(place: Place, lazily: Lazily | null): void {
    const { request, tally } = this;
    const { written } = encoder.encodeInto(textOfSent(this.body, place), bodyBytes);
    if (decode(request, written) !== DecodeResult.OK) {
      throw new Error(`not decoded: ${textOfSent(this.body, place)}`);
    }
    tally.requests++;
    readConsent(request, this.settings[0]!, this.cache, this.nowMs);
    this.loosening?.signals?.(request.consent);
    const { gdprOld, userCountry } = this.sent;
    const gdpr = [place.gdpr, gdprOld].filter((value) => value !== null);
    const countries = [place.country, userCountry].filter((country) => country !== "");
    for (let plan = 0; plan < this.plans.length; plan++) {
      const ours = this.verdict(plan);
      tally.verdicts++;
      tally.byLevel[ours]++;
      if (ours === "none" && lazily?.always === false) continue;
      this.readings ??= this.readingsOf(
        lazily === null ? textsOfSent(this.sent) : lazily.textsOf(request.consent),
      );
      const theirs = this.readings[plan]!.level(this.flags, gdpr, countries);
      if (ours !== theirs) this.note(ours, theirs, plan, place);
    }
  }

  private readingsOf(texts: StatedTexts): readonly OracleReading[] {
    return this.plans.map((plan) => new OracleReading(texts, plan, this.nowMs));
  }

  private verdict(plan: number): Level {
    const { request, loosening } = this;
    const settings = this.settings[plan]!;
    const decision = grantOf(request.consent, request.country as CountryCode, settings);
    const ours = decision === NO_BID ? "none" : decision === CONTEXTUAL ? "contextual" : "granted";
    return loosening?.decide?.(decision, request.consent) ?? ours;
  }

  private note(ours: Level, theirs: Level, plan: number, place: Place): void {
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
      const body = textOfSent(this.body, place);
      tally.examples.push(`plan ${plan}: ours ${ours} (${rule}), oracle ${theirs}: ${body}`);
    }
  }
}

type Lazily = {
  readonly textsOf: (ours: ConsentSignals) => StatedTexts;
  readonly always: boolean;
};

const encoder = new TextEncoder();
