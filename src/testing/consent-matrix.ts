import type { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import type { MarketPlan, PrivacyPlan } from "../bid/privacy-settings.js";
import type { CanadaSignal, GppSignal, TcfSignal, UsSignal } from "./consent-oracle.js";
import type { Place, Sent, Told } from "./consent-sent.js";
import {
  encodeCanada,
  encodeTcf,
  encodeUs,
  gppOf,
  type UsFields,
  usFieldNames,
  usSectionIds,
  usSignalOf,
} from "./consent-strings.js";
import { testPrivacyPlan } from "./privacy-plan.js";

/**
 * The product of the signals of privacy, as requests. Where it is too large to be walked (each
 * purpose has 20 states: 20^6 strings) the factors are crossed within a regime, and regimes meet
 * in `flags`; each function says what it crosses with what.
 */
const dayMs = 86_400_000;
export const matrixNowMs = (20_780 * dayMs) as UnixMs;
export const vendorId = 51;
const wanted = [1, 2, 3, 4, 7, 10] as const;

const { tcf, markets, otherMarket } = testPrivacyPlan;
const withMarkets = (change: Record<string, Partial<MarketPlan>>): PrivacyPlan["markets"] =>
  Object.fromEntries(
    Object.entries(markets).map(([name, market]) => [name, { ...market, ...change[name] }]),
  );

/** Settings that an operator may write; the verdicts of each are compared. */
export const matrixPlans: readonly PrivacyPlan[] = [
  testPrivacyPlan,
  {
    ...testPrivacyPlan,
    tcf: {
      ...tcf,
      declared: { consent: [1, 3, 4], legitimateInterest: [2, 7, 10], flexible: [2, 7] },
      disclosureRequired: false,
    },
    us: { noticeRequired: false },
    markets: withMarkets({
      US: { withoutSignal: "contextual" },
      CN: { withoutSignal: "none" },
      EU: { gdprWhenDenied: false },
    }),
    otherMarket: { ...otherMarket, withoutSignal: "none" },
  },
  {
    ...testPrivacyPlan,
    tcf: {
      ...tcf,
      declared: { consent: [1, 2, 3, 4, 7, 10], legitimateInterest: [], flexible: [] },
      disclosureRequired: false,
    },
    markets: withMarkets({
      US: { withoutSignal: "none" },
      EU: { gdprWhenUnstated: false, withoutSignal: "contextual" },
      IN: { withoutSignal: "granted" },
    }),
    otherMarket: { ...otherMarket, gdprWhenUnstated: true, withoutSignal: "none" },
  },
];
/** Not registered with the TCF: no string allows us anything. */
export const unregisteredPlans: readonly PrivacyPlan[] = matrixPlans.map((plan) => ({
  ...plan,
  tcf: { ...plan.tcf, vendorId: null },
}));

/** Which part of a product is tried: one in so many of its strings, 1 = all of it. */
export type Sampling = { readonly random: SeededRandom; readonly oneOf: number };

export const gdprs = [null, 0, 1] as const;
/** EU, US, CN, IN, another market, unknown. */
export const countries = ["DEU", "USA", "CHN", "IND", "BRA", ""] as const;
const vendorStates = [0, 1, 2, 3] as const;

export const goodTcf: TcfSignal = {
  readable: true,
  policyVersion: 5,
  createdMs: matrixNowMs - 100 * dayMs,
  updatedMs: matrixNowMs - 100 * dayMs,
  consents: [...wanted],
  interests: [],
  vendorConsent: true,
  vendorInterest: true,
  restrictions: [],
  disclosed: "in",
  purposeOneHidden: false,
};
export const tcfTold = (fact: TcfSignal): Told<TcfSignal> => ({
  text: encodeTcf(fact, vendorId),
  fact,
});

/** Each request of the matrix is made at all of these: gdpr {absent, 0, 1} x six markets. */
export const everywhere: readonly Place[] = gdprs.flatMap((gdpr) =>
  countries.map((country) => ({ gdpr, country })),
);

export const skips = ({ random, oneOf }: Sampling): boolean => random.below(oneOf) > 0;

/** A purpose's consent, legitimate interest, and restriction: none, 0, 1, 2, or both 1 and 2. */
const purposeStates = Array.from({ length: 20 }, (_, i) => ({
  consent: i % 2 === 1,
  interest: (i >> 1) % 2 === 1,
  types: [[], [0], [1], [2], [1, 2]][i >> 2] ?? [],
}));

/**
 * Two purposes in all their 400 states, every pair of the needed ones, the others as consent needs
 * them or as legitimate interest does; x vendor consent and interest x disclosed vendors.
 */
export function* purposePairs(sampling: Sampling): Generator<Partial<Sent>> {
  for (const [at, first] of wanted.entries()) {
    for (const second of wanted.slice(at + 1)) {
      for (const states of purposeStates.flatMap((a) =>
        purposeStates.map((b) => [a, b] as const),
      )) {
        for (const byInterest of [false, true]) {
          const purposes = new Map([
            [first, states[0]],
            [second, states[1]],
          ]);
          yield* purposeStrings(sampling, byInterest, purposes);
        }
      }
    }
  }
}

type PurposeState = (typeof purposeStates)[number];

function* purposeStrings(
  sampling: Sampling,
  byInterest: boolean,
  states: ReadonlyMap<number, PurposeState>,
): Generator<Partial<Sent>> {
  const lent: PurposeState = byInterest
    ? { consent: false, interest: true, types: [2] }
    : { consent: true, interest: false, types: [] };
  const plain: PurposeState = { consent: true, interest: false, types: [] };
  const of = (purpose: number): PurposeState =>
    states.get(purpose) ?? ([2, 7, 10].includes(purpose) ? lent : plain);
  const facts = (): TcfSignal => ({
    ...goodTcf,
    consents: wanted.filter((purpose) => of(purpose).consent),
    interests: wanted.filter((purpose) => of(purpose).interest),
    restrictions: wanted.flatMap((purpose) => of(purpose).types.map((type) => ({ purpose, type }))),
  });
  for (const vendors of vendorStates) {
    for (const disclosed of ["absent", "in", "out"] as const) {
      if (skips(sampling)) continue;
      const vendor = { vendorConsent: vendors % 2 === 1, vendorInterest: vendors > 1 };
      yield { tcf: tcfTold({ ...facts(), ...vendor, disclosed }) };
    }
  }
}

/** Consent and interest of all six purposes (4^6) x vendor consent and interest, unrestricted. */
export function* allPurposes(sampling: Sampling): Generator<Partial<Sent>> {
  for (let bits = 0; bits < 4 ** wanted.length * 4; bits++) {
    if (skips(sampling)) continue;
    const has = (bit: number): boolean => ((bits >> bit) & 1) === 1;
    const fact = {
      ...goodTcf,
      consents: wanted.filter((_, i) => has(2 * i)),
      interests: wanted.filter((_, i) => has(2 * i + 1)),
      vendorConsent: has(12),
      vendorInterest: has(13),
    };
    yield { tcf: tcfTold(fact) };
  }
}

/** Where a string may stand; `less` lacks purpose 10. */
function* places(told: Told<TcfSignal>, less: Told<TcfSignal>): Generator<Partial<Sent>> {
  const gpp = (of: Told<TcfSignal>): Told<GppSignal> => ({
    text: gppOf(new Map([[2, of.text]])),
    fact: { readable: true, sections: new Map([[2, of.fact]]) },
  });
  yield { tcf: told };
  yield { tcfOld: told };
  yield { tcf: told, tcfOld: told };
  yield { tcf: told, tcfOld: less };
  yield { tcf: less, tcfOld: told };
  for (const sids of [null, [2], [2, 7], [7], [-1], [40]]) {
    for (const gppOld of [false, true]) {
      yield { gpp: gpp(told), sids, gppOld };
      yield { tcf: less, gpp: gpp(told), sids, gppOld };
    }
    yield { tcf: told, sids };
  }
}

/** Version x policy x age and dates x purpose one treatment x disclosure x place. */
export function* validity(sampling: Sampling): Generator<Partial<Sent>> {
  const less = tcfTold({ ...goodTcf, consents: [1, 2, 3, 4, 7] });
  const days: readonly (readonly [created: number, updated: number])[] = [
    [100, 100],
    ...([
      [0, 0],
      [394, 394],
      [396, 396],
      [396, 10],
      [-3, -3],
      [10, -3],
      [10, 100],
    ] as const),
  ];
  for (const letter of ["C", "B", "D"]) {
    for (const policyVersion of [0, 2, 3, 4, 5, 6]) {
      for (const [created, updated] of days) {
        for (const purposeOneHidden of [false, true]) {
          for (const disclosed of ["absent", "in", "out"] as const) {
            if (skips(sampling)) continue;
            const fact = {
              ...{ ...goodTcf, policyVersion, purposeOneHidden, disclosed },
              createdMs: matrixNowMs - created * dayMs,
              updatedMs: matrixNowMs - updated * dayMs,
              readable: letter === "C",
            };
            const told = { text: letter + encodeTcf(fact, vendorId).slice(1), fact };
            yield* places(told, less);
          }
        }
      }
    }
  }
}

/** US Privacy texts, all of the version's and broken ones. */
export const usPrivacyTexts: readonly string[] = [
  "",
  ...["1", "2"].flatMap((version) =>
    ["Y", "N", "-"].flatMap((notice) =>
      ["Y", "N", "-"].flatMap((out) =>
        ["Y", "N", "-"].map((last) => version + notice + out + last),
      ),
    ),
  ),
  ...["1yyn", "1ynn", "1YN", "1YNNN", "nonsense", "    ", "1XNN"],
];

/** Every US Privacy text in one place x every one in the other. */
export function* usPrivacy(sampling: Sampling): Generator<Partial<Sent>> {
  for (const text of usPrivacyTexts) {
    for (const old of usPrivacyTexts) {
      if (skips(sampling)) continue;
      yield { usPrivacy: text, usPrivacyOld: old };
    }
  }
}

export const usSection = (section: number, fields: UsFields): Told<UsSignal> => {
  const known = usFieldNames(section);
  const kept = Object.entries(fields).filter(([name]) => known.has(name));
  return {
    text: encodeUs(section, Object.fromEntries(kept)),
    fact: usSignalOf(Object.fromEntries(kept)),
  };
};

/** A section of the USA: opt-outs x children x mode x global privacy control, then x notices. */
function* usFields(): Generator<UsFields> {
  const values = [0, 1, 2];
  for (const SaleOptOut of values) {
    for (const SharingOptOut of values) {
      for (const TargetedAdvertisingOptOut of values) {
        const out = { SaleOptOut, SharingOptOut, TargetedAdvertisingOptOut };
        for (const child of values) {
          for (const mode of values) {
            for (const Gpc of [false, true]) {
              const more = {
                KnownChildSensitiveDataConsents: child,
                GpcSegmentIncluded: true,
                Gpc,
              };
              yield { ...out, ...more, MspaServiceProviderMode: mode, MspaMode: mode };
            }
          }
        }
        for (const notice of values) {
          yield { ...out, SaleOptOutNotice: notice };
          yield { ...out, SharingOptOutNotice: notice, GpcSegmentIncluded: false };
          yield { ...out, TargetedAdvertisingOptOutNotice: notice };
        }
      }
    }
  }
}

export const gppTold = (
  sections: ReadonlyMap<number, Told<UsSignal | CanadaSignal | TcfSignal | string | null>>,
): Told<GppSignal> => ({
  text: gppOf(new Map([...sections].map(([id, { text }]) => [id, text]))),
  fact: {
    readable: true,
    sections: new Map([...sections].map(([id, { fact }]) => [id, fact])),
  },
});

const allUsFields = [...usFields()];

/** 21 US sections x their fields x gpp_sid {absent, match, others} x us_privacy. */
export function* usSections(sampling: Sampling): Generator<Partial<Sent>> {
  for (const section of usSectionIds) {
    const other = section === 9 ? 10 : 9;
    for (const fields of allUsFields) {
      if (skips(sampling)) continue;
      const gpp = gppTold(new Map([[section, usSection(section, fields)]]));
      for (const sids of [
        null,
        [section],
        [section, other],
        [other],
        [2, section],
        [section, 40],
      ]) {
        for (const text of ["", "1YNN"]) {
          yield { gpp, sids, usPrivacy: text };
        }
      }
    }
  }
}

export const goodCanada: CanadaSignal = {
  readable: true,
  createdMs: matrixNowMs - 100 * dayMs,
  updatedMs: matrixNowMs - 100 * dayMs,
  express: [2, 3, 4, 7, 10],
  implied: [],
  vendorExpress: true,
  vendorImplied: true,
  restrictions: [],
};
export const canadaTold = (fact: CanadaSignal): Told<CanadaSignal> => ({
  text: encodeCanada(fact, vendorId),
  fact,
});

/** Express and implied consent of five purposes (4^5) x vendors; x one restriction; x age. */
export function* canada(sampling: Sampling): Generator<Partial<Sent>> {
  const used = [2, 3, 4, 7, 10];
  const restrictions = used.flatMap((purpose) => [0, 1, 2].map((type) => ({ purpose, type })));
  for (let bits = 0; bits < 4 ** used.length * 4; bits++) {
    const has = (bit: number): boolean => ((bits >> bit) & 1) === 1;
    const fact = {
      ...goodCanada,
      express: used.filter((_, i) => has(2 * i)),
      implied: used.filter((_, i) => has(2 * i + 1)),
      vendorExpress: has(10),
      vendorImplied: has(11),
    };
    const nearGood = used.every((_, i) => has(2 * i) || has(2 * i + 1));
    for (const restriction of [null, ...(nearGood ? restrictions : [])]) {
      if (skips(sampling)) continue;
      const told = canadaTold({ ...fact, restrictions: restriction === null ? [] : [restriction] });
      const gpp = gppTold(new Map([[5, told]]));
      yield { gpp, sids: [5] };
    }
  }
  for (const days of [396, -3]) {
    const atMs = matrixNowMs - days * dayMs;
    const gpp = gppTold(
      new Map([[5, canadaTold({ ...goodCanada, createdMs: atMs, updatedMs: atMs })]]),
    );
    for (const sids of [null, [5], [2]]) yield { gpp, sids };
  }
}
