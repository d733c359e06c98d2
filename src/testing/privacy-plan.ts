import type { MarketPlan, PrivacyPlan } from "../bid/privacy-settings.js";

const market = (
  regime: MarketPlan["regime"],
  gdpr: boolean,
  withoutSignal: MarketPlan["withoutSignal"],
  countries?: readonly string[],
): MarketPlan => ({
  countries,
  regime,
  gdprWhenUnstated: gdpr,
  gdprWhenDenied: gdpr,
  withoutSignal,
});

/**
 * A privacy plan for tests: vendor 51, four markets of a country or two, and the strict other one.
 */
export const testPrivacyPlan: PrivacyPlan = {
  tcf: {
    vendorId: 51,
    declared: { consent: [1, 2, 3, 4, 7, 10], legitimateInterest: [], flexible: [2, 7, 10] },
    contextualPurposes: [2],
    tagPurposes: [1, 2, 3, 4, 7, 10],
    disclosureRequired: true,
    maxAgeDays: 395,
  },
  us: { noticeRequired: true },
  markets: {
    EU: market("tcf", true, "none", ["DEU", "FRA"]),
    US: market("us", false, "granted", ["USA"]),
    CN: market("local", false, "granted", ["CHN"]),
    IN: market("local", false, "contextual", ["IND"]),
  },
  otherMarket: market("tcf", false, "contextual"),
  eidSources: [
    { source: "uidapi.com", number: 1 },
    { source: "id5-sync.com", number: 3 },
  ],
  thirdPartyHosts: ["brand.example"],
};
