import type { MarketPlan, PrivacyPlan } from "../bid/privacy-settings.js";

/**
 * What may be done with a request, worked out once more from the texts of the specifications (TCF
 * 2.2 and 2.3, GPP, US Privacy) and from the market table alone. It knows no bytes: signals come as
 * the facts that they state. Shares no code with wire/ and bid/consent.
 */
export const levels = ["none", "contextual", "granted"] as const;
export type Level = (typeof levels)[number];

/** What a TC string states about our vendor. Times in milliseconds since 1970. */
export type TcfSignal = {
  /** Decodes whole, as version 2. */
  readonly readable: boolean;
  readonly policyVersion: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly consents: readonly number[];
  readonly interests: readonly number[];
  readonly vendorConsent: boolean;
  readonly vendorInterest: boolean;
  /** Publisher restrictions that name our vendor. */
  readonly restrictions: readonly { readonly purpose: number; readonly type: number }[];
  readonly disclosed: "absent" | "in" | "out";
  /** PurposeOneTreatment: purpose 1 was not disclosed. */
  readonly purposeOneHidden: boolean;
};

/** What the Canadian section states about our vendor. */
export type CanadaSignal = {
  readonly readable: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly express: readonly number[];
  readonly implied: readonly number[];
  readonly vendorExpress: boolean;
  readonly vendorImplied: boolean;
  readonly restrictions: readonly { readonly purpose: number; readonly type: number }[];
};

/** A US section: opt-outs and notices with the values of the specification (0 not applicable). */
export type UsSignal = {
  readonly readable: boolean;
  /** 1 opted out, 2 did not. */
  readonly optOuts: readonly number[];
  /** 1 given, 2 not given. */
  readonly notices: readonly number[];
  readonly children: readonly number[];
  readonly asServiceProvider: boolean;
  readonly gpc: boolean;
};

export type GppSignal = {
  readonly readable: boolean;
  readonly sections: ReadonlyMap<number, TcfSignal | CanadaSignal | UsSignal | string | null>;
};

/** What a request's texts state. Lists: each place that states one. */
export type StatedTexts = {
  readonly tcf: readonly TcfSignal[];
  readonly usPrivacy: readonly string[];
  readonly gpp: GppSignal | null;
  readonly gppSid: readonly number[];
};

/** A request's other signals. Flags: 1 = stated. */
export type StatedFlags = {
  readonly coppa: number;
  readonly lmt: number;
  readonly dnt: number;
  readonly gpc: number;
  readonly atts: number | null;
  readonly zeroIfa: boolean;
};

const dayMs = 86_400_000;
const lowest = (found: readonly Level[]): Level =>
  levels.find((level) => found.includes(level)) ?? "granted";

/**
 * What the texts allow under one operator's plan, worked out once, however many requests come with
 * them.
 */
export class OracleReading {
  private readonly unreadable: boolean;
  private readonly strings: readonly TcfSignal[];
  private readonly stringLevel: Level;
  private readonly us: readonly UsSignal[];
  private readonly usRefuses: boolean;
  private readonly canada: CanadaSignal | null;
  private readonly texts: StatedTexts;
  private readonly plan: PrivacyPlan;
  private readonly nowMs: number;

  constructor(texts: StatedTexts, plan: PrivacyPlan, nowMs: number) {
    this.texts = texts;
    this.plan = plan;
    this.nowMs = nowMs;
    const { gpp, usPrivacy } = texts;
    const sections: GppSignal["sections"] = gpp?.sections ?? new Map<number, null>();
    const said = this.statedSections();
    const counted = said.length > 0 ? said : [...sections.keys()].filter((id) => !isTcf(id));
    const standIn = said.length === 0 && texts.tcf.length === 0;
    const european = sections.get(2) as TcfSignal | undefined;
    const counts = european !== undefined && (standIn || said.includes(2));
    this.strings = counts ? [...texts.tcf, european] : texts.tcf;
    this.canada = said.includes(5) ? ((sections.get(5) as CanadaSignal | undefined) ?? null) : null;
    const inGpp = counted.flatMap((id) => {
      const section = sections.get(id);
      if (id === 6) return typeof section === "string" ? [usPrivacySignal(section)] : [];
      return id >= 7 && id <= 27 && section != null ? [section as UsSignal] : [];
    });
    this.us = [...usPrivacy.map(usPrivacySignal), ...inGpp];
    this.usRefuses = this.usRefusal();
    this.unreadable =
      gpp?.readable === false || counted.some((id) => !this.isReadable(id, said.includes(id)));
    this.stringLevel = this.levelOfStrings();
  }

  /**
   * The verdict: every market and every law that may apply has to allow it. `gdpr`: what each place
   * says; `countries`: alpha-3 codes of device.geo and user.geo, those that are stated.
   */
  level(flags: StatedFlags, gdpr: readonly number[], countries: readonly string[]): Level {
    const markets = countries.map((country) => this.marketOf(country));
    if (markets.length === 0) markets.push(this.plan.otherMarket);
    return lowest(markets.map((market) => this.levelIn(market, flags, gdpr)));
  }

  private marketOf(country: string): MarketPlan {
    const { markets, otherMarket } = this.plan;
    for (const name in markets) {
      const market = markets[name];
      if (market?.countries?.includes(country) === true) return market;
    }
    return otherMarket;
  }

  /** gpp_sid without 0 and -1, which say "none". */
  private statedSections(): number[] {
    return this.texts.gppSid.filter((id) => id > 0);
  }

  /** Whether we can tell what a section that counts says. */
  private isReadable(id: number, stated: boolean): boolean {
    const { gpp, tcf, usPrivacy } = this.texts;
    if (id !== 2 && (id < 5 || id > 27)) return false;
    if (gpp === null) return (id === 2 && tcf.length > 0) || (id === 6 && usPrivacy.length > 0);
    const section = gpp.sections.get(id);
    if (section == null) return !stated;
    return typeof section === "string" ? isUsPrivacy(section) : section.readable;
  }

  private levelIn(market: MarketPlan, flags: StatedFlags, told: readonly number[]): Level {
    const { strings, stringLevel } = this;
    const underGdpr =
      told.includes(1) ||
      this.statedSections().includes(2) ||
      (told.includes(0) ? market.gdprWhenDenied : market.gdprWhenUnstated);
    const found: Level[] = [];
    if (underGdpr) found.push(this.unreadable || strings.length === 0 ? "none" : stringLevel);
    if (!underGdpr || market.regime !== "tcf") found.push(this.marketLevel(market));
    const setAside = told.includes(0) && !told.includes(1);
    if (strings.length > 0 && stringLevel !== "granted" && !setAside) found.push("contextual");
    if (isRefused(flags) || this.usRefuses || this.unreadable) found.push("contextual");
    if (this.statedSections().includes(5) && !this.canadaAllows()) found.push("contextual");
    return lowest(found);
  }

  /** What a market gives on its own framework's signal, or without one. */
  private marketLevel(market: MarketPlan): Level {
    if (market.regime === "tcf") {
      if (this.stringLevel !== "none" && this.strings.length > 0) {
        if (this.stringLevel === "granted") return "granted";
        return market.withoutSignal === "granted" ? "granted" : "contextual";
      }
      if (this.canadaAllows()) return "granted";
    }
    // An opt-out right that does not apply is no word about the person.
    const answered = this.us.some(({ optOuts }) => optOuts.some((value) => value > 0));
    if (market.regime === "us" && answered) return "granted";
    return market.withoutSignal;
  }

  private usRefusal(): boolean {
    return this.us.some(
      (section) =>
        !section.readable ||
        section.optOuts.includes(1) ||
        section.children.some((value) => value !== 0) ||
        section.asServiceProvider ||
        section.gpc ||
        (this.plan.us.noticeRequired && section.notices.includes(2)),
    );
  }

  private levelOfStrings(): Level {
    const { tcf } = this.plan;
    if (tcf.vendorId === null) return "none";
    for (const string of this.strings) {
      if (!string.readable || string.policyVersion < 4 || !this.isFresh(string)) return "none";
      if (string.disclosed === "out") return "none";
      if (string.disclosed === "absent" && tcf.disclosureRequired) return "none";
    }
    const may = (purpose: number): boolean =>
      this.strings.every((string) => this.mayPursue(string, purpose));
    if (!tcf.contextualPurposes.every(may)) return "none";
    return tcf.tagPurposes.every(may) ? "granted" : "contextual";
  }

  /** Days are all that a string's times tell, so a day of grace on either side of them. */
  private isFresh({ createdMs, updatedMs }: TcfSignal | CanadaSignal): boolean {
    const { nowMs } = this;
    if (createdMs > nowMs + dayMs || updatedMs > nowMs + dayMs) return false;
    if (createdMs > updatedMs + dayMs) return false;
    return nowMs - updatedMs <= this.plan.tcf.maxAgeDays * dayMs;
  }

  /**
   * TCF, "publisher restrictions": 0 forbids; 1 and 2 ask for a basis, which a vendor has when it
   * declared the purpose so or as flexible. "In case a vendor has declared flexibility for a
   * purpose and there is no legal basis restriction signal it must always apply the default legal
   * basis".
   */
  private mayPursue(string: TcfSignal, purpose: number): boolean {
    const { declared } = this.plan.tcf;
    const types = string.restrictions
      .filter((restriction) => restriction.purpose === purpose)
      .map(({ type }) => type);
    if (types.includes(0) || (types.includes(1) && types.includes(2))) return false;
    let basis = declared.consent.includes(purpose) ? "consent" : "interest";
    if (basis === "interest" && !declared.legitimateInterest.includes(purpose)) return false;
    const demanded = types.includes(1) ? "consent" : types.includes(2) ? "interest" : basis;
    if (demanded !== basis) {
      if (!declared.flexible.includes(purpose)) return false;
      basis = demanded;
    }
    if (basis === "consent") {
      if (purpose === 1 && string.purposeOneHidden) return false;
      return string.vendorConsent && string.consents.includes(purpose);
    }
    // TCF 2.2: no legitimate interest for purposes 1 and 3 to 6.
    if ([1, 3, 4, 5, 6].includes(purpose)) return false;
    return string.vendorInterest && string.interests.includes(purpose);
  }

  /** Canada knows express and implied consent, and no purpose 1. */
  private canadaAllows(): boolean {
    const { canada } = this;
    const { tcf } = this.plan;
    if (canada === null || !canada.readable || tcf.vendorId === null) return false;
    if (!this.isFresh(canada)) return false;
    return tcf.tagPurposes.every((purpose) => {
      if (purpose === 1) return true;
      const types = canada.restrictions.filter((r) => r.purpose === purpose).map((r) => r.type);
      if (types.includes(0)) return false;
      const express = canada.vendorExpress && canada.express.includes(purpose);
      const implied = canada.vendorImplied && canada.implied.includes(purpose);
      if (express && !types.includes(2)) return true;
      return implied && !types.includes(1) && ![3, 4, 5, 6].includes(purpose);
    });
  }
}

function isRefused({ coppa, lmt, dnt, gpc, atts, zeroIfa }: StatedFlags): boolean {
  if (coppa + lmt + dnt + gpc > 0 || zeroIfa) return true;
  return atts !== null && atts !== 3;
}

const isTcf = (id: number): boolean => id === 2 || id === 5;
const isUsPrivacy = (text: string): boolean => /^1[YN-]{3}$/i.test(text);

/** "1YNN": version, notice given, opted out of sale, agreement. What is no such text refuses. */
function usPrivacySignal(text: string): UsSignal {
  const readable = isUsPrivacy(text);
  const value = (letter: string | undefined): number => "-YN".indexOf(letter?.toUpperCase() ?? "");
  return {
    readable,
    optOuts: readable ? [value(text[2])] : [1],
    notices: readable ? [value(text[1])] : [],
    children: [],
    asServiceProvider: false,
    gpc: false,
  };
}
