import { describe, expect, test } from "vitest";
import { KeyKind, Media } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { packAlpha3, unpackAlpha3 } from "../base/units.js";
import { SpanUse } from "../bid/request.js";
import {
  corporaMissing,
  corporaPresent,
  malformedCases,
  requestCases,
} from "../testing/corpora.js";
import { bodyOf, DecodedRequest } from "../testing/decoded-request.js";
import { mutated } from "../testing/mutations.js";
import { runSize } from "../testing/run-size.js";
import { DecodeResult } from "./decode.js";

/**
 * The record's main fields against a naive reading of the same body by JSON.parse, written from the
 * specification: objects, strings, no sharing of code with the decoder but the record itself.
 */
type Json = Record<string, unknown>;
const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const whole = (value: unknown, fallback: number): number =>
  Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? (value as number) : fallback;
const flag = (value: unknown, fallback: number): number => {
  if (typeof value === "number") return value === 0 ? 0 : 1;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === undefined || value === null || value === "") return fallback;
  return value === "0" || value === "false" ? 0 : 1;
};
const named = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value !== "");
const micros = (value: unknown): number =>
  typeof value === "number" && value > 0 ? Math.ceil(Math.round(value * 1e9) / 1e3) : 0;

function sizesOf(banner: Json): string[] {
  const sizes = [...list(banner["format"]).map(object), banner].map(
    ({ w, h }) => `${whole(w, 0)}x${whole(h, 0)}`,
  );
  return [...new Set(sizes)].filter((size) => !/^0x|x0$/.test(size)).sort();
}

/** The two-letter codes in the corpora. */
const twoLetters: Readonly<Record<string, string>> = {
  US: "USA",
  GB: "GBR",
  IN: "IND",
  AR: "ARG",
  sd: "SDN",
};

/** How many entries a block list has; one text is a list of one. */
const entries = (value: unknown): number =>
  Array.isArray(value) ? value.length : named(value) ? 1 : 0;

function impFacts(imp: Json): object {
  const mimes = (media: unknown): boolean => list(object(media)["mimes"]).some(named);
  const banner = imp["banner"] !== undefined && object(imp["banner"]) === imp["banner"];
  const deals = list(object(imp["pmp"])["deals"]).map(object);
  const prebid = object(object(imp["ext"])["prebid"]);
  return {
    id: text(imp["id"]),
    floor: micros(imp["bidfloor"]),
    media:
      (banner ? Media.BANNER : 0) |
      (mimes(imp["video"]) ? Media.VIDEO : 0) |
      (mimes(imp["audio"]) ? Media.AUDIO : 0),
    sizes: banner ? sizesOf(object(imp["banner"])) : [],
    flags: [imp["instl"], imp["secure"], imp["clickbrowser"]].map((value) => flag(value, 0)),
    rewarded: flag(imp["rwdd"], flag(prebid["is_rewarded_inventory"], 0)),
    video: mimes(imp["video"])
      ? [object(imp["video"])["minduration"], object(imp["video"])["maxduration"]].map((value) =>
          Math.max(0, whole(value, 0)),
        )
      : [],
    deals: deals
      .filter(({ id }) => text(id) !== "")
      .map(({ id, bidfloor }) => [id, micros(bidfloor)]),
  };
}

function oracle(body: unknown): object {
  const request = object(body);
  const [regs, user, device] = [
    object(request["regs"]),
    object(request["user"]),
    object(request["device"]),
  ];
  const [regsExt, userExt] = [object(regs["ext"]), object(user["ext"])];
  const countries = [object(device["geo"])["country"], object(user["geo"])["country"]].map((code) =>
    packAlpha3(twoLetters[text(code)] ?? text(code)),
  );
  return {
    id: text(request["id"]),
    imps: list(request["imp"])
      .map(object)
      .filter(({ id }) => text(id) !== "")
      .map(impFacts),
    numbers: [request["at"], request["tmax"]].map((value) => Math.max(0, whole(value, 0))),
    privacy: [
      Math.max(...[regs["gdpr"], regsExt["gdpr"]].map((value) => flag(value, -1))),
      ...[regs["coppa"], device["lmt"], device["dnt"]].map((value) => flag(value, 0)),
    ],
    texts: [
      text(user["consent"]) || text(userExt["consent"]),
      text(regs["us_privacy"]) || text(regsExt["us_privacy"]),
      text(device["ifa"]),
      text(device["ua"]),
      text(user["buyeruid"]),
    ],
    country: unpackAlpha3(countries[0] || countries[1] || 0),
    blocked: [entries(request["bcat"]), entries(request["badv"]), entries(request["bapp"])],
    channel: [request["site"], request["app"], request["dooh"]].some(
      (value) => object(value) === value,
    ),
    present: ["schain"].some(() =>
      [
        object(request["source"])["schain"],
        object(object(request["source"])["ext"])["schain"],
        object(request["ext"])["schain"],
      ].some((value) => object(value) === value),
    ),
  };
}

function readFacts(decoded: DecodedRequest): object {
  const { record } = decoded;
  return {
    id: JSON.parse(`"${decoded.text(record.id)}"`),
    imps: record.imps.slice(0, record.impCount).map((imp) => ({
      id: JSON.parse(`"${decoded.text(imp.id)}"`),
      floor: imp.bidFloorMicros,
      media: imp.mediaMask & ~Media.NATIVE,
      sizes: Array.from({ length: imp.formatCount }, (_, i) => {
        const at = imp.formatStart + i;
        return `${record.formatWidth[at]}x${record.formatHeight[at]}`;
      }).sort(),
      flags: [imp.instl, imp.secure, imp.clickBrowser],
      rewarded: imp.rewarded,
      video:
        (imp.mediaMask & Media.VIDEO) === 0
          ? []
          : [imp.video.minDurationSec, imp.video.maxDurationSec],
      deals: Array.from({ length: imp.dealCount }, (_, i) => {
        const at = imp.dealStart + i;
        const id = { start: record.dealIdStart[at] ?? 0, end: record.dealIdEnd[at] ?? 0 };
        return [
          JSON.parse(`"${decoded.text(id as typeof record.id)}"`),
          record.dealFloorMicros[at],
        ];
      }),
    })),
    numbers: [record.at, record.tmaxMs],
    privacy: [record.consent.gdpr, record.consent.coppa, record.consent.lmt, record.consent.dnt],
    texts: [record.tcfString, record.usPrivacy, record.ifa, record.userAgent, record.buyerUid].map(
      (slice) => decoded.text(slice),
    ),
    country: unpackAlpha3(record.country),
    blocked: [
      decoded.count(SpanUse.BCAT, KeyKind.CATEGORY),
      decoded.count(SpanUse.BADV, KeyKind.ADVERTISER_DOMAIN),
      decoded.count(SpanUse.BAPP, KeyKind.BUNDLE),
    ],
    channel: record.channelKind !== 0,
    present: record.schainPresent === 1,
  };
}

/** The result that the specification's two required fields ask for. */
function resultOf(facts: { id?: string; imps?: unknown[] }): DecodeResult {
  if (facts.id === "") return DecodeResult.NO_ID;
  return facts.imps?.length === 0 ? DecodeResult.NO_IMP : DecodeResult.OK;
}

const decoded = new DecodedRequest();

describe.skipIf(!corporaPresent())("public requests", () => {
  const cases = requestCases();

  test("every one decodes to what a naive reading of it says", () => {
    expect(cases.filter(({ group }) => group === "requests 2.x").length).toBeGreaterThan(400);
    let compared = 0;
    for (const { name, body } of cases) {
      const facts = oracle(JSON.parse(new TextDecoder().decode(body)));
      expect(decoded.decode(body).result, name).toBe(resultOf(facts));
      if (decoded.result !== DecodeResult.OK) continue;
      expect(readFacts(decoded), name).toEqual(facts);
      compared++;
    }
    expect(compared).toBeGreaterThan(350);
  });

  test("every native request that has assets with ids is usable", () => {
    const natives = cases.filter(({ group }) => group === "native requests");
    const usable = natives.filter(
      ({ body }) => ((decoded.decode(body).record.imps[0]?.mediaMask ?? 0) & Media.NATIVE) !== 0,
    );
    expect(usable.length).toBeGreaterThan(natives.length / 2);
  });

  test("broken JSON is refused", () => {
    for (const { name, body } of malformedCases()) {
      expect(decoded.decode(body).result, name).toBe(DecodeResult.NOT_JSON);
    }
  });
});

test.runIf(!corporaPresent())(`skipped: ${corporaMissing}`, () => {
  expect(corporaPresent()).toBe(false);
});

const request = {
  id: "m-1",
  imp: [
    {
      ...{
        id: "1",
        tagid: "t",
        bidfloor: 0.25,
        bidfloorcur: "USD",
        secure: 1,
        qty: { multiplier: 2 },
      },
      banner: {
        w: 300,
        h: 250,
        format: [{ w: 300, h: 250 }],
        api: [3],
        battr: [1],
        mimes: ["a/b"],
      },
      video: { mimes: ["video/mp4"], rqddurs: [15], durfloors: [{ mindur: 5, bidfloor: 1 }] },
      pmp: { private_auction: 0, deals: [{ id: "d\u00e9", bidfloor: 1e1, wseat: ["s"] }] },
      ext: { gpid: "/g", data: { k: ["v", 1, true] }, prebid: { is_rewarded_inventory: 1 } },
    },
    { id: "2", native: { request: '{"assets":[{"id":1,"title":{"len":9}}]}', api: [7] } },
  ],
  site: {
    ...{ id: "s", domain: "a.b.example", page: "https://a.b.example/x", cat: ["IAB1"], cattax: 2 },
    ...{
      keywords: "x, y",
      content: { title: "t", cat: ["1"], livestream: 0, channel: { id: "c" } },
    },
  },
  device: {
    ...{
      ua: "Mozilla/5.0 (Linux; Android 13) Chrome/1 Safari/1",
      ifa: "i",
      lmt: 0,
      language: "en",
    },
    ...{ geo: { country: "USA", region: "CA" }, sua: { browsers: [{ brand: "Chromium" }] } },
  },
  user: { ext: { consent: "C", eids: [{ source: "s", uids: [{ id: "u", atype: 1 }] }] } },
  regs: { coppa: 0, ext: { gdpr: 1, gpc: "1", dsa: { dsarequired: 2 } } },
  source: { ext: { schain: { complete: 1, nodes: [{ asi: "a", sid: "1" }] } } },
  ...{ at: 1, tmax: 100, cur: ["USD"], bcat: ["IAB25"], badv: ["x.example"], test: 0 },
};

const rounds = runSize(40_000, 100_000);

test(`${rounds} mutations never throw, and leave the next request unharmed`, () => {
  const seed = 20_260_801;
  const random = new SeededRandom(seed);
  const values = [
    request,
    { id: "r", imp: [{ id: "1" }], app: { bundle: "b" }, dooh: { id: "d" } },
  ];
  const bodies = values.map(bodyOf);
  const valid = bodies[0] ?? new Uint8Array();
  decoded.decode(valid);
  const good = JSON.stringify([
    readFacts(decoded),
    decoded.record.keyCount,
    decoded.record.spanCount,
  ]);
  const { record } = decoded;
  let accepted = 0;
  for (let round = 0; round < rounds; round++) {
    const body = mutated(bodies, values, random);
    const result = decoded.decode(body).result;
    const where = `seed ${seed}, round ${round}`;
    if (result === DecodeResult.OK) {
      accepted++;
      if (record.id.end > body.length || record.imps[0]?.id.end === 0) expect.fail(where);
      if (record.textLength > record.bytes.length || record.overflow !== 0) expect.fail(where);
    } else if (result === DecodeResult.NOT_JSON) {
      if (isJson(body)) expect.fail(where);
    }
    if (round % 16 !== 0) continue;
    decoded.decode(valid);
    const now = [readFacts(decoded), decoded.record.keyCount, decoded.record.spanCount];
    if (decoded.result !== DecodeResult.OK || JSON.stringify(now) !== good) expect.fail(where);
  }
  expect(accepted).toBeGreaterThan(rounds / 10);
}, 120_000);

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(strict.decode(body));
    return true;
  } catch {
    return false;
  }
}
