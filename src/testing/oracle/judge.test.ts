import { describe, expect, it } from "vitest";
import { tcStringOf } from "../tc-string.js";
import { judge } from "./judge.js";
import { tinyExchange, tinyFacts } from "./tiny-world.js";

type Request = Record<string, unknown>;
const banner = { w: 300, h: 250 };
const request = (changes: Request = {}, imp: Request = {}): Request => ({
  id: "r1",
  imp: [{ id: "1", banner, ...imp }],
  site: { domain: "news.example" },
  ...changes,
});
const verdict = (body: Request | string) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return judge(text, tinyExchange, tinyFacts);
};

/** A TC string of today that allows our vendor the given purposes. */
const tcString = (purposes: readonly number[], policyVersion = 5): string =>
  tcStringOf({
    createdMs: tinyFacts.nowMs,
    purposes,
    vendors: [4000],
    disclosed: [4000],
    policyVersion,
  });

describe("the oracle demands a bid", () => {
  it.each<[string, Request]>([
    ["a banner of our size", request()],
    ["a size inside format", request({}, { banner: { format: [{ w: 1, h: 1 }, banner] } })],
    ["a floor that the maximum reaches", request({}, { bidfloor: 2.9 })],
    ["a floor in another currency", request({}, { bidfloor: 200, bidfloorcur: "INR" })],
    ["a foreign currency alone", request({ cur: ["EUR"] })],
    ["blocks that hit others", request({ bcat: ["IAB25"], badv: ["rand.example"] })],
    ["coppa", request({ regs: { coppa: 1 }, device: { ifa: "x" } })],
    ["gdpr 0", request({ regs: { gdpr: 0 } })],
    ["a test", request({ test: 1 })],
    ["our seat let in", request({ wseat: ["other", "seat-1"] })],
    [
      "a deal that we do not know beside the open auction",
      request({}, { pmp: { deals: [{ id: "x" }] } }),
    ],
    ["a video", request({}, { banner: null, video: { mimes: ["video/mp4"], protocols: [2, 3] } })],
    ["an audio", request({}, { banner: null, audio: { mimes: ["audio/mpeg"], maxduration: 15 } })],
    [
      "a native",
      request({}, { native: { request: '{"assets":[{"id":1,"required":1,"title":{"len":25}}]}' } }),
    ],
  ])("for %s", (_what, body) => {
    expect(verdict(body)).toMatchObject({ verdict: "must", statuses: [200] });
  });

  it("for a TC string that allows contextual bids, in either place", () => {
    const consent = tcString([2]);
    const regs = { gdpr: 1 };
    expect(verdict(request({ regs, user: { consent } })).verdict).toBe("must");
    expect(verdict(request({ regs, user: { ext: { consent } } })).verdict).toBe("must");
  });
});

describe("the oracle forbids a bid", () => {
  it.each<[string, Request]>([
    ["no consent", request({ regs: { gdpr: 1 } })],
    ["no consent", request({ regs: { ext: { gdpr: 1 } }, user: { consent: "BOXB2pJOXB2p" } })],
    ["no consent", request({ device: { geo: { country: "FRA" } } })],
    ["no consent", request({ regs: { gdpr: 1 }, user: { consent: tcString([1, 3]) } })],
    ["no consent", request({ regs: { gdpr: 1 }, user: { consent: tcString([2], 3) } })],
    ["bcat", request({ bcat: ["IAB2"] })],
    ["badv", request({ badv: ["BRAND.example"] })],
    ["wlang", request({ wlang: ["fr"] })],
    ["wseat", request({ wseat: ["other"] })],
    ["bseat", request({ bseat: ["seat-1"] })],
    ["no currency", request({ cur: ["IN"] })],
    ["dsa", request({ regs: { ext: { dsa: { dsarequired: 2 } } } })],
    ["floor", request({}, { bidfloor: 3.1 })],
    ["floor", request({}, { bidfloor: 300, bidfloorcur: "INR" })],
    ["no rate of the floor's currency", request({}, { bidfloor: 1, bidfloorcur: "YEN" })],
    ["private auction", request({}, { pmp: { private_auction: 1, deals: [{ id: "x" }] } })],
    ["btype", request({}, { banner: { ...banner, btype: [2] } })],
    ["mimes", request({}, { banner: { ...banner, mimes: ["image/jpg"] } })],
    ["size", request({}, { banner: { w: 301, h: 250 } })],
    [
      "imp.id twice",
      {
        id: "r",
        imp: [
          { id: "1", banner },
          { id: "1", banner },
        ],
      },
    ],
    ["minduration", request({}, { banner: 0, video: { mimes: ["video/mp4"], minduration: 16 } })],
    ["rqddurs", request({}, { banner: 0, video: { mimes: ["video/mp4"], rqddurs: [10, 30] } })],
    ["protocols", request({}, { banner: 0, video: { mimes: ["video/mp4"], protocols: [2] } })],
    ["mimes", request({}, { banner: 0, video: { mimes: ["video/webm"] } })],
    [
      "native video",
      request(
        {},
        { banner: 0, native: { request: '{"assets":[{"id":1,"required":1,"video":{}}]}' } },
      ),
    ],
  ])("because of %s", (reason, body) => {
    const judgement = verdict(body);
    expect(judgement.verdict).toBe("may-not");
    expect(judgement.reasons).toContain(reason);
    expect(judgement.statuses).toEqual([204]);
  });

  it.each([
    ["not JSON", "{"],
    ["not JSON", '\uFEFF{"id":"a"}'],
    ["not an object", "[]"],
    ["too deep", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`],
    ["no usable id", '{"imp":[{"id":"1","banner":{}}]}'],
    ["no usable id", '{"id":7,"imp":[{"id":"1","banner":{}}]}'],
    ["no usable imp", '{"id":"a","imp":[]}'],
    ["no usable imp", '{"id":"a","imp":[{"banner":{}},{"id":1}]}'],
  ])("and a 200 or 204: %s", (reason, text) => {
    expect(verdict(text)).toEqual({ verdict: "may-not", reasons: [reason], statuses: [400] });
  });
});

describe("the oracle says what it cannot decide", () => {
  it.each<[string, Request]>([
    ["a banner without a size", request({}, { banner: {} })],
    ["wrong type: bcat", request({ bcat: "IAB25" })],
    ["negative bidfloor", request({}, { bidfloor: -1 })],
    ["tmax is tight", request({ tmax: 1 })],
    ["video or audio without mimes", request({}, { banner: 0, video: { w: 1 } })],
  ])("%s", (reason, body) => {
    const judgement = verdict(body);
    expect(judgement.verdict).toBe("may");
    expect(judgement.reasons).toContain(reason);
  });
});
