import type { SeededRandom } from "../base/random.js";
import {
  countries,
  gdprs,
  goodCanada,
  goodTcf,
  gppTold,
  matrixNowMs,
  matrixPlans,
  tcfTold,
  usPrivacyTexts,
  usSection,
  vendorId,
} from "./consent-matrix.js";
import type {
  CanadaSignal,
  GppSignal,
  StatedTexts,
  TcfSignal,
  UsSignal,
} from "./consent-oracle.js";
import { nothingSent, type Sent, type Told } from "./consent-sent.js";
import { decodeGpp, decodeTcf, encodeCanada, usSectionIds } from "./consent-strings.js";
import { ConsentTrial, type Tally, textsOfSent } from "./consent-trial.js";

/**
 * Strings that nobody's encoder wrote: valid ones with edits, and noise. What they state is what
 * the IAB's libraries read in them; where those throw, the string states nothing.
 */
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const others = ".~=+/ 1YN\u00e9";

const unreadableGpp: GppSignal = { readable: false, sections: new Map() };
const pickSome = <T>(random: SeededRandom, all: readonly T[], oneOf: number): T[] =>
  all.filter(() => random.below(oneOf) > 0);

function randomTcf(random: SeededRandom): Told<TcfSignal> {
  const all = [1, 2, 3, 4, 7, 10];
  const restrictions = all.flatMap((purpose) =>
    random.below(8) === 0 ? [{ purpose, type: random.below(3) }] : [],
  );
  return tcfTold({
    ...goodTcf,
    consents: pickSome(random, all, 12),
    interests: pickSome(random, all, 2),
    vendorConsent: random.below(6) > 0,
    vendorInterest: random.below(2) === 0,
    disclosed: random.pick(["in", "in", "in", "out", "absent"] as const),
    restrictions,
  });
}

function randomUs(random: SeededRandom, section: number): Told<UsSignal> {
  const value = (): number => random.pick([0, 2, 2, 2, 1]);
  return usSection(section, {
    ...{ SaleOptOut: value(), SharingOptOut: value(), TargetedAdvertisingOptOut: value() },
    ...{ GpcSegmentIncluded: random.below(2) === 0, Gpc: random.below(3) === 0 },
    KnownChildSensitiveDataConsents: random.below(6) === 0 ? 1 : 0,
  });
}

function randomGpp(random: SeededRandom): { readonly text: string; readonly ids: number[] } {
  const sections = new Map<number, Told<TcfSignal | CanadaSignal | UsSignal | string>>();
  if (random.below(3) === 0) sections.set(2, randomTcf(random));
  if (random.below(4) === 0) {
    const fact = { ...goodCanada, express: pickSome(random, goodCanada.express, 10) };
    sections.set(5, { text: encodeCanada(fact, vendorId), fact });
  }
  if (random.below(4) === 0) {
    const text = random.pick(usPrivacyTexts.filter((known) => known.trim() !== ""));
    sections.set(6, { text, fact: text });
  }
  for (const section of usSectionIds) {
    if (random.below(12) === 0) sections.set(section, randomUs(random, section));
  }
  if (sections.size === 0) sections.set(7, randomUs(random, 7));
  return { text: gppTold(sections).text, ids: [...sections.keys()] };
}

/** Up to four edits: letters put in, taken out or changed, ends cut, pieces repeated. */
export function mutate(text: string, random: SeededRandom): string {
  let out = text;
  for (let edits = random.below(5); edits > 0; edits--) {
    const at = random.below(out.length + 1);
    const set = random.below(6) === 0 ? others : letters;
    const letter = set[random.below(set.length)] ?? "A";
    const kind = random.below(12);
    if (kind < 7) out = out.slice(0, at) + letter + out.slice(at + 1);
    else if (kind < 9) out = out.slice(0, at) + letter + out.slice(at);
    else if (kind < 10) out = out.slice(0, at) + out.slice(at + 1);
    else if (kind < 11) out = out.slice(0, at);
    else out = out.slice(0, at) + out.slice(random.below(out.length + 1));
  }
  return out;
}

function noise(random: SeededRandom): string {
  const length = random.below(60);
  return Array.from({ length }, () => letters[random.below(64)] ?? "A").join("");
}

/** Valid strings to start from; edits are many times cheaper than new ones. */
function seeds(random: SeededRandom): {
  readonly tcf: readonly string[];
  readonly gpp: readonly { readonly text: string; readonly ids: number[] }[];
} {
  return {
    tcf: Array.from({ length: 200 }, () => randomTcf(random).text),
    gpp: Array.from({ length: 200 }, () => randomGpp(random)),
  };
}

/**
 * `count` strings, each in a request of its own. Texts are asked of the libraries where our verdict
 * allows something, and for every sixteenth string, so that strictness is counted too.
 */
export function tryStrings(random: SeededRandom, count: number): Tally {
  const trial = new ConsentTrial(matrixPlans, matrixNowMs);
  const known = seeds(random);
  for (let i = 0; i < count; i++) {
    const gdpr = random.pick(gdprs);
    const country = random.pick(countries);
    const sent: Sent = { ...nothingSent, gdpr, country, ...randomPlace(random, known) };
    trial.compareLazily(sent, (ours) => factsOf(sent, ours.unreadable === 1), i % 16 === 0);
  }
  return trial.tally;
}

function randomPlace(random: SeededRandom, known: ReturnType<typeof seeds>): Partial<Sent> {
  const kind = random.below(10);
  const none: TcfSignal = goodTcf;
  if (kind < 5) {
    const text = kind === 0 ? noise(random) : mutate(random.pick(known.tcf), random);
    return random.below(4) === 0 ? { tcfOld: { text, fact: none } } : { tcf: { text, fact: none } };
  }
  if (kind < 9) {
    const { text, ids } = random.pick(known.gpp);
    const mutant = kind === 5 ? `DB${noise(random)}~${noise(random)}` : mutate(text, random);
    const stated = pickSome(random, ids, 4);
    const sids = random.pick([stated, ids, null]);
    return { gpp: { text: mutant, fact: unreadableGpp }, sids };
  }
  return { usPrivacy: mutate(random.pick(usPrivacyTexts), random) };
}

/**
 * The same request's texts as the libraries read them. What our reader refuses is not shown to
 * the GPP library, which fills memory with some broken ranges until the process dies; nothing is
 * allowed by an unreadable string either way.
 */
function factsOf(sent: Sent, refused: boolean): StatedTexts {
  const tcf = (told: Told<TcfSignal> | null): Told<TcfSignal> | null =>
    told === null || told.text === "" ? null : { ...told, fact: decodeTcf(told.text, vendorId) };
  const { gpp } = sent;
  return textsOfSent({
    ...sent,
    tcf: tcf(sent.tcf),
    tcfOld: tcf(sent.tcfOld),
    gpp:
      gpp === null || gpp.text === ""
        ? null
        : {
            ...gpp,
            fact: refused ? unreadableGpp : decodeGpp(gpp.text, sent.sids ?? [], vendorId),
          },
  });
}
