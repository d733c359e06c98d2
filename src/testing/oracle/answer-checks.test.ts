import { describe, expect, it } from "vitest";
import { answerFaults } from "./answer-checks.js";
import { tinyExchange, tinyFacts } from "./tiny-world.js";

type Plain = Record<string, unknown>;
const request = {
  id: "r1",
  imp: [
    { id: "1", bidfloor: 1, secure: 1, banner: { w: 300, h: 250, battr: [3] } },
    { id: "2", native: { request: '{"assets":[{"id":7,"required":1,"title":{"len":9}}]}' } },
    { id: "3", video: { mimes: ["video/mp4"] } },
  ],
};
const bid: Plain = {
  ...{ id: "b1", impid: "1", price: 1.5, adm: "<b></b>", crid: "1", cid: "1" },
  ...{ adomain: ["brand.example"], mtype: 1, w: 300, h: 250 },
};
const faults = (
  changes: Plain,
  answer: Plain = {},
  seat: Plain = {},
  more: Plain = {},
): string[] => {
  const whole = {
    id: "r1",
    cur: "USD",
    seatbid: [{ seat: "seat-1", bid: [{ ...bid, ...changes }], ...seat }],
    ...answer,
  };
  return answerFaults({ ...request, ...more }, JSON.stringify(whole), tinyExchange, tinyFacts);
};

describe("answers are checked against their request", () => {
  it("finds nothing wrong with a right one", () => {
    expect(faults({})).toEqual([]);
  });

  it.each<[RegExp, string[]]>([
    [/id is not the request's/, faults({}, { id: "other" })],
    [/cur EUR is not allowed/, faults({}, { cur: "EUR" })],
    [/seatbid is empty/, faults({}, { seatbid: [] })],
    [/seat nobody is not ours/, faults({}, {}, { seat: "nobody" })],
    [/wseat keeps seat/, faults({}, {}, {}, { wseat: ["other"] })],
    [/price 0.99 is below the floor/, faults({ price: 0.99 })],
    [/price is not above 0/, faults({ price: "2" })],
    [/more than six decimals/, faults({ price: 1.1234567 })],
    [/no such imp/, faults({ impid: "9" })],
    [/mtype is not offered/, faults({ mtype: 3 })],
    [/size 301x250/, faults({ w: 301 })],
    [/w is no whole number/, faults({ w: 300.5 })],
    [/adm is not secure/, faults({ adm: "http://cdn.example" })],
    [/adm is missing/, faults({ adm: "" })],
    [/adomain hides/, faults({ adomain: ["other.example"] })],
    [/dealid is not offered/, faults({ dealid: "d" })],
    [/crid is none of ours/, faults({ crid: "77" })],
    [/another medium/, faults({ crid: "2" })],
    [/refused by badv/, faults({}, {}, {}, { badv: ["brand.example"] })],
    [/native adm is no JSON/, faults({ impid: "2", mtype: 4, crid: "4" })],
    [/no XML|no VAST/, faults({ impid: "3", mtype: 2, crid: "2" })],
  ])("says %s", (what, found) => {
    expect(found.join("\n")).toMatch(what);
  });

  it("finds a required native asset that is missing, and one that nobody asked for", () => {
    const adm = JSON.stringify({ assets: [{ id: 1 }], link: { url: "https://brand.example" } });
    const found = faults({ impid: "2", mtype: 4, crid: "4", adm });
    expect(found.join("\n")).toMatch(/required native asset 7 is missing/);
    expect(found.join("\n")).toMatch(/native asset 1 was not asked for/);
  });
});
