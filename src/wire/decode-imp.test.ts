import { describe, expect, test } from "vitest";
import { dealsMax, formatsMax, impsMax } from "../base/limits.js";
import { KeyKind, Media } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { type ImpRecord, SpanUse } from "../bid/request.js";
import { DecodedRequest, withImp } from "../testing/decoded-request.js";
import { unknownCurrency } from "./decode-codes.js";

const decoded = new DecodedRequest();
const { record } = decoded;
const imp = record.imps[0] as ImpRecord;

const formats = (): string[] =>
  Array.from({ length: imp.formatCount }, (_, i) => {
    const at = imp.formatStart + i;
    return `${record.formatWidth[at]}x${record.formatHeight[at]}`;
  });

describe("imp", () => {
  test.each([
    ["0.5", 500_000],
    ["0.0000001", 1],
    ["1.0000001", 1_000_001],
    ["2e-1", 200_000],
    ["-1", 0],
    ["-0.0", 0],
    ['"0.5"', 0],
    ["null", 0],
    ["[1]", 0],
    ["140737.4", 140_737_400_000],
  ])("bidfloor %s is %i micros, rounded up", (text, micros) => {
    decoded.decode(`{"id":"r","imp":[{"id":"1","bidfloor":${text}}]}`);
    expect([imp.bidFloorMicros, imp.bidFloorHuge]).toEqual([micros, 0]);
  });

  test.each(["1e30", "99999999999", "1e400"])("bidfloor %s is beyond prices", (text) => {
    decoded.decode(`{"id":"r","imp":[{"id":"1","bidfloor":${text}}]}`);
    expect([imp.bidFloorMicros, imp.bidFloorHuge]).toEqual([0, 1]);
  });

  test("its own currency is a code, absent, or one that cannot be met", () => {
    const currency = (bidfloorcur: unknown): number =>
      decoded.decode(withImp({ bidfloorcur })).record.imps[0]?.bidFloorCurrency ?? -1;
    expect(currency("EUR")).toBe(packAlpha3("EUR"));
    expect(currency("")).toBe(0);
    expect(currency(5)).toBe(0);
    expect(currency("eur")).toBe(unknownCurrency);
  });

  test("flags, expiry and quantity", () => {
    decoded.decode(
      withImp({ instl: 1, secure: 1, clickbrowser: 1, exp: 300, qty: { multiplier: 2.5 } }),
    );
    expect([imp.instl, imp.secure, imp.clickBrowser, imp.expSec]).toEqual([1, 1, 1, 300]);
    expect(imp.qtyPermille).toBe(2500);
    decoded.decode(withImp({ qty: { multiplier: 0.0001 } }));
    expect(imp.qtyPermille).toBe(1);
    decoded.decode(withImp({ qty: { multiplier: -3 } }));
    expect([imp.qtyPermille, imp.usable]).toEqual([1000, 1]);
    decoded.decode(withImp({ qty: { multiplier: 1e300 } }));
    expect(imp.usable).toBe(0);
  });

  test("rewarded: the 2.6 place wins whatever the order", () => {
    const old = { prebid: { is_rewarded_inventory: 1 } };
    const rewarded = (more: object): number =>
      decoded.decode(withImp(more)).record.imps[0]?.rewarded ?? -1;
    expect(rewarded({ ext: old })).toBe(1);
    expect(rewarded({ ext: old, rwdd: 0 })).toBe(0);
    expect(rewarded({ rwdd: 0, ext: old })).toBe(0);
    expect(rewarded({ rwdd: "x", ext: old })).toBe(1);
    expect(rewarded({ rwdd: 1, ext: {} })).toBe(1);
  });

  test("placement and free pairs belong to their imp", () => {
    const data = { pos: "top", n: 5, on: true, list: ["a", 2, false], deep: { x: 1 }, no: null };
    decoded.decode({
      id: "r",
      imp: [{ id: "1" }, { id: "2", tagid: "T-1", ext: { gpid: "/1/home", data } }],
    });
    expect(decoded.value(KeyKind.PLACEMENT, "T-1", undefined, 1)).toBe(true);
    expect(decoded.value(KeyKind.PLACEMENT, "t-1", undefined, 1)).toBe(false);
    expect(decoded.value(KeyKind.PLACEMENT, "/1/home", undefined, 1)).toBe(true);
    expect(decoded.count(SpanUse.VALUE, KeyKind.PLACEMENT, 0)).toBe(0);
    for (const pair of ["pos=top", "n=5", "on=true", "list=a", "list=2", "list=false"]) {
      expect(decoded.value(KeyKind.KEY_VALUE, pair, undefined, 1), pair).toBe(true);
    }
    expect(decoded.count(SpanUse.VALUE, KeyKind.KEY_VALUE, 1)).toBe(6);
  });

  test("free pairs with escapes mean what they say", () => {
    decoded.decode(
      '{"id":"r","imp":[{"id":"1","ext":{"data":' +
        '{"k\\u00e4\\"y":"v\\n","\\ud800":"x","b\\\\":"c"}}}]}',
    );
    expect(decoded.value(KeyKind.KEY_VALUE, 'kä"y=v\n', undefined, 0)).toBe(true);
    expect(decoded.value(KeyKind.KEY_VALUE, "b\\=c", undefined, 0)).toBe(true);
    expect(decoded.count(SpanUse.VALUE, KeyKind.KEY_VALUE, 0)).toBe(2);
  });

  test("ids that repeat make all their imps unusable, however they are written", () => {
    decoded.decode('{"id":"r","imp":[{"id":"a"},{"id":"b"},{"id":"\\u0061"},{"id":"A"}]}');
    expect(record.imps.slice(0, 4).map(({ usable }) => usable)).toEqual([0, 1, 0, 1]);
  });

  test("imps without usable id leave nothing behind, those beyond the limit are ignored", () => {
    decoded.decode({ id: "r", imp: [{ id: 5, tagid: "x", instl: 1 }, "x", { id: "2" }] });
    expect([record.impCount, imp.instl]).toEqual([1, 0]);
    expect(decoded.text(imp.id)).toBe("2");
    expect(decoded.count(SpanUse.VALUE, KeyKind.PLACEMENT, 0)).toBe(0);
    decoded.decode({
      id: "r",
      imp: Array.from({ length: impsMax + 9 }, (_, i) => ({ id: `${i}` })),
    });
    expect([record.impCount, record.overflow]).toEqual([impsMax, 0]);
  });
});

describe("banner", () => {
  test("its formats are those of format[] and its own size, each once", () => {
    const format = [{ w: 300, h: 250 }, { w: 320, h: 50 }, { w: 0, h: 9 }, { w: "1", h: 1 }, 7];
    decoded.decode(withImp({ banner: { w: 320, h: 50, format } }));
    expect(formats()).toEqual(["300x250", "320x50"]);
    decoded.decode(withImp({ banner: { format, w: 970, h: 90 } }));
    expect(formats()).toEqual(["300x250", "320x50", "970x90"]);
    decoded.decode(withImp({ banner: { w: 70_000, h: 90 } }));
    expect([formats(), imp.mediaMask]).toEqual([[], Media.BANNER]);
  });

  test("flexible formats are marked", () => {
    decoded.decode(withImp({ banner: { format: [{ wratio: 16, hratio: 9, wmin: 80 }] } }));
    expect([imp.flexibleFormat, imp.formatCount]).toEqual([1, 0]);
  });

  test("lists become masks; a list of unknown numbers only is not an absent list", () => {
    decoded.decode(
      withImp({ banner: { btype: [1, 4], battr: [3, 500], api: [500], expdir: [2], pos: 3 } }),
    );
    expect(imp.btypeMask & ~1).toBe((1 << 1) | (1 << 4));
    expect(imp.bannerBattrMask & ~1).toBe(1 << 3);
    expect(imp.bannerApiMask).toBe(1);
    expect([imp.expdirMask & ~1, imp.bannerPos]).toEqual([1 << 2, 3]);
    decoded.decode(withImp({ banner: { api: [], battr: 9 } }));
    expect([imp.bannerApiMask, imp.bannerBattrMask & ~1]).toEqual([0, 1 << 9]);
  });

  test("mimes are a span of the imp; a wrong type or a second banner replaces the first", () => {
    decoded.decode(withImp({ banner: { mimes: ["image/png"] } }));
    expect(decoded.has(SpanUse.BANNER_MIMES, KeyKind.MIME, "image/png", undefined, 0)).toBe(true);
    decoded.decode(withImp({ banner: "728x90" }));
    expect(imp.mediaMask).toBe(0);
    decoded.decode(
      '{"id":"r","imp":[{"id":"1","banner":{"w":1,"h":1,"mimes":["a/b"]},"banner":{"w":2,"h":2}}]}',
    );
    expect(formats()).toEqual(["2x2"]);
    expect(decoded.count(SpanUse.BANNER_MIMES, KeyKind.MIME, 0)).toBe(0);
  });

  test("formats beyond the limit are ignored", () => {
    const format = Array.from({ length: formatsMax + 3 }, (_, i) => ({ w: i + 1, h: 1 }));
    decoded.decode(withImp({ banner: { format } }));
    expect([imp.formatCount, record.overflow]).toEqual([formatsMax, 0]);
  });
});

describe("video and audio", () => {
  test("every field lands in its place", () => {
    decoded.decode(
      withImp({
        video: {
          ...{
            mimes: ["video/mp4"],
            minduration: 5,
            maxduration: 30,
            startdelay: -1,
            w: 640,
            h: 360,
          },
          ...{ protocols: [2, 3, 7], placement: 1, plcmt: 2, linearity: 1, skip: 0, pos: 7 },
          ...{ battr: [13], api: [7], delivery: [2], playbackmethod: [1, 6], minbitrate: 300 },
          ...{
            maxbitrate: 1500,
            mincpmpersec: 0.25,
            podid: "p",
            poddur: 60,
            maxseq: 4,
            slotinpod: -1,
          },
          ...{
            rqddurs: [15, 30],
            durfloors: [{ mindur: 1, maxdur: 15, bidfloor: 5 }, { bidfloor: 2 }],
          },
        },
      }),
    );
    const video = imp.video;
    expect(imp.mediaMask).toBe(Media.VIDEO);
    expect([video.minDurationSec, video.maxDurationSec]).toEqual([5, 30]);
    expect([video.startDelayKnown, video.startDelaySec]).toEqual([1, -1]);
    expect([video.width, video.height, video.placement, video.plcmt]).toEqual([640, 360, 1, 2]);
    expect([video.linearity, video.skip, video.pos]).toEqual([1, 0, 7]);
    expect(video.protocolMask & ~1).toBe((1 << 2) | (1 << 3) | (1 << 7));
    expect([video.battrMask & ~1, video.apiMask & ~1]).toEqual([1 << 13, 1 << 7]);
    expect([video.deliveryMask & ~1, video.playbackMask & ~1]).toEqual([
      1 << 2,
      (1 << 1) | (1 << 6),
    ]);
    expect([video.minBitrateKbps, video.maxBitrateKbps]).toEqual([300, 1500]);
    expect(video.minCpmPerSecMicros).toBe(250_000);
    expect([video.podId, video.podDurSec, video.maxSeq, video.slotInPod]).toEqual([1, 60, 4, -1]);
    expect([...record.durationSec.subarray(video.rqdDurStart, video.rqdDurCount)]).toEqual([
      15, 30,
    ]);
    expect([video.durFloorStart, video.durFloorCount]).toEqual([0, 2]);
    expect([record.durFloorMinSec[0], record.durFloorMaxSec[0]]).toEqual([1, 15]);
    expect([...record.durFloorMicros.subarray(0, 2)]).toEqual([5e6, 2e6]);
    expect(decoded.has(SpanUse.VIDEO_MIMES, KeyKind.MIME, "video/mp4", undefined, 0)).toBe(true);
  });

  test("nothing stated stays at its default", () => {
    decoded.decode(withImp({ audio: { mimes: ["audio/mp4"] } }));
    expect(imp.mediaMask).toBe(Media.AUDIO);
    expect([imp.audio.skip, imp.audio.startDelayKnown, imp.audio.protocolMask]).toEqual([-1, 0, 0]);
    expect(decoded.has(SpanUse.AUDIO_MIMES, KeyKind.MIME, "audio/mp4", undefined, 0)).toBe(true);
  });

  test.each([
    ["no mimes", {}],
    ["no mime", { mimes: [] }],
    ["mimes that are one text", { mimes: "video/mp4" }],
    ["mimes that are no texts", { mimes: [null, {}] }],
    ["a floor per second beyond prices", { mimes: ["a/b"], mincpmpersec: 1e30 }],
    ["a duration's floor beyond prices", { mimes: ["a/b"], durfloors: [{ bidfloor: 1e30 }] }],
    ["the wrong type", [1]],
  ])("a video with %s is dropped", (_, video) => {
    decoded.decode(withImp({ video, banner: { w: 1, h: 1 } }));
    expect(imp.mediaMask).toBe(Media.BANNER);
  });

  test("more exact durations or floors than there is room for mean no bid", () => {
    const video = { mimes: ["a/b"], rqddurs: Array.from({ length: 300 }, (_, i) => i + 1) };
    decoded.decode(withImp({ video }));
    expect(record.overflow).toBe(1);
    const durfloors = Array.from({ length: 300 }, (_, i) => ({ bidfloor: i + 1 }));
    decoded.decode(withImp({ video: { mimes: ["a/b"], durfloors } }));
    expect(record.overflow).toBe(1);
  });
});

describe("deals", () => {
  test("every field lands in its place", () => {
    const deal = {
      ...{ id: "d\\1", bidfloor: 1.5, bidfloorcur: "EUR", at: 3, guar: 1, mincpmpersec: 0.1 },
      ...{ wseat: ["s"], wadomain: ["brand.example"], durfloors: [{ mindur: 5, bidfloor: 3 }] },
    };
    const imps = [
      { id: "1", pmp: { deals: [{ id: "first" }] } },
      { id: "2", pmp: { private_auction: 1, deals: [{ id: 5, wseat: ["x"] }, {}, deal] } },
    ];
    decoded.decode({ id: "r", imp: imps });
    const second = record.imps[1] as ImpRecord;
    expect([second.privateAuction, second.dealStart, second.dealCount]).toEqual([1, 1, 1]);
    const id = { start: record.dealIdStart[1] ?? 0, end: record.dealIdEnd[1] ?? 0 };
    expect(decoded.text(id as ImpRecord["id"])).toBe("d\\\\1");
    expect([record.dealFloorMicros[1], record.dealAt[1]]).toEqual([1_500_000, 3]);
    expect([record.dealFloorCurrency[1], record.dealGuaranteed[1]]).toEqual([packAlpha3("EUR"), 1]);
    expect(record.dealMinCpmPerSecMicros[1]).toBe(100_000);
    expect([record.dealDurFloorStart[1], record.dealDurFloorCount[1]]).toEqual([0, 1]);
    expect(decoded.has(SpanUse.DEAL_WSEAT, KeyKind.SEAT, "s", undefined, 1)).toBe(true);
    expect(decoded.count(SpanUse.DEAL_WSEAT, KeyKind.SEAT, 1)).toBe(1);
    const domain = KeyKind.ADVERTISER_DOMAIN;
    expect(decoded.has(SpanUse.DEAL_WADOMAIN, domain, "brand.example", undefined, 1)).toBe(true);
  });

  test("a floor that is no number is none, one beyond prices makes the deal unusable", () => {
    const deals = [
      { id: "a", bidfloor: "1" },
      { id: "b", bidfloor: 1e30 },
      { id: "c", bidfloor: 1, mincpmpersec: 1e30 },
      { id: "d", durfloors: [{ bidfloor: 1e30 }] },
      { id: "e", at: 501 },
    ];
    decoded.decode(withImp({ pmp: { deals } }));
    expect([...record.dealFloorMicros.subarray(0, 5)]).toEqual([0, -1, -1, -1, 0]);
    expect(record.dealAt[4]).toBe(255);
  });

  test("deals beyond the limit are ignored, a second pmp replaces the first", () => {
    const deals = Array.from({ length: dealsMax + 2 }, (_, i) => ({ id: `${i}` }));
    decoded.decode(withImp({ pmp: { deals } }));
    expect([imp.dealCount, record.overflow]).toEqual([dealsMax, 0]);
    decoded.decode(
      '{"id":"r","imp":[{"id":"1","pmp":{"private_auction":1,"deals":[{"id":"a"}]},"pmp":{}}]}',
    );
    expect([imp.dealCount, imp.privateAuction]).toEqual([0, 0]);
  });
});
