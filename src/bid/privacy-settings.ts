import { textKeyOf } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import { type CountryCode, packAlpha3 } from "../base/units.js";
import { type Market, type PrivacySettings, Regime, WithoutSignal } from "./consent.js";

/** config/privacy.yaml as it is written, already checked: what `privacySettingsOf` compiles. */
export type MarketPlan = {
  readonly countries?: readonly string[] | undefined;
  readonly regime: "tcf" | "us" | "local";
  readonly gdprWhenUnstated: boolean;
  readonly gdprWhenDenied: boolean;
  readonly withoutSignal: "none" | "contextual" | "granted";
};
export type PrivacyPlan = {
  readonly tcf: {
    /** null = not registered */
    readonly vendorId: number | null;
    /** Purpose numbers, 1 to 24. */
    readonly declared: {
      readonly consent: readonly number[];
      readonly legitimateInterest: readonly number[];
      readonly flexible: readonly number[];
    };
    readonly contextualPurposes: readonly number[];
    readonly tagPurposes: readonly number[];
    readonly disclosureRequired: boolean;
    readonly maxAgeDays: number;
  };
  readonly us: { readonly noticeRequired: boolean };
  readonly markets: Readonly<Record<string, MarketPlan>>;
  readonly otherMarket: MarketPlan;
  readonly eidSources: readonly { readonly source: string; readonly number: number }[];
  readonly thirdPartyHosts: readonly string[];
};

const regimes = { tcf: Regime.TCF, us: Regime.US, local: Regime.LOCAL } as const;
const withoutSignals = {
  none: WithoutSignal.NONE,
  contextual: WithoutSignal.CONTEXTUAL,
  granted: WithoutSignal.GRANTED,
} as const;

/** Compiles a checked plan; a country in two markets goes to the first. */
export function privacySettingsOf(plan: PrivacyPlan): PrivacySettings {
  const { tcf } = plan;
  const marketByCountry = new Map<CountryCode, Market>();
  for (const [name, market] of Object.entries(plan.markets)) {
    const compiled = marketOf(name, market);
    for (const country of market.countries ?? []) {
      const code = packAlpha3(country) as CountryCode;
      if (!marketByCountry.has(code)) marketByCountry.set(code, compiled);
    }
  }
  const keys = plan.eidSources.map(({ source }) => textKeyOf(source, KeyKind.EID_SOURCE));
  return {
    tcf: {
      vendorId: tcf.vendorId ?? 0,
      declaredConsent: maskOf(tcf.declared.consent),
      declaredLegitimateInterest: maskOf(tcf.declared.legitimateInterest),
      flexible: maskOf(tcf.declared.flexible),
      contextualPurposes: maskOf(tcf.contextualPurposes),
      tagPurposes: maskOf(tcf.tagPurposes),
      disclosureRequired: tcf.disclosureRequired,
      maxAgeDays: tcf.maxAgeDays,
    },
    usNoticeRequired: plan.us.noticeRequired,
    marketByCountry,
    otherMarket: marketOf("other", plan.otherMarket),
    eidSources: {
      keyLo: Uint32Array.from(keys, (key) => key.lo),
      keyHi: Uint32Array.from(keys, (key) => key.hi),
      number: Uint32Array.from(plan.eidSources, ({ number }) => number),
    },
    thirdPartyHosts: plan.thirdPartyHosts,
  };
}

function marketOf(name: string, plan: MarketPlan): Market {
  return {
    name,
    regime: regimes[plan.regime],
    gdprWhenUnstated: plan.gdprWhenUnstated,
    gdprWhenDenied: plan.gdprWhenDenied,
    withoutSignal: withoutSignals[plan.withoutSignal],
  };
}

const maskOf = (purposes: readonly number[]): number =>
  purposes.reduce((mask, purpose) => mask | (1 << (purpose - 1)), 0);
