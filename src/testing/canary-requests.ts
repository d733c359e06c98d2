import { createHash } from "node:crypto";
import { SeededRandom } from "../base/random.js";
import type { Mark } from "./canary.js";
import { tcStringOf } from "./tc-string.js";

/** One person's marked values, one a field; the same value never stands in two fields. */
export type MarkedPerson = { readonly marks: readonly Mark[]; readonly of: ValueOf };
type ValueOf = (field: string) => string;

const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const digits = "0123456789";
const pick = (random: SeededRandom, from: string, length: number): string =>
  Array.from({ length }, () => from.charAt(random.below(from.length))).join("");
const hex = (random: SeededRandom, length: number): string =>
  pick(random, "0123456789abcdef", length);

/** Values with a form of their own; every other field gets 20 random letters. */
const shaped: Readonly<Record<string, (random: SeededRandom, nowMs: number) => string>> = {
  "device.ifa": (random) =>
    [8, 4, 4, 4, 12]
      .map((length) => hex(random, length))
      .join("-")
      .toUpperCase(),
  "device.ip": (random) => [0, 0, 0, 0].map(() => String(100 + random.below(155))).join("."),
  "device.ipv6": (random) => Array.from({ length: 8 }, () => hex(random, 4)).join(":"),
  "device.geo.lat": (random) => `4${random.below(9)}.${pick(random, digits, 12)}7`,
  "device.geo.lon": (random) => `-7${random.below(9)}.${pick(random, digits, 12)}3`,
  "user.geo.lat": (random) => `3${random.below(9)}.${pick(random, digits, 12)}1`,
  "device.w": (random) => `1${pick(random, digits, 12)}7`,
  "user.yob": (random) => `19${pick(random, digits, 12)}9`,
  "user.consent": consentOf,
  "user.ext.consent": consentOf,
};

function consentOf(random: SeededRandom, nowMs: number): string {
  const few = Array.from({ length: 30 }, () => 1 + random.below(3000));
  const vendors = [...new Set(few)].sort((a, b) => a - b);
  return tcStringOf({
    createdMs: nowMs - random.below(86_400_000),
    purposes: [1, 2, 3, 4, 7, 10],
    vendors: [...vendors, 4000],
    disclosed: [...vendors, 4000],
  });
}

/** A person whose every field is marked; fields come into being when they are first read. */
export function markedPerson(seed: number, nowMs: number): MarkedPerson {
  const random = new SeededRandom(seed);
  const marks: Mark[] = [];
  const values = new Map<string, string>();
  const of = (field: string): string => {
    const known = values.get(field);
    if (known !== undefined) return known;
    const value = shaped[field]?.(random, nowMs) ?? pick(random, letters, 20);
    values.set(field, value);
    marks.push({ field, text: value });
    return value;
  };
  return { marks, of };
}

type Plain = Record<string, unknown>;

/** Where a number must stand as a number, not in quotes: replaced after JSON.stringify. */
const bare = (value: string): string => `<bare>${value}</bare>`;
const unbared = (text: string): string => text.replaceAll(/"<bare>(.*?)<\/bare>"/g, "$1");

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

function deviceOf(of: ValueOf, kind: number): Plain {
  const field = (name: string): string => of(`device.${name}`);
  return {
    ua: `Mozilla/5.0 (${kind % 2 === 0 ? "iPhone" : "Linux; Android 14"}) ${field("ua")}`,
    sua: { browsers: [{ brand: field("sua.brand"), version: [field("sua.version")] }] },
    ip: field("ip"),
    ipv6: field("ipv6"),
    ifa: field("ifa"),
    didsha1: sha1(field("didsha1")),
    dpidmd5: field("dpidmd5"),
    macsha1: field("macsha1"),
    make: field("make"),
    model: field("model"),
    os: kind % 2 === 0 ? "iOS" : "Android",
    osv: field("osv"),
    hwv: field("hwv"),
    carrier: field("carrier"),
    w: bare(field("w")),
    h: field("h"),
    language: "en",
    geo: {
      ...(kind % 5 === 4 ? {} : { country: ["USA", "CHN", "IND", "DEU"][kind % 5] }),
      lat: bare(field("geo.lat")),
      lon: bare(field("geo.lon")),
      zip: field("geo.zip"),
      city: field("geo.city"),
      metro: field("geo.metro"),
      region: field("geo.region"),
      ext: { street: field("geo.ext") },
    },
    ext: {
      ifv: field("ext.ifv"),
      idfa: field("ext.idfa"),
      any: [field("ext.any")],
      ...ifaTypeOf(of, kind),
    },
  };
}

/** Not in every kind: an unknown type leaves the ifa unused. */
const ifaTypeOf = (of: ValueOf, kind: number): Plain =>
  kind % 7 === 6 ? { ifa_type: of("device.ext.ifa_type"), atts: of("device.ext.atts") } : {};

function userOf(of: ValueOf): Plain {
  const field = (name: string): string => of(`user.${name}`);
  return {
    id: field("id"),
    buyeruid: field("buyeruid"),
    yob: bare(field("yob")),
    keywords: `a,${field("keywords")}`,
    kwarray: [field("kwarray")],
    customdata: field("customdata"),
    consent: field("consent"),
    geo: { lat: bare(field("geo.lat")), zip: field("geo.zip") },
    data: [
      { id: field("data.id"), name: field("data.name"), segment: [{ id: field("data.segment") }] },
    ],
    eids: [
      {
        source: "uidapi.com",
        uids: [{ id: field("eids.uid"), atype: 3, ext: { a: field("eids.ext") } }],
      },
      { source: field("eids.source"), uids: [{ id: field("eids.other") }] },
    ],
    ext: {
      consent: field("ext.consent"),
      eids: [{ source: "liveramp.com", uids: [{ id: field("ext.eids.uid") }] }],
      any: { deep: [{ er: field("ext.any") }] },
    },
  };
}

function siteOf(of: ValueOf): Plain {
  const field = (name: string): string => of(`site.${name}`);
  return {
    id: field("id"),
    name: field("name"),
    domain: "news.example",
    page: `https://news.example/${field("page")}?u=${field("page.query")}`,
    ref: `https://mail.example/${field("ref")}`,
    search: field("search"),
    keywords: field("keywords"),
    publisher: { id: field("publisher"), ext: { a: field("publisher.ext") } },
    content: { id: field("content"), title: field("content.title"), url: field("content.url") },
    ext: { data: { section: field("ext.data") } },
  };
}

const media: readonly Plain[] = [
  {
    banner: {
      w: 300,
      h: 250,
      format: [
        { w: 300, h: 250 },
        { w: 728, h: 90 },
      ],
    },
  },
  { video: { mimes: ["video/mp4"], protocols: [2, 3, 7], w: 640, h: 360, maxduration: 60 } },
  { native: { request: '{"ver":"1.2","assets":[{"id":1,"required":1,"title":{"len":140}}]}' } },
  { audio: { mimes: ["audio/mpeg", "audio/mp4"], maxduration: 60 } },
];

/**
 * `id`, `imp.id` and `dealid` are echoed in the answer to their own request: their marks are told
 * apart.
 */
export const echoed = (field: string): boolean => field.startsWith("echoed ");

/** The `kind`th request of a marked person: media, country, signals and brokenness vary with it. */
export function markedRequest({ of }: MarkedPerson, kind: number): Uint8Array {
  const field = (name: string): string => of(`request.${name}`);
  const imp = {
    id: of("echoed imp.id"),
    ...media[kind % media.length],
    tagid: field("tagid"),
    bidfloor: (kind % 7) / 4,
    secure: 1,
    pmp: { deals: [{ id: of("echoed deal.id"), bidfloor: 1, ext: { a: field("deal.ext") } }] },
    metric: [{ type: "click_through_rate", value: 0.5, vendor: field("metric") }],
    ext: { gpid: field("gpid"), tid: field("imp.tid"), any: field("imp.ext") },
  };
  const request: Plain = {
    id: of("echoed id"),
    at: 1 + (kind % 2),
    imp: [imp],
    [kind % 3 === 0 ? "app" : "site"]:
      kind % 3 === 0 ? { ...siteOf(of), bundle: "com.game.app" } : siteOf(of),
    device: deviceOf(of, kind),
    user: userOf(of),
    source: { tid: field("source.tid"), pchain: field("pchain"), ext: { a: field("source.ext") } },
    regs: regsOf(of, kind),
    ext: { any: field("ext"), [field("ext.key")]: 1 },
    [field("key")]: field("unknown"),
  };
  if (kind % 6 === 5) request["test"] = 1;
  const text = unbared(JSON.stringify(request));
  return new TextEncoder().encode(kind % 17 === 16 ? text.slice(0, -3) : text);
}

function regsOf(of: ValueOf, kind: number): Plain {
  // The places of 2.5 are read beside those of 2.6.
  const old = kind % 9 < 2 ? { gpp: of("regs.ext.gpp"), gpp_sid: [7] } : {};
  const regs: Plain = { ext: { any: of("regs.ext"), ...old } };
  if (kind % 5 === 3 || kind % 11 === 0) regs["gdpr"] = 1;
  if (kind % 13 === 0) regs["coppa"] = 1;
  if (kind % 7 === 0) regs["us_privacy"] = "1YNN";
  if (kind % 9 === 0) Object.assign(regs, { gpp: of("regs.gpp"), gpp_sid: [7] });
  return regs;
}
