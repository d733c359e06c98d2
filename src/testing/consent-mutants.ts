import type { TcfSettings } from "../bid/consent.js";
import type { ConsentSignals } from "../bid/request.js";
import type { Loosening } from "./consent-trial.js";

const forgetting = (name: string, forgotten: Partial<ConsentSignals>): Loosening => ({
  name,
  signals: (signals) => {
    Object.assign(signals, forgotten);
  },
});
const withTcf = (name: string, change: (tcf: TcfSettings) => Partial<TcfSettings>): Loosening => ({
  name,
  settings: (settings) => ({ ...settings, tcf: { ...settings.tcf, ...change(settings.tcf) } }),
});

/** Each makes our side allow more in one way: the matrix has to notice every one of them. */
export const loosenings: readonly Loosening[] = [
  forgetting("lmt is not read", { lmt: 0 }),
  forgetting("atts is not read", { atts: -1 }),
  forgetting("gpc is not read", { gpc: 0 }),
  forgetting("coppa is not read", { coppa: 0 }),
  forgetting("opt-outs in the USA are not read", { usOptOut: 0 }),
  forgetting("known children are not read", { usKnownChild: 0 }),
  forgetting("an ifa of zeros is one", { zeroIfa: 0 }),
  forgetting("what is unreadable is passed over", { unreadable: 0 }),
  forgetting("gpp_sid 2 does not bring the GDPR", { tcfApplies: 0 }),
  forgetting("the user's country is not read", { secondCountry: 0 }),
  forgetting("restrictions to nothing are not read", { restrictedPurposes: 0 }),
  forgetting("restrictions to consent are not read", { consentOnlyPurposes: 0 }),
  forgetting("any list of disclosed vendors will do", { vendorUndisclosed: 0 }),
  forgetting("Canadian refusals are not read", { canadaApplies: 0 }),
  forgetting("the vendor's consent is not asked for", { vendorConsent: 1 }),
  withTcf("disclosure is not required", () => ({ disclosureRequired: false })),
  withTcf("strings never lapse", () => ({ maxAgeDays: 40_000 })),
  withTcf("purpose 4 is not needed", (tcf) => ({ tagPurposes: tcf.tagPurposes & ~8 })),
  withTcf("purpose 10 is not needed", (tcf) => ({ tagPurposes: tcf.tagPurposes & ~512 })),
  withTcf("flexible purposes take any basis", (tcf) => ({
    declaredConsent: tcf.declaredConsent | tcf.flexible,
  })),
];
