import { gzipSync } from "node:zlib";
import { SeededRandom } from "../base/random.js";
import type { Exchange } from "../campaign/exchange.js";
import { warmUpCountry, warmUpDealOf, warmUpHost } from "./warm-up-book.js";

/** A body as an exchange would send it, and by which exchange. */
export type WarmUpRequest = {
  /** Place in the World's exchanges. */
  readonly exchange: number;
  readonly kind: WarmUpKind;
  readonly gzip: boolean;
  readonly body: Uint8Array;
};

/** What a request is there for. */
const kinds = [
  ...(["banner", "banner", "banner", "banner", "video", "audio", "native", "deal"] as const),
  ...(["banner", "several", "banner", "nothing", "floor", "test", "consent", "context"] as const),
] as const;
export type WarmUpKind = (typeof kinds)[number];

/** Of each exchange; every third one is zipped. */
const each = 64;
export const warmUpPeople = 512;

const hex = (random: SeededRandom, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join("");

/** The identifiers of people who do not exist, by number: capitals, as Apple writes them. */
export function warmUpIdfa(person: number): string {
  const random = new SeededRandom(person);
  const groups = [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `a${hex(random, 3)}`];
  return [...groups, hex(random, 12)].join("-").toUpperCase();
}

/**
 * Requests of about 2 kB with the fields that exchanges send, half of them in the places of OpenRTB
 * 2.5: lengths, numbers and members differ as they do among real ones, so that what is compiled for
 * them is compiled for those.
 */
export function warmUpRequests(exchanges: readonly Exchange[]): readonly WarmUpRequest[] {
  const random = new SeededRandom(1);
  const requests: WarmUpRequest[] = [];
  for (let n = 0; n < each; n++) {
    for (const exchange of exchanges) {
      const kind = kinds[n % kinds.length] ?? "banner";
      const text = JSON.stringify(requestOf(kind, n, exchange, random));
      const bytes = new TextEncoder().encode(text);
      const gzip = n % 3 === 1;
      const body = gzip ? new Uint8Array(gzipSync(bytes)) : bytes;
      requests.push({ exchange: exchange.index, kind, gzip, body });
    }
  }
  return requests;
}

function requestOf(kind: WarmUpKind, n: number, exchange: Exchange, random: SeededRandom): object {
  const older = n % 2 === 1;
  const imps = kind === "several" ? (["banner", "video", "native"] as const) : [kind];
  return {
    id: `${hex(random, 8)}-${n}`,
    ...{ at: 1 + (n % 2), tmax: 1000, cur: ["USD"], ...(kind === "test" ? { test: 1 } : {}) },
    imp: imps.map((of, i) => impOf(of, i, exchange, random)),
    ...(n % 5 === 4 ? { app: appOf(random) } : { site: siteOf(n, random) }),
    device: deviceOf(kind, n, random),
    user: userOf(kind, older, random),
    ...{ bcat: ["IAB25", "IAB26", "IAB7-39"], badv: ["rival.example", "nobody.example"] },
    source: sourceOf(older, random),
    regs: regsOf(kind, older),
  };
}

function impOf(kind: WarmUpKind, index: number, exchange: Exchange, random: SeededRandom): object {
  const id = warmUpDealOf(exchange);
  return {
    id: String(index + 1),
    secure: 1,
    tagid: `/12/${random.below(50)}`,
    bidfloor: kind === "floor" ? 500 : 0.05 + random.below(20) / 100,
    ...{ bidfloorcur: "USD", exp: 300 },
    ...(kind === "deal" ? { pmp: { private_auction: 0, deals: [{ id, bidfloor: 0.2 }] } } : {}),
    ...mediaOf(kind, random),
    ext: { gpid: `/12/home#${random.below(9)}` },
  };
}

function mediaOf(kind: WarmUpKind, random: SeededRandom): object {
  const timed = { minduration: 5, maxduration: 30 + random.below(30), protocols: [2, 3, 6] };
  if (kind === "video") {
    return { video: { mimes: ["video/mp4"], ...timed, w: 1280, h: 720, linearity: 1, plcmt: 1 } };
  }
  if (kind === "audio") return { audio: { mimes: ["audio/mp4"], ...timed } };
  if (kind === "native") return { native: { request: nativeText(random), ver: "1.2" } };
  const odd = [{ w: 123, h: 45 }];
  const usual = [
    { w: 300, h: 250 },
    { w: 320, h: 50 },
    { w: 336, h: 280 },
    { w: 728, h: 90 },
  ];
  const format = kind === "nothing" ? odd : usual;
  const mimes = ["text/html", "image/png", "application/javascript"];
  return { banner: { format, pos: 1, battr: [1, 2, 3, 8], api: [3, 5, 6], mimes, topframe: 1 } };
}

const nativeText = (random: SeededRandom): string =>
  JSON.stringify({
    ver: "1.2",
    assets: [
      { id: 1, required: 1, title: { len: 90 } },
      { id: 2, required: 1, img: { type: 3, wmin: 300, hmin: 150 + random.below(8) } },
      { id: 3, img: { type: 1, wmin: 50, hmin: 50 } },
      { id: 4, data: { type: 1, len: 25 } },
    ],
  });

const siteOf = (n: number, random: SeededRandom): object => ({
  id: `s${random.below(3000)}`,
  domain: `site-${random.below(5)}.${warmUpHost}`,
  page: `https://www.${warmUpHost}/story-${random.below(100_000)}.html?ref=home`,
  ...{ cat: ["IAB12", "IAB12-3"], mobile: 1, keywords: "news,daily,free" },
  publisher: { id: `pub-${random.below(6)}`, name: "Warm-up", domain: warmUpHost },
  content: { language: "en", livestream: 0, genre: "news", title: `Story ${n}` },
});

const appOf = (random: SeededRandom): object => ({
  id: `a${random.below(3000)}`,
  bundle: `example.warm.app${random.below(4)}`,
  ...{ name: "Warm-up", cat: ["IAB9"], publisher: { id: `pub-${random.below(6)}` } },
  storeurl: `https://${warmUpHost}/app/${random.below(100)}`,
});

const deviceOf = (kind: WarmUpKind, n: number, random: SeededRandom): object => ({
  ua: `Mozilla/5.0 (iPhone; CPU iPhone OS 1${n % 8}_1 like Mac OS X) AppleWebKit/605.1.15`,
  ...{ ip: `203.0.113.${random.below(250)}`, devicetype: 4, make: "Apple", model: "iPhone" },
  ...{ os: "iOS", osv: "18.1", language: "en", carrier: "Warm-up Mobile", connectiontype: 6 },
  ...{ js: 1, w: 390, h: 844, ext: { atts: 3 } },
  ...(kind === "context" ? { lmt: 1 } : {}),
  // Seven of ten are known.
  ifa: warmUpIdfa(random.below(Math.floor(warmUpPeople / 0.7))),
  geo: {
    ...{ country: kind === "consent" ? "DEU" : warmUpCountry, region: "IL", type: 2 },
    ...{ city: "Chicago", zip: "60601", lat: 41.88 + random.below(100) / 997 },
  },
});

function userOf(kind: WarmUpKind, older: boolean, random: SeededRandom): object {
  const eids = ["uidapi.com", warmUpHost].map((source) => ({
    source,
    uids: [{ id: hex(random, 40), atype: 3 }],
  }));
  const known = older ? { ext: { eids, consent: consentOf(kind) } } : { eids };
  return { id: hex(random, 24), buyeruid: hex(random, 32), ...known, ...wantedOf(kind, older) };
}

/** Strings of the TCF's own examples: nobody's consent. */
const consentText = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA";
const consentOf = (kind: WarmUpKind): string => (kind === "consent" ? consentText : "");
const wantedOf = (kind: WarmUpKind, older: boolean): object =>
  kind === "consent" && !older ? { consent: consentText } : {};

function regsOf(kind: WarmUpKind, older: boolean): object {
  const gdpr = kind === "consent" ? 1 : 0;
  if (older) return { coppa: 0, ext: { gdpr, us_privacy: "1YNN" } };
  return kind === "consent"
    ? { coppa: 0, gdpr, gpp: `DBABMA~${consentText}`, gpp_sid: [2] }
    : { coppa: 0, gdpr, us_privacy: "1YNN" };
}

function sourceOf(older: boolean, random: SeededRandom): object {
  const schain = {
    ...{ complete: 1, ver: "1.0" },
    nodes: [
      { asi: warmUpHost, sid: `p${random.below(900)}`, hp: 1 },
      { asi: `reseller.${warmUpHost}`, sid: `${random.below(9000)}`, hp: 1 },
    ],
  };
  return { tid: hex(random, 32), ...(older ? { ext: { schain } } : { schain }) };
}
