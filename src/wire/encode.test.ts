import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeEach, describe, expect, test } from "vitest";
import { responseBytesMax } from "../base/limits.js";
import { Media } from "../base/lists.js";
import type { CurrencyCode } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { Offer } from "../bid/offer.js";
import { Offers } from "../bid/offer.js";
import type { NativeRequest } from "../bid/request.js";
import type { CreativeModel } from "../campaign/model.js";
import type { CampaignTableInput } from "../campaign/table.js";
import { packTable, tableFrom, tableSpec } from "../campaign/table.js";
import {
  html,
  mediaFile,
  native,
  publicUrl,
  sampleCreative,
  sampleExchange,
  vastInline,
  vastWrapper,
} from "../testing/wire-samples.js";
import { acceptanceProblems } from "./accept.js";
import { Echo } from "./echo.js";
import { encodeInto, noBidInto } from "./encode.js";
import { templatesFrom } from "./template.js";
import { compileTemplates } from "./template-compile.js";
import { TokenFields } from "./token-format.js";
import { tokenKeyFrom } from "./token-key.js";
import { TokenReader } from "./token-reader.js";
import { TokenWriter } from "./token-writer.js";

const key = tokenKeyFrom({ keyId: 5, secret: new Uint8Array(32).fill(1) });
const reader = new TokenReader([key]);
const exchanges = [
  sampleExchange(0),
  sampleExchange(1, { version: "2.5", noBid: "empty-seatbid" }),
  sampleExchange(2, { noBid: "empty-object", currency: packAlpha3("EUR") as CurrencyCode }),
];
const [two6] = exchanges as [(typeof exchanges)[0]];
const two5 = exchanges[1] as typeof two6;

const audioFile = mediaFile({ mime: "audio/mpeg", width: 0, height: 0 });
const creatives: readonly CreativeModel[] = [
  sampleCreative(501, html('<a href="{CLICK_URL}" title="ü☃😀 {WIDTH}x{HEIGHT}">ad</a>')),
  sampleCreative(502, vastInline("4.2"), { apis: [7], sizes: [{ width: 640, height: 360 }] }),
  sampleCreative(503, vastInline("4.1", { medium: "audio", mediaFiles: [audioFile] })),
  sampleCreative(504, native(), { apis: [] }),
  sampleCreative(505, vastWrapper("3.0")),
  sampleCreative(506, html("{UNKNOWN}")),
  sampleCreative(507, html("x".repeat(60_000))),
];
const agencies = ["s1", 's"2\\'].map((seat, id) => ({
  id: (id + 1) as never,
  name: "",
  seats: { exchange0: seat, exchange1: seat },
}));
const compiled = compileTemplates({ creatives, agencies, exchanges, publicUrl, retired: [] });
const templates = templatesFrom(compiled.buffer);

const table = tableFrom(
  packTable({
    ...(Object.fromEntries(
      Object.keys(tableSpec).map((name) => [name, []]),
    ) as unknown as CampaignTableInput),
    lineItemId: [9001, 9002, 9003],
    lineItemCampaign: [31, 31, 32],
    lineItemAgencyIndex: [0, 1, 0],
    creativeId: creatives.map(({ id }) => id),
  }),
);

const asset = {
  required: true,
  lengthMax: 0,
  type: 0,
  width: 0,
  height: 0,
  widthMin: 0,
  heightMin: 0,
  mimes: [],
};
const nativeRequest: NativeRequest = {
  wrapped: false,
  assets: [
    { ...asset, id: 1, kind: "title", lengthMax: 25 },
    { ...asset, id: 22, kind: "image", type: 3, widthMin: 600, heightMin: 300 },
    { ...asset, id: -3, kind: "data", type: 2 },
    { ...asset, id: 4, kind: "data", type: 9, required: false },
  ],
  eventTrackers: [{ event: 1, methods: [2, 1] }],
  privacy: true,
};
const nativeJson = JSON.stringify({
  ver: "1.2",
  assets: [
    { id: 1, required: 1, title: { len: 25 } },
    { id: 22, required: 1, img: { type: 3, wmin: 600, hmin: 300 } },
    { id: -3, required: 1, data: { type: 2 } },
    { id: 4, data: { type: 9 } },
  ],
});

const requestJson = {
  id: 'req-\u00e9"\\',
  cur: ["USD"],
  imp: [
    { id: "i1", banner: { w: 300, h: 250 }, bidfloor: 1.5, secure: 1 },
    {
      id: "i2",
      video: { mimes: ["video/mp4"], maxduration: 120, protocols: [6, 13], api: [7] },
      audio: { mimes: ["audio/mpeg"], maxduration: 120, protocols: [11] },
      pmp: { deals: [{ id: 'deal"1', bidfloor: 2 }] },
    },
    { id: "i3", native: { request: nativeJson } },
  ],
};

/** The echo of `requestJson`, by the raw texts of its ids. */
function echoOf(native_: NativeRequest | null = nativeRequest): Echo {
  const raw = (text: string) => JSON.stringify(text).slice(1, -1);
  const texts = [requestJson.id, "i1", "i2", "i3", 'deal"1'].map((text) => Buffer.from(raw(text)));
  const starts = texts.map((_, i) => 5 + texts.slice(0, i).reduce((sum, t) => sum + t.length, 0));
  const slice = (i: number) => ({ start: starts[i]!, end: starts[i]! + texts[i]!.length });
  const imp = (i: number, of: NativeRequest | null) => ({ id: slice(i), native: of });
  return new Echo({
    bytes: Buffer.concat([Buffer.from("-----"), ...texts]),
    id: slice(0),
    impCount: 3,
    imps: [imp(1, null), imp(2, null), imp(3, native_)],
    dealCount: 1,
    dealIdStart: Uint32Array.of(slice(4).start),
    dealIdEnd: Uint32Array.of(slice(4).end),
  });
}

let offers: Offers;
const out = new Uint8Array(responseBytesMax);
function offer(values: Partial<Record<keyof Offer, number>>): void {
  const usual = {
    priceMicros: 2_500_000,
    reservedMicros: 2_400_000,
    cell: 8,
    timeSec: 1_800_000_000,
    expirySec: 1_800_000_600,
    dealIndex: -1,
    impIndex: 0,
    width: 300,
    height: 250,
    media: Media.BANNER,
  };
  Object.assign(offers.items[offers.count++] as Offer, usual, values);
}
// biome-ignore lint/suspicious/noExplicitAny: parsed answers are read member by member
type Answer = any;
function encoded(exchange = two6, echo = echoOf(), into = out, boot = 1): Answer {
  const writer = new TokenWriter(key, 1, boot);
  const length = encodeInto(echo, offers, exchange, templates, table, writer, into);
  return length === 0
    ? null
    : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(into.subarray(0, length)));
}
const accepted = (answer: unknown, exchange = two6) =>
  acceptanceProblems(requestJson, answer, { parseJson: JSON.parse, exchange });

beforeEach(() => {
  offers = new Offers();
  offers.currency = packAlpha3("USD") as CurrencyCode;
});

const allMedia = () => {
  offer({ creative: 0, lineItem: 0 });
  offer({ creative: 1, lineItem: 1, impIndex: 1, width: 640, height: 360, durationSec: 95 });
  offer({
    creative: 2,
    lineItem: 2,
    impIndex: 1,
    width: 0,
    height: 0,
    durationSec: 95,
    dealIndex: 0,
  });
  offer({ creative: 4, lineItem: 1, impIndex: 1, width: 0, height: 0, durationSec: 30 });
  offer({ creative: 3, lineItem: 0, impIndex: 2, width: 0, height: 0 });
};

describe("an answer", () => {
  test("holds every medium, grouped by seat, and passes the acceptance rules", () => {
    allMedia();
    const answer = encoded();
    expect(answer.id).toBe(requestJson.id);
    expect(answer.cur).toBe("USD");
    expect(answer.seatbid.map((seatbid: Answer) => [seatbid.seat, seatbid.bid.length])).toEqual([
      ["s1", 3],
      ['s"2\\', 2],
    ]);
    expect(accepted(answer)).toEqual([]);
    const [banner, audio, nativeBid] = answer.seatbid[0].bid;
    expect(banner).toMatchObject({ impid: "i1", price: 2.5, w: 300, h: 250, mtype: 1, exp: 600 });
    expect(banner.adm).toContain('title="ü☃😀 300x250"');
    expect(audio).toMatchObject({ dealid: 'deal"1', mtype: 3, dur: 95, protocol: 11 });
    expect(audio).not.toHaveProperty("w");
    expect(audio).not.toHaveProperty("nurl");
    expect(nativeBid.mtype).toBe(4);
    expect(banner.cid).toBe(nativeBid.cid);
    expect(banner.cid).not.toBe(audio.cid);
  });

  test("is filled up with blanks to the exchange's step, and never past the buffer", () => {
    offer({ creative: 0, lineItem: 0 });
    const writer = (): TokenWriter => new TokenWriter(key, 1, 1);
    const bytesOf = (step: number, into = out): number => {
      const exchange = step === 0 ? two6 : { ...two6, padAnswersToBytes: step };
      return encodeInto(echoOf(), offers, exchange, templates, table, writer(), into);
    };
    const plain = bytesOf(0);
    const text = Buffer.from(out.subarray(0, plain)).toString();
    out.fill(88);
    expect(bytesOf(1024)).toBe(1024 * Math.ceil(plain / 1024));
    const whole = Buffer.from(out.subarray(0, bytesOf(1024))).toString();
    expect(whole.trimEnd()).toBe(text);
    expect(JSON.parse(whole)).toEqual(JSON.parse(text));
    expect(bytesOf(plain)).toBe(plain);
    const small = new Uint8Array(plain + 3000);
    expect(bytesOf(16_384, small)).toBe(small.length);
  });

  test("puts one token into every address of a bid, and it says what was offered", () => {
    allMedia();
    offers.test = 1;
    const answer = encoded();
    const fields = new TokenFields();
    for (const bid of answer.seatbid.flatMap((seatbid: Answer) => seatbid.bid)) {
      const all = JSON.stringify(bid).match(/[?]t=([A-Za-z0-9_-]{88})/g) as string[];
      const own = [...new Set(all)];
      expect(own).toHaveLength(1);
      const text = (own[0] as string).slice(3);
      expect(reader.read(text, fields)).toBe(true);
      expect(text.endsWith(bid.id)).toBe(true);
      expect(fields).toMatchObject({
        exchange: 1,
        cell: 8,
        priceMicros: 2_500_000,
        slot: 0xff_ffff,
      });
      expect(fields.flags).toBe(bid.dealid === undefined ? 1 : 3);
      expect(creatives.some(({ id }) => id === fields.creative)).toBe(true);
      expect(fields.lineItem).toBeGreaterThan(9000);
      expect(bid.burl).toBe(`${publicUrl}/bill?t=${text}&p=\${AUCTION_PRICE}`);
      expect(bid.lurl).toMatch(/\/loss\?t=.*&r=\$\{AUCTION_LOSS\}&m=\$\{AUCTION_MIN_TO_WIN\}&p=/);
    }
    expect(answer.bidid).toBe(answer.seatbid[0].bid[0].id);
  });

  test("is the same for the same offers, once tokens and ids of bids are masked", () => {
    const masked = (boot: number) => {
      offers.count = 0;
      allMedia();
      const answer = encoded(two6, echoOf(), out, boot);
      const tokens = JSON.stringify(answer).replaceAll(/[A-Za-z0-9_-]{88}/g, "TOKEN");
      const ids: string[] = answer.seatbid.flatMap((s: Answer) => s.bid.map((b: Answer) => b.id));
      return ids.reduce((text, id) => text.replaceAll(id, "ID"), tokens);
    };
    expect(masked(1)).toBe(masked(2));
  });

  test("for a 2.5 exchange has the fields of 2.5, and mtype", () => {
    allMedia();
    const answer = encoded(two5);
    expect(accepted(answer, two5)).toEqual([]);
    const bids = answer.seatbid.flatMap((seatbid: Answer) => seatbid.bid);
    for (const bid of bids) {
      for (const name of ["dur", "apis", "cattax", "slotinpod"])
        expect(bid).not.toHaveProperty(name);
      expect(bid.mtype).toBeGreaterThan(0);
    }
    expect(bids.find((bid: Answer) => bid.mtype === 2).api).toBe(7);
  });

  test("has no seat where the agency has none", () => {
    allMedia();
    const answer = encoded(exchanges[2]);
    expect(answer.seatbid).toHaveLength(2);
    for (const seatbid of answer.seatbid) expect(seatbid).not.toHaveProperty("seat");
  });

  test("leaves out what has no template or no room, and is nothing when nothing is left", () => {
    offer({ creative: 5, lineItem: 0 });
    expect(encoded()).toBeNull();
    offer({ creative: 0, lineItem: 0 });
    expect(encoded().seatbid[0].bid).toHaveLength(1);
    for (let i = 0; i < 20; i++) offer({ creative: 6, lineItem: 0 });
    const crowded = encoded();
    expect(crowded.seatbid[0].bid.length).toBeGreaterThan(4);
    expect(crowded.seatbid[0].bid.length).toBeLessThan(10);
    expect(encoded(two6, echoOf(), new Uint8Array(900))).toBeNull();
  });

  test("never writes past its bound, whatever the room", () => {
    allMedia();
    for (let room = 0; room < 16_000; room += 97) {
      const memory = new Uint8Array(room + 64).fill(0xee);
      const answer = encoded(two6, echoOf(), memory.subarray(0, room));
      expect(memory.subarray(room).every((byte) => byte === 0xee)).toBe(true);
      if (answer !== null) expect(answer.seatbid.length).toBeGreaterThan(0);
    }
  });
});

describe("a native answer", () => {
  const nativeOf = (request: NativeRequest) => {
    offer({ creative: 3, lineItem: 0, impIndex: 2, width: 0, height: 0 });
    return JSON.parse(encoded(two6, echoOf(request)).seatbid[0].bid[0].adm);
  };

  test("fills what was asked, by the asset ids of the request, with an event tracker", () => {
    const adm = nativeOf(nativeRequest);
    expect(adm.ver).toBe("1.2");
    expect(adm.assets).toEqual([
      { id: 1, title: { text: "Walk on air" } },
      { id: 22, img: { url: "https://cdn.example/main.jpg", w: 1200, h: 627 } },
      { id: -3, data: { value: "Shoes for every road" } },
    ]);
    expect(adm.link.url).toMatch(/^https:\/\/bidder\.example\/click\?t=[A-Za-z0-9_-]{88}$/);
    expect(adm.eventtrackers).toHaveLength(1);
    expect(adm.eventtrackers[0]).toMatchObject({ event: 1, method: 1 });
    expect(adm.eventtrackers[0].url).toMatch(/\/impression\?t=/);
    expect(adm.privacy).toBe("https://shop.example/privacy");
    expect(adm).not.toHaveProperty("imptrackers");
  });

  test("falls back to imptrackers, and is wrapped for Native 1.0", () => {
    const old = { ...nativeRequest, wrapped: true, eventTrackers: [], privacy: false };
    const adm = nativeOf(old);
    expect(Object.keys(adm)).toEqual(["native"]);
    expect(Object.keys(adm.native)).toEqual(["assets", "link", "imptrackers"]);
    expect(adm.native.imptrackers).toHaveLength(1);
  });

  test("stays within its bound when one asset is asked for many times", () => {
    const many = Array.from({ length: 300 }, (_, id) => ({
      ...nativeRequest.assets[1]!,
      id: -1e15 - id,
    }));
    const adm = nativeOf({ ...nativeRequest, assets: many });
    expect(adm.assets).toHaveLength(300);
    expect(adm.assets[299].id).toBe(-1e15 - 299);
    const memory = new Uint8Array(8192 + 64).fill(0xee);
    const echo = echoOf({ ...nativeRequest, assets: many });
    expect(encoded(two6, echo, memory.subarray(0, 8192))).toBeNull();
    expect(memory.subarray(8192).every((byte) => byte === 0xee)).toBe(true);
  });
});

test("the no-bid forms are an empty 204, {} and an empty seatbid with the request's id", () => {
  const body = (exchange: (typeof exchanges)[0]) =>
    Buffer.from(out.subarray(0, noBidInto(echoOf(), exchange, out))).toString();
  expect(body(two6)).toBe("");
  expect(JSON.parse(body(two5))).toEqual({ id: requestJson.id, seatbid: [] });
  expect(body(exchanges[2] as typeof two6)).toBe("{}");
});

const schemas = "../shared/schemas";
const versions = [
  ["2.6-202606", two6],
  ["2.5", two5],
] as const;
describe.skipIf(!existsSync(schemas))(
  `schemas (${schemas}; skipped where they are missing)`,
  () => {
    test.each(versions)("the answer validates against that of OpenRTB %s", (version, exchange) => {
      const file = `${schemas}/openrtb-${version}-bid-response.schema.json`;
      const schema = JSON.parse(readFileSync(file, "utf8"));
      const validate = new Ajv2020({ strict: false }).compile(schema);
      allMedia();
      const answer = encoded(exchange);
      expect(validate(answer), JSON.stringify(validate.errors)).toBe(true);
      answer.seatbid[0].bid[0].price = "2.5";
      expect(validate(answer)).toBe(false);
    });
  },
);
