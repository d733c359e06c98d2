import type { GppSignal, TcfSignal } from "./consent-oracle.js";

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

/** What differs between the requests that one string is tried in. */
export type Place = Pick<Sent, "gdpr" | "country">;

/**
 * The request as an exchange would write it, cut at its two places of `Place`, so that a string is
 * written once for all of them.
 */
export type SentBody = readonly [untilCountry: string, untilGdpr: string, rest: string];
const countryMark = '"<country>"';
const gdprMark = '"<gdpr>"';

export function bodyOfSent(sent: Sent): SentBody {
  const regsExt = {
    gdpr: sent.gdprOld ?? undefined,
    us_privacy: optional(sent.usPrivacyOld),
    gpc: sent.gpc === "ext" ? "1" : undefined,
    gpp: sent.gppOld ? sent.gpp?.text : undefined,
    gpp_sid: sent.gppOld ? (sent.sids ?? undefined) : undefined,
  };
  const text = JSON.stringify({
    id: "r",
    imp: [{ id: "1", banner: { w: 300, h: 250 } }],
    device: {
      geo: "<country>",
      ifa: ifas[sent.ifa],
      lmt: optional(sent.lmt),
      dnt: optional(sent.dnt),
      ext: sent.atts === null ? undefined : { atts: sent.atts },
      language: "en",
    },
    user: {
      consent: sent.tcf?.text,
      geo: geo(sent.userCountry),
      ext: sent.tcfOld === null ? undefined : { consent: sent.tcfOld.text },
    },
    regs: {
      gdpr: "<gdpr>",
      us_privacy: optional(sent.usPrivacy),
      coppa: optional(sent.coppa),
      gpc: sent.gpc === "regs" ? 1 : undefined,
      gpp: sent.gppOld ? undefined : sent.gpp?.text,
      gpp_sid: sent.gppOld ? undefined : (sent.sids ?? undefined),
      ext: regsExt,
    },
  });
  // Each comes first of its object, and never last: the comma after it goes with it.
  const country = text.indexOf(countryMark);
  const gdpr = text.indexOf(gdprMark);
  return [
    text.slice(0, country - '"geo":'.length),
    text.slice(country + countryMark.length + 1, gdpr - '"gdpr":'.length),
    text.slice(gdpr + gdprMark.length + 1),
  ];
}

export function textOfSent(body: SentBody, { gdpr, country }: Place): string {
  const geo = country === "" ? "" : `"geo":{"country":"${country}"},`;
  return body[0] + geo + body[1] + (gdpr === null ? "" : `"gdpr":${gdpr},`) + body[2];
}
