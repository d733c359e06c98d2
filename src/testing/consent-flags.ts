import {
  allPurposes,
  canada,
  canadaTold,
  countries,
  everywhere,
  goodCanada,
  goodTcf,
  gppTold,
  matrixNowMs,
  matrixPlans,
  purposePairs,
  type Sampling,
  skips,
  tcfTold,
  unregisteredPlans,
  usPrivacy,
  usSection,
  usSections,
  validity,
} from "./consent-matrix.js";
import type { TcfSignal, UsSignal } from "./consent-oracle.js";
import { bodyOfSent, nothingSent, type Sent, type Told } from "./consent-sent.js";
import { ConsentTrial, type Loosening, type Tally } from "./consent-trial.js";

/** What a TC string may say, coarsely: nothing sent, all, context alone, nothing, broken. */
const strings = [
  null,
  tcfTold(goodTcf),
  tcfTold({ ...goodTcf, consents: [2] }),
  tcfTold({ ...goodTcf, vendorConsent: false, vendorInterest: false }),
  { text: "CAAA", fact: { ...goodTcf, readable: false } },
] as const;
const usOut = usSection(8, { SharingOptOut: 1 });
const usIn = usSection(7, { SaleOptOut: 2, SharingOptOut: 2, TargetedAdvertisingOptOut: 2 });
const european = new Map<number, Told<TcfSignal | UsSignal>>([
  [2, tcfTold(goodTcf)],
  [7, usIn],
]);
const gpps: readonly Pick<Sent, "gpp" | "sids">[] = [
  { gpp: null, sids: null },
  { gpp: gppTold(new Map([[7, usIn]])), sids: [7] },
  { gpp: gppTold(new Map([[8, usOut]])), sids: [7] },
  { gpp: gppTold(new Map([[8, usOut]])), sids: null },
  { gpp: gppTold(new Map([[5, canadaTold(goodCanada)]])), sids: [5] },
  { gpp: gppTold(new Map([[5, canadaTold({ ...goodCanada, express: [2] })]])), sids: [5] },
  { gpp: gppTold(european), sids: [2] },
  { gpp: gppTold(new Map([[40, { text: "BAAA", fact: null }]])), sids: [40] },
  { gpp: gppTold(new Map([[40, { text: "BAAA", fact: null }]])), sids: null },
  { gpp: { text: "DAAA~", fact: { readable: false, sections: new Map() } }, sids: null },
];

/**
 * Where the regimes meet: coppa x lmt x dnt x gpc {absent, regs, ext} x atts {absent, 0..3} x ifa
 * {absent, zeros, real} x TC string x us_privacy x GPP x second country x gdpr of the older place.
 */
export function* flags(sampling: Sampling): Generator<Partial<Sent>> {
  const devices: Partial<Sent>[] = [];
  for (let bits = 0; bits < 8; bits++) {
    for (const gpc of ["", "regs", "ext"] as const) {
      for (const atts of [null, 0, 1, 2, 3]) {
        for (const ifa of ["", "zero", "real"] as const) {
          devices.push({ coppa: bits & 1, lmt: (bits >> 1) & 1, dnt: bits >> 2, gpc, atts, ifa });
        }
      }
    }
  }
  for (const tcf of strings) {
    for (const usText of ["", "1YNN", "1YYN", "1---"]) {
      for (const gpp of gpps) {
        for (const place of ["", "DEU", "IND"]) {
          for (const device of devices) {
            if (skips(sampling)) continue;
            yield { ...device, ...gpp, tcf, usPrivacy: usText, userCountry: place };
          }
        }
      }
    }
  }
}

/**
 * Everything allows, and one signal refuses: flags, sections, restrictions, another country.
 * Nothing is left out of this at any size.
 */
export function* oneRefusal(): Generator<Partial<Sent>> {
  const child = usSection(7, { SaleOptOut: 2, KnownChildSensitiveDataConsents: 1 });
  const interests = { consents: [1, 3, 4], interests: [2, 7, 10] };
  const restricted = [0, 1, 2].flatMap((type) =>
    [2, 3, 7, 10].flatMap((purpose) =>
      [{}, interests].map((more) =>
        tcfTold({ ...goodTcf, ...more, restrictions: [{ purpose, type }] }),
      ),
    ),
  );
  const refusals: Partial<Sent>[] = [
    ...[{}, { coppa: 1 }, { lmt: 1 }, { dnt: 1 }, { gpc: "regs" }, { gpc: "ext" }, { ifa: "zero" }],
    ...[0, 1, 2, 3].map((atts) => ({ atts })),
    ...countries.map((userCountry) => ({ userCountry })),
    ...restricted.map((tcf) => ({ tcf })),
    { tcf: tcfTold({ ...goodTcf, disclosed: "absent" }) },
    { tcf: tcfTold({ ...goodTcf, disclosed: "out" }) },
    { tcf: tcfTold({ ...goodTcf, vendorConsent: false }) },
    ...[1, 2, 3, 4, 7, 10].map((lacking) => ({
      tcf: tcfTold({ ...goodTcf, consents: goodTcf.consents.filter((p) => p !== lacking) }),
    })),
    ...["1YYN", "1NNN", "1---"].map((text) => ({ usPrivacy: text })),
    { gpp: gppTold(new Map([[7, child]])), sids: [7] },
    ...gpps,
  ] as Partial<Sent>[];
  for (const tcf of [null, tcfTold(goodTcf)]) {
    for (const gpp of gpps.slice(0, 2)) {
      for (const refusal of refusals) yield { tcf, ...gpp, ...refusal };
    }
  }
}

/** gdpr in both places x second country x the coarse strings in both places. */
export function* conflicts(sampling: Sampling): Generator<Partial<Sent>> {
  for (const gdprOld of [null, 0, 1]) {
    for (const userCountry of ["", "DEU", "USA", "CHN", "IND", "BRA", "ZZZ"]) {
      for (const tcf of strings) {
        for (const tcfOld of strings) {
          for (const gpp of gpps) {
            if (skips(sampling)) continue;
            yield { gdprOld, userCountry, tcf, tcfOld, ...gpp };
          }
        }
      }
    }
  }
}

/** Every regime of the matrix, with how much of it the small size leaves out. */
const regimes = [
  { name: "one refusal", of: oneRefusal, oneOf: 1 },
  { name: "purpose pairs", of: purposePairs, oneOf: 600 },
  { name: "all purposes", of: allPurposes, oneOf: 60 },
  { name: "validity and place", of: validity, oneOf: 30 },
  { name: "us privacy", of: usPrivacy, oneOf: 60 },
  { name: "us sections", of: usSections, oneOf: 400 },
  { name: "canada", of: canada, oneOf: 200 },
  { name: "flags", of: flags, oneOf: 400 },
  { name: "conflicts", of: conflicts, oneOf: 100 },
] as const;

export type MatrixPart = { readonly name: string; readonly tally: Tally };

/**
 * Walks the regimes one after the other under the plans of a registered and of an unregistered
 * operator; `sampling` says how much of each.
 */
export function* tryMatrix(
  sampling: (oneOf: number) => Sampling,
  loosening: Loosening | null = null,
): Generator<MatrixPart> {
  for (const { name, of, oneOf } of regimes) {
    const trial = new ConsentTrial(matrixPlans, matrixNowMs, loosening);
    const unregistered = new ConsentTrial(unregisteredPlans, matrixNowMs, loosening);
    let number = 0;
    for (const some of of(sampling(oneOf))) {
      const sent = { ...nothingSent, ...some };
      const body = bodyOfSent(sent);
      trial.begin(sent, body);
      unregistered.begin(sent, body);
      for (const place of everywhere) {
        trial.compare(place);
        if (number++ % 16 === 0) unregistered.compare(place);
      }
    }
    const { tally } = trial;
    tally.requests += unregistered.tally.requests;
    tally.verdicts += unregistered.tally.verdicts;
    tally.permissive += unregistered.tally.permissive;
    tally.examples.push(...unregistered.tally.examples);
    yield { name, tally };
  }
}
