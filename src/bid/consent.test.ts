import { describe, expect, it } from "vitest";
import { SeededRandom } from "../base/random.js";
import { type CountryCode, packAlpha3 } from "../base/units.js";
import { testPrivacyPlan } from "../testing/privacy-plan.js";
import {
  CONTEXTUAL,
  ConsentRule,
  consentRuleLabel,
  consentRuleOf,
  grantOf,
  isGrant,
  NO_BID,
  type PrivacySettings,
} from "./consent.js";
import { privacySettingsOf } from "./privacy-settings.js";
import { ConsentSignals } from "./request.js";

const settings = privacySettingsOf(testPrivacyPlan);
const codeOf = (country: string): CountryCode => packAlpha3(country) as CountryCode;
const maskOf = (...purposes: number[]): number =>
  purposes.reduce((mask, purpose) => mask | (1 << (purpose - 1)), 0);

function signals(over: Partial<ConsentSignals> = {}): ConsentSignals {
  return Object.assign(new ConsentSignals(), over);
}

const consentedTcf = {
  tcfPresent: 1,
  tcfValid: 1,
  purposesConsent: maskOf(1, 2, 3, 4, 7, 10),
  vendorConsent: 1,
  vendorDisclosed: 1,
} as const;

const word = (over: Partial<ConsentSignals>, country: string, by = settings): string => {
  const decision = grantOf(signals(over), codeOf(country), by);
  return isGrant(decision) ? "granted" : decision === CONTEXTUAL ? "contextual" : "no bid";
};

const refusals: readonly Partial<ConsentSignals>[] = [
  { coppa: 1 },
  { lmt: 1 },
  { dnt: 1 },
  { gpc: 1 },
  { atts: 0 },
  { atts: 1 },
  { atts: 2 },
  { zeroIfa: 1 },
  { usPrivacyPresent: 1, usOptOut: 1 },
  { usPrivacyPresent: 1, usKnownChild: 1 },
  { usPrivacyPresent: 1, usNoticeMissing: 1 },
  { canadaApplies: 1 },
];

describe("a market", () => {
  it.each([
    ["DEU", {}, "no bid"],
    ["DEU", { gdpr: 0 }, "no bid"],
    ["DEU", { gdpr: 1 }, "no bid"],
    ["DEU", consentedTcf, "granted"],
    ["USA", {}, "granted"],
    ["USA", { usPrivacyPresent: 1 }, "granted"],
    ["USA", { usPrivacyPresent: 1, usOptOut: 1 }, "contextual"],
    ["USA", { gdpr: 1 }, "no bid"],
    ["USA", { tcfApplies: 1 }, "no bid"],
    ["USA", { gdpr: 1, ...consentedTcf }, "granted"],
    ["CHN", {}, "granted"],
    ["CHN", { lmt: 1 }, "contextual"],
    ["CHN", { gdpr: 1 }, "no bid"],
    ["CHN", { tcfPresent: 1 }, "contextual"],
    ["CHN", { tcfPresent: 1, gdpr: 0 }, "granted"],
    ["IND", {}, "contextual"],
    ["IND", consentedTcf, "contextual"],
    ["BRA", {}, "contextual"],
    ["BRA", consentedTcf, "granted"],
    ["BRA", { usPrivacyPresent: 1 }, "contextual"],
    ["IND", { gdpr: 1, ...consentedTcf }, "contextual"],
    ["IND", { canadaApplies: 1, canadaPurposes: maskOf(2, 3, 4, 7, 10) }, "contextual"],
    ["CAN", { canadaApplies: 1, canadaPurposes: maskOf(2, 3, 4, 7, 10) }, "granted"],
    ["CAN", { canadaApplies: 1, canadaPurposes: maskOf(2, 3, 7, 10) }, "contextual"],
    ["", {}, "contextual"],
    ["", consentedTcf, "granted"],
    ["", { unreadable: 1 }, "contextual"],
  ] as const)("%s with %o gives %s", (country, over, expected) => {
    expect(word(over, country)).toBe(expected);
  });

  it("gives nobody an identifier who refused, whatever else the request says", () => {
    for (const refusal of refusals) {
      for (const country of ["DEU", "USA", "CHN", "IND", "BRA", ""]) {
        for (const gdpr of [-1, 0, 1]) {
          const over = { ...consentedTcf, usPrivacyPresent: 1, gdpr, ...refusal };
          expect(word(over, country), JSON.stringify(over)).toBe("contextual");
        }
      }
    }
  });
});

describe("a market that bids on nobody without a signal", () => {
  const none = { ...testPrivacyPlan.otherMarket, withoutSignal: "none" as const };
  const strict = privacySettingsOf({ ...testPrivacyPlan, otherMarket: none });
  const inBrazil = (over: Partial<ConsentSignals>): string => word(over, "BRA", strict);

  it("is not opened by a refusal", () => {
    expect(inBrazil({})).toBe("no bid");
    for (const refusal of [...refusals, { unreadable: 1 }, { tcfPresent: 1 }]) {
      expect(inBrazil(refusal), JSON.stringify(refusal)).toBe("no bid");
    }
  });

  it("is opened as far as the string goes", () => {
    expect(inBrazil(consentedTcf)).toBe("granted");
    expect(inBrazil({ ...consentedTcf, lmt: 1 })).toBe("contextual");
    expect(inBrazil({ ...consentedTcf, purposesConsent: maskOf(2) })).toBe("contextual");
    expect(inBrazil({ ...consentedTcf, purposesConsent: maskOf(1, 3, 4) })).toBe("no bid");
  });
});

describe("a request from two countries", () => {
  it("is held to the stricter of their markets", () => {
    const both = (country: string, second: string, over: Partial<ConsentSignals> = {}): string =>
      word({ ...over, secondCountry: codeOf(second) }, country);
    expect(both("CHN", "USA")).toBe("granted");
    expect(both("CHN", "DEU")).toBe("no bid");
    expect(both("DEU", "CHN")).toBe("no bid");
    expect(both("CHN", "BRA")).toBe("contextual");
    expect(both("CHN", "DEU", consentedTcf)).toBe("granted");
    expect(both("DEU", "IND", consentedTcf)).toBe("contextual");
  });
});

describe("under the GDPR", () => {
  const inGermany = (over: Partial<ConsentSignals>, by?: PrivacySettings): string =>
    word({ gdpr: 1, ...consentedTcf, ...over }, "DEU", by);

  it("takes the declared basis, and the other one where the publisher demands it", () => {
    expect(inGermany({})).toBe("granted");
    const undemanded = {
      purposesConsent: maskOf(1, 3, 4),
      purposesLegitimateInterest: maskOf(2, 7, 10),
      vendorLegitimateInterest: 1,
    };
    expect(inGermany(undemanded)).toBe("no bid");
    const byInterest = { ...undemanded, legitimateInterestOnlyPurposes: maskOf(2, 7, 10) };
    expect(inGermany(byInterest)).toBe("granted");
    expect(inGermany({ ...byInterest, vendorLegitimateInterest: 0 })).toBe("no bid");
    expect(inGermany({ ...byInterest, vendorConsent: 0 })).toBe("contextual");
    // Legitimate interest is no basis for purposes 1, 3 and 4, even if a string claims it.
    const claimed = { purposesLegitimateInterest: 0xff_ffff, vendorLegitimateInterest: 1 };
    expect(inGermany({ ...claimed, purposesConsent: maskOf(2) })).toBe("contextual");
    const demanded = { legitimateInterestOnlyPurposes: maskOf(3) };
    expect(inGermany({ ...claimed, ...demanded })).toBe("contextual");
  });

  it("takes no consent for a purpose that we declared on legitimate interest", () => {
    const declared = { consent: [1, 3, 4], legitimateInterest: [2, 7, 10], flexible: [2, 7] };
    const tcf = { ...testPrivacyPlan.tcf, declared };
    const byUs = privacySettingsOf({ ...testPrivacyPlan, tcf });
    expect(inGermany({}, byUs)).toBe("no bid");
    expect(inGermany({ consentOnlyPurposes: maskOf(2) }, byUs)).toBe("contextual");
    // Purpose 10 is not flexible: the publisher's demand takes it away.
    const unopposed = { purposesLegitimateInterest: maskOf(2, 7, 10), vendorLegitimateInterest: 1 };
    expect(inGermany({ ...unopposed, consentOnlyPurposes: maskOf(2, 7) }, byUs)).toBe("granted");
    expect(inGermany({ ...unopposed, consentOnlyPurposes: maskOf(10) }, byUs)).toBe("contextual");
  });

  it("minds a list of disclosed vendors without ours even where strings may lack it", () => {
    const tcf = { ...testPrivacyPlan.tcf, disclosureRequired: false };
    const lenient = privacySettingsOf({ ...testPrivacyPlan, tcf });
    expect(inGermany({ vendorDisclosed: 0 }, lenient)).toBe("granted");
    expect(inGermany({ vendorDisclosed: 0, vendorUndisclosed: 1 }, lenient)).toBe("no bid");
  });

  it.each([1, 3, 4, 7, 10])("bids by context alone when purpose %i is missing", (purpose) => {
    const purposesConsent = consentedTcf.purposesConsent & ~maskOf(purpose);
    expect(inGermany({ purposesConsent })).toBe("contextual");
  });

  it("does not bid without purpose 2, our vendor, its disclosure, or a readable string", () => {
    expect(inGermany({ purposesConsent: maskOf(1, 3, 4, 7, 10) })).toBe("no bid");
    expect(inGermany({ vendorConsent: 0 })).toBe("no bid");
    expect(inGermany({ vendorDisclosed: 0 })).toBe("no bid");
    expect(inGermany({ tcfValid: 0 })).toBe("no bid");
    expect(inGermany({ unreadable: 1 })).toBe("no bid");
    expect(inGermany({ restrictedPurposes: maskOf(2) })).toBe("no bid");
    expect(inGermany({ legitimateInterestOnlyPurposes: maskOf(2) })).toBe("no bid");
    expect(inGermany({ restrictedPurposes: maskOf(3) })).toBe("contextual");
    expect(inGermany({ consentOnlyPurposes: maskOf(2, 3) })).toBe("granted");
    const noVendor = privacySettingsOf({
      ...testPrivacyPlan,
      tcf: { ...testPrivacyPlan.tcf, vendorId: null },
    });
    expect(inGermany({}, noVendor)).toBe("no bid");
  });
});

/**
 * The rules once more, as a list of sentences: the first that fits decides. Written apart from the
 * code.
 */
type Case = { readonly s: ConsentSignals; readonly country: string };
const eu = ["DEU", "FRA"];
const gdpr = ({ s, country }: Case): boolean =>
  s.gdpr === 1 || s.tcfApplies === 1 || eu.includes(country);

function mayPursue(s: ConsentSignals, purpose: number): boolean {
  const has = (mask: number): boolean => Math.floor(mask / 2 ** (purpose - 1)) % 2 === 1;
  if (has(s.restrictedPurposes)) return false;
  const consented = has(s.purposesConsent) && s.vendorConsent === 1;
  const unopposed = has(s.purposesLegitimateInterest) && s.vendorLegitimateInterest === 1;
  if ([1, 3, 4].includes(purpose)) return consented && !has(s.legitimateInterestOnlyPurposes);
  if (![2, 7, 10].includes(purpose)) return false;
  if (!has(s.legitimateInterestOnlyPurposes)) return consented;
  return unopposed && !has(s.consentOnlyPurposes);
}
const goodString = (s: ConsentSignals): boolean =>
  s.tcfPresent === 1 &&
  s.tcfValid === 1 &&
  s.vendorDisclosed === 1 &&
  [1, 2, 3, 4, 7, 10].every((purpose) => mayPursue(s, purpose));
const contextString = (s: ConsentSignals): boolean =>
  s.tcfPresent === 1 && s.tcfValid === 1 && s.vendorDisclosed === 1 && mayPursue(s, 2);
const goodCanada = (s: ConsentSignals): boolean =>
  [2, 3, 4, 7, 10].every((p) => Math.floor(s.canadaPurposes / 2 ** (p - 1)) % 2 === 1);

const rules: readonly (readonly [(c: Case) => boolean, "no bid" | "contextual" | "granted"])[] = [
  [(c) => gdpr(c) && c.s.unreadable === 1, "no bid"],
  [(c) => gdpr(c) && (c.s.tcfPresent === 0 || c.s.tcfValid === 0), "no bid"],
  [(c) => gdpr(c) && (c.s.vendorDisclosed === 0 || !mayPursue(c.s, 2)), "no bid"],
  [({ s }) => s.coppa === 1 || s.lmt === 1 || s.dnt === 1 || s.gpc === 1, "contextual"],
  [({ s }) => s.atts === 0 || s.atts === 1 || s.atts === 2 || s.zeroIfa === 1, "contextual"],
  [({ s }) => s.usOptOut + s.usKnownChild + s.usNoticeMissing > 0, "contextual"],
  [({ s }) => s.unreadable === 1, "contextual"],
  [({ s }) => s.canadaApplies === 1 && !goodCanada(s), "contextual"],
  [(c) => gdpr(c) && !goodString(c.s), "contextual"],
  [({ country }) => country === "IND", "contextual"],
  [(c) => gdpr(c), "granted"],
  [({ s }) => s.tcfPresent === 1 && s.gdpr === -1 && !goodString(s), "contextual"],
  [({ country }) => country === "CHN" || country === "USA", "granted"],
  [({ s }) => goodString(s), "granted"],
  [({ s }) => contextString(s), "contextual"],
  [({ s }) => s.canadaApplies === 1, "granted"],
  [() => true, "contextual"],
];

describe("the decision", () => {
  it("agrees with a plain list of rules over 300,000 combinations", () => {
    const random = new SeededRandom(3);
    const rare = (): number => (random.below(14) === 0 ? 1 : 0);
    const often = (): number => (random.below(6) > 0 ? 1 : 0);
    const purposes = (): number =>
      random.below(2) === 0 ? maskOf(1, 2, 3, 4, 7, 10) : random.nextU32() & 0x7ff;
    const some = (): number => (random.below(3) === 0 ? 1 << random.below(11) : 0);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 300_000; i++) {
      const s = signals({
        gdpr: random.below(3) - 1,
        coppa: rare(),
        lmt: rare(),
        dnt: rare(),
        gpc: rare(),
        atts: random.pick([-1, -1, -1, 3, 3, 0, 1, 2]),
        zeroIfa: rare(),
        tcfPresent: often(),
        tcfValid: often(),
        tcfApplies: rare(),
        purposesConsent: purposes(),
        purposesLegitimateInterest: purposes(),
        restrictedPurposes: some(),
        consentOnlyPurposes: some(),
        legitimateInterestOnlyPurposes: some(),
        vendorConsent: often(),
        vendorLegitimateInterest: often(),
        vendorDisclosed: often(),
        usPrivacyPresent: often(),
        usOptOut: rare(),
        usKnownChild: rare(),
        usNoticeMissing: rare(),
        canadaApplies: rare(),
        canadaPurposes: purposes(),
        unreadable: rare(),
      });
      const country = random.pick(["DEU", "FRA", "USA", "CHN", "IND", "BRA", "CAN", ""]);
      const expected = rules.find(([fits]) => fits({ s, country }))?.[1] ?? "none";
      const decision = grantOf(s, codeOf(country), settings);
      const actual =
        decision === NO_BID ? "no bid" : decision === CONTEXTUAL ? "contextual" : "granted";
      if (actual !== expected)
        expect.fail(`${country} ${JSON.stringify(s)}: ${actual}, ${expected}`);
      const rule = consentRuleLabel(consentRuleOf(s, codeOf(country), settings));
      counts[rule] = (counts[rule] ?? 0) + 1;
    }
    const unseen = Object.keys(ConsentRule).filter(
      (name) => counts[name.toLowerCase()] === undefined,
    );
    // No market of the test plan refuses a request for want of a signal outside the GDPR.
    expect(unseen).toEqual(["WITHOUT_SIGNAL_NO_BID"]);
  });
});
