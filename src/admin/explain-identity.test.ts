import { expect, it } from "vitest";
import { BidRequest } from "../bid/request.js";
import { explainWorld } from "../testing/explain-world.js";
import { readFixtures } from "../testing/fixtures.js";
import { decodeInto } from "../wire/decode.js";
import { discardIdentifiers } from "./anonymous-request.js";
import { explain } from "./explain.js";
import { explainText } from "./explain-text.js";

const idfa = "6D92078A-8246-4BA4-AE5B-76104861E7DC";
const cookie = "cookie-Zx81kkQp";
const uid = "uid-7Hq2LmN0";
const known = { idfa, segments: ["interest.running"] };

const request = (person: object, device: object): object => ({
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  site: { domain: "audience.rules.example" },
  device: { os: "iOS", geo: { country: "USA" }, ...device },
  user: person,
});

const person = {
  id: cookie,
  buyeruid: cookie,
  eids: [{ source: "uidapi.com", uids: [{ id: uid, atype: 3 }] }],
  ext: { eids: [{ source: "id5-sync.com", uids: [{ id: uid }] }] },
};

it("tells the same, byte by byte, with and without a known person's identifiers", async () => {
  const world = await explainWorld("fixtures/worlds/rules", [known]);
  const device = { ifa: idfa, ext: { ifa_type: "idfa" } };
  for (const segments of [null, [], ["interest.running"]]) {
    const without = explain(world.input("openrtb26", request({}, {}), segments));
    const withThem = explain(world.input("openrtb26", request(person, device), segments));
    expect(JSON.stringify(withThem)).toBe(JSON.stringify(without));
    for (const text of [JSON.stringify(withThem), explainText(withThem)]) {
      for (const secret of [idfa, cookie, uid]) {
        expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
      }
    }
  }
});

it("keeps the one thing that an identifier may say: zeros are a refusal", async () => {
  const world = await explainWorld("fixtures/worlds/rules", [known]);
  const zeros = { ifa: "00000000-0000-0000-0000-000000000000" };
  const result = explain(world.input("openrtb26", request({}, zeros), ["interest.running"]));
  expect(result).toMatchObject({ consent: { decision: "contextual", rule: "zero_ifa" } });
});

it("wipes every identifier of the decoded request, and its bytes", () => {
  const decoded = new BidRequest();
  const device = { ifa: `${idfa}\u00e9`, ext: { ifa_type: "idfa" } };
  decodeInto(decoded, new TextEncoder().encode(JSON.stringify(request(person, device))));
  const { start, end } = decoded.ifa;
  const eids = [decoded.eidStart[0]!, decoded.eidEnd[0]!] as const;
  expect([end > start, decoded.eidCount]).toEqual([true, 1]);
  discardIdentifiers(decoded);
  const { ifa, ifaType, buyerUid, eidCount, bytes } = decoded;
  expect([ifa, ifaType, buyerUid].map((slice) => slice.end - slice.start)).toEqual([0, 0, 0]);
  expect([eidCount, ...bytes.subarray(start, end), ...bytes.subarray(...eids)]).toSatisfy(
    (all: number[]) => all.every((value) => value === 0),
  );
});

it("withholds what looks like an identifier in a field of context", async () => {
  const world = await explainWorld("fixtures/worlds/rules");
  const texts = [
    idfa,
    "someone@mail.example",
    "a3f5c1d2e4b6978812345678",
    "4917012345678",
    "10.1.2.3",
  ];
  for (const city of texts) {
    const device = { geo: { country: "USA", city } };
    const site = { domain: "city.rules.example" };
    const told = explain(world.input("openrtb26", { ...request({}, device), site }));
    expect(JSON.stringify(told)).not.toContain(city);
    expect(JSON.stringify(told)).toContain("(withheld)");
  }
});

it("repeats no id of the request, its imps or its deals", async () => {
  const world = await explainWorld("fixtures/worlds/rules");
  const pmp = { deals: [{ id: "mark-deal-kq" }] };
  const imp = [{ id: "mark-imp-kq", banner: { w: 300, h: 250 }, pmp }];
  const told = explain(world.input("openrtb26", { ...request({}, {}), id: "mark-id-kq", imp }));
  expect(told.status).toBe(200);
  expect(JSON.stringify(told) + explainText(told)).not.toContain("mark-");
});

it("says nothing of a hostile request but its reason", async () => {
  const world = await explainWorld("fixtures/worlds/rules");
  for (const { name, body, exchange } of readFixtures("hostile")) {
    const told = explain(world.input(exchange === "" ? "openrtb26" : exchange, body));
    expect([200, 400], name).toContain(told.status);
    explainText(told);
  }
});
