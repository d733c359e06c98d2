import { describe, expect, test } from "vitest";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { Rates } from "../bid/rates.js";
import { sampleExchange } from "../testing/wire-samples.js";
import type { AcceptanceContext } from "./accept.js";
import { acceptanceProblems } from "./accept.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests edit parsed JSON in place
type Edited = any;

const nativeRequest = JSON.stringify({
  assets: [
    { id: 1, required: 1, title: { len: 5 } },
    { id: 2, img: { wmin: 100, hmin: 50 } },
  ],
});
const nativeAnswer = (assets: unknown[]) =>
  JSON.stringify({ assets, link: { url: "https://b.example/click" } });

const request = (): Edited => ({
  id: "r",
  imp: [
    {
      id: "b",
      bidfloor: 1,
      secure: 1,
      banner: { format: [{ w: 300, h: 250 }], battr: [3], api: [5] },
    },
    {
      id: "v",
      video: { mimes: ["video/mp4"], minduration: 5, maxduration: 30, protocols: [3], skip: 0 },
      pmp: {
        private_auction: 1,
        deals: [{ id: "d", bidfloor: 2, wseat: ["s"], wadomain: ["a.example"] }],
      },
    },
    { id: "n", native: { request: nativeRequest } },
  ],
});

const vast =
  '<VAST version="3.0"><Ad><InLine><Impression>https://i</Impression>' +
  '<MediaFile type="video/mp4">https://m</MediaFile></InLine></Ad></VAST>';
const common = { crid: "c", adomain: ["shop.a.example"], attr: [1], cat: ["IAB17-2"], price: 2.5 };
const response = (): Edited => ({
  id: "r",
  bidid: "x",
  cur: "USD",
  seatbid: [
    {
      seat: "s",
      bid: [
        {
          ...common,
          id: "1",
          impid: "b",
          mtype: 1,
          w: 300,
          h: 250,
          adm: "<a href='https://x'>",
          burl: "https://x",
        },
        { ...common, id: "2", impid: "v", mtype: 2, adm: vast, dur: 15, protocol: 3, dealid: "d" },
        {
          ...common,
          id: "3",
          impid: "n",
          mtype: 4,
          adm: nativeAnswer([
            { id: 1, title: { text: "12345" } },
            { id: 2, img: { url: "https://x", w: 100, h: 50 } },
          ]),
        },
      ],
    },
  ],
});

const rates: Rates = {
  codes: ["USD", "EUR"].map((code) => packAlpha3(code) as CurrencyCode),
  numerator: [1, 9],
  denominator: [1, 10],
  asOfMs: 0 as UnixMs,
  fixed: true,
};
const usual: AcceptanceContext = { parseJson: JSON.parse, exchange: sampleExchange(0), rates };

/**
 * Values by place: a answer, s its seatbid, b0 to b2 its bids, r request, i0 to i2 its imps;
 * undefined = absent.
 */
type Edit = Readonly<Record<string, unknown>>;
function problemsAfter(edit: Edit, context = usual): string[] {
  const asked = request();
  const answer = response();
  const [s] = answer.seatbid;
  const [b0, b1, b2] = s.bid;
  const [i0, i1, i2] = asked.imp;
  const roots: Edited = { a: answer, s, b0, b1, b2, r: asked, i0, i1, i2 };
  for (const [path, value] of Object.entries(edit)) {
    const names = path.split(".");
    const last = names.pop() as string;
    const parent = names.reduce((object, name) => object[name], roots);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return acceptanceProblems(asked, answer, context);
}
const title = { id: 1, title: { text: "t" } };
const dsa = (asked: unknown) => ({ ext: { dsa: asked } });

test("a sound answer and every no-bid form are acceptable", () => {
  expect(problemsAfter({})).toEqual([]);
  for (const none of [{}, { id: "r", seatbid: [] }]) {
    expect(acceptanceProblems(request(), none, usual)).toEqual([]);
  }
});

const cases: readonly (readonly [string, Edit, RegExp])[] = [
  ["another request's id", { "a.id": "q" }, /^id: not the request's/],
  ["a numeric id", { "r.id": 5, "a.id": 5 }, /^id/],
  ["no bidid", { "a.bidid": undefined }, /^bidid/],
  ["a foreign currency", { "a.cur": "EUR" }, /^cur: EUR/],
  ["a currency not among the request's", { "r.cur": ["EUR"] }, /^cur: USD/],
  ["a reason for no bid", { "a.seatbid": [], "a.nbr": 8 }, /^nbr/],
  ["a seatbid without bids", { "s.bid": [] }, /bid: empty/],
  ["two bids with one id", { "b1.id": "1" }, /two bids have one id/],
  ["a seat outside wseat", { "r.wseat": ["t"] }, /seat: s is not in wseat/],
  ["a blocked seat", { "r.bseat": ["s"] }, /bseat/],
  ["an unknown imp", { "b0.impid": "z" }, /impid: no such imp/],
  ["two imps of one id", { "i2.id": "b" }, /several imps/],
  ["a price of zero", { "b0.price": 0 }, /price: not above zero/],
  ["a price as text", { "b0.price": "2" }, /price/],
  ["a price below the floor", { "i0.bidfloor": 2.500001 }, /below the bid floor 2.500001/],
  ["one below a floor in euro", { "i0.bidfloor": 2.2501, "i0.bidfloorcur": "EUR" }, /EUR/],
  ["a floor without a rate", { "i0.bidfloorcur": "INR" }, /no rate/],
  ["a price below the deal's floor", { "i1.pmp.deals.0.bidfloor": 2.6 }, /below/],
  ["one below the deal's per second", { "i1.pmp.deals.0.mincpmpersec": 0.2 }, /floor 3 USD/],
  ["no deal in a private auction", { "b1.dealid": undefined }, /private_auction/],
  ["a deal not offered", { "b1.dealid": "e" }, /dealid: e was not offered/],
  ["a deal of another imp", { "b0.dealid": "d" }, /not offered to this imp/],
  ["a seat outside the deal's", { "i1.pmp.deals.0.wseat": ["t"] }, /not in the deal's/],
  ["an advertiser outside it", { "i1.pmp.deals.0.wadomain": ["b.example"] }, /not let into/],
  ["no crid", { "b0.crid": undefined }, /crid: missing/],
  ["no adomain", { "b0.adomain": [] }, /adomain: missing/],
  ["a number among adomain", { "b0.adomain": ["a", 1] }, /adomain: holds/],
  ["no mtype", { "b0.mtype": undefined }, /mtype/],
  ["a media type not offered", { "b0.mtype": 2 }, /video was not offered/],
  ["no markup", { "b0.adm": undefined }, /adm: missing/],
  ["a size not offered", { "b0.w": 320 }, /320x250/],
  ["no size", { "b0.w": undefined }, /needs both/],
  ["a size with a fraction", { "b0.w": 300.5 }, /w: not an integer/],
  ["insecure markup", { "b0.adm": "<img src='http://x'>" }, /imp is secure/],
  ["encoded insecure markup", { "b0.adm": "<a href='https://x?u=http%3A%2F%2Fx'>" }, /secure/],
  ["an API not supported", { "b0.apis": [7] }, /apis: 7/],
  ["a blocked category", { "r.bcat": ["IAB17"] }, /bcat/],
  ["a category outside acat", { "r.acat": ["IAB1"] }, /acat/],
  ["a blocked advertiser", { "r.badv": ["A.example"] }, /badv/],
  ["a blocked app", { "b0.bundle": "x", "r.bapp": ["x"] }, /bapp/],
  ["a blocked attribute", { "b0.attr": [3] }, /battr/],
  ["a skippable ad where none may be", { "b1.attr": [16] }, /no skipping/],
  ["a language not let in", { "b0.language": "fr", "r.wlang": ["en"] }, /wlang/],
  ["a blocked script", { "b0.adm": "<script>", "i0.banner.btype": [3] }, /JavaScript/],
  ["a blocked frame", { "b0.adm": "<iframe>", "i0.banner.btype": [4] }, /iframe/],
  ["plain HTML where it is blocked", { "i0.banner.btype": [1, 2] }, /plain HTML/],
  ["no DSA where it is required", { "r.regs": dsa({ dsarequired: 2 }) }, /ext.dsa: missing/],
  [
    "a DSA that both render",
    { "r.regs": dsa({ dsarequired: 3, pubrender: 2 }), "b0.ext": { dsa: { adrender: 1 } } },
    /both render/,
  ],
  ["a DSA text too long", { "b0.ext": { dsa: { behalf: "x".repeat(101) } } }, /longer than 100/],
  ["an ext that is none", { "b0.ext": [] }, /ext: not an object/],
  ["a protocol not offered", { "b1.protocol": 6 }, /protocol: 6/],
  ["a duration too long", { "b1.dur": 31 }, /dur: 31/],
  ["a duration not among the exact ones", { "i1.video.rqddurs": [30] }, /rqddurs/],
  ["no duration", { "b1.dur": undefined }, /dur: missing/],
  ["a win notice beside VAST", { "b1.nurl": "https://x" }, /nurl/],
  ["markup that is no VAST", { "b1.adm": "<a></a>" }, /not a VAST/],
  ["a media file of another type", { "i1.video.mimes": ["video/webm"] }, /no media file/],
  ["a notice address too long", { "b0.burl": `https://${"x".repeat(1200)}` }, /1200 bytes/],
  ["native markup that is no JSON", { "b2.adm": "<a>" }, /not a JSON object/],
  ["no required asset", { "b2.adm": nativeAnswer([{ ...title, id: 2 }]) }, /required asset 1/],
  [
    "an asset not asked for",
    { "b2.adm": nativeAnswer([title, { ...title, id: 9 }]) },
    /asset 9 was/,
  ],
  ["an asset of another kind", { "b2.adm": nativeAnswer([{ id: 1, data: {} }]) }, /not the title/],
  ["a long title", { "b2.adm": nativeAnswer([{ id: 1, title: { text: "123456" } }]) }, /than 5/],
  [
    "an image too small",
    { "b2.adm": nativeAnswer([title, { id: 2, img: { url: "u", w: 99, h: 50 } }]) },
    /below the minimum w/,
  ],
  ["two assets of one id", { "b2.adm": nativeAnswer([title, title]) }, /two assets/],
];

describe("an answer is refused over", () => {
  test.each(cases)("%s", (_, edit, problem) => {
    const found = problemsAfter(edit).map((text) => text.replace(/^.*bid\[\d\]\./, ""));
    expect(
      found.some((text) => problem.test(text)),
      found.join("\n"),
    ).toBe(true);
  });

  test("what its exchange does not take: 2.6 fields, more bids, no seat", () => {
    const exchange = { version: "2.5", seatRequired: true, maxBids: 2, maxBidsPerImp: 1 } as const;
    const edit = { "s.seat": undefined, "b2.impid": "b", "b0.cattax": 1 };
    const found = problemsAfter(edit, { ...usual, exchange }).join("\n");
    for (const part of [
      "seat: missing",
      "bids: 3",
      "2 for one imp",
      "dur: a field of 2.6",
      "cattax: a field",
    ]) {
      expect(found).toContain(part);
    }
  });

  test("no shape of JSON makes the rules fail themselves", () => {
    const shapes = [
      null,
      [],
      "x",
      5,
      { seatbid: {} },
      { seatbid: [null] },
      { seatbid: [{ bid: [null, 3] }] },
    ];
    for (const shape of [
      ...shapes,
      { seatbid: [{ bid: [{ mtype: "1", adomain: {}, adm: 4, ext: 1 }] }] },
    ]) {
      for (const asked of [request(), null, [], { imp: "x" }, { imp: [null] }]) {
        expect(Array.isArray(acceptanceProblems(asked, shape, usual))).toBe(true);
      }
    }
  });
});
