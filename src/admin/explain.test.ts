import { beforeAll, describe, expect, it } from "vitest";
import { type ExplainWorld, explainNow, explainWorld } from "../testing/explain-world.js";
import { explain } from "./explain.js";
import type { Explanation, ImpExplained, LineItemExplained } from "./explain-result.js";
import { explainText } from "./explain-text.js";

/** Each line item of this world buys on a site of its own, NAME.rules.example. */
const folder = "fixtures/worlds/rules";
let world: ExplainWorld;
beforeAll(async () => {
  world = await explainWorld(folder);
});

type Change = { readonly [key: string]: unknown };
const banner = { w: 300, h: 250 };
const imp = (change: Change = {}): object => ({ id: "1", banner, ...change });
const on = (site: string, change: Change = {}): Change => ({
  ...{ id: "r", at: 2, imp: [imp()], site: { domain: `${site}.rules.example` } },
  ...{ device: { geo: { country: "USA" } } },
  ...change,
});

function explained(
  request: object,
  segments: readonly string[] | null = null,
  exchange = "openrtb26",
  now = explainNow,
): Explanation {
  const result = explain(world.input(exchange, request, segments, now));
  if (result.status !== 200) throw new Error(result.reason);
  return result;
}

const firstImp = ({ imps }: Explanation): ImpExplained => imps[0] as ImpExplained;
function lineItem(explanation: Explanation, id: number): LineItemExplained {
  const found = firstImp(explanation).lineItems.find((one) => one.lineItem === id);
  if (found === undefined) throw new Error(`line item ${id} is not listed`);
  return found;
}

type Case = readonly [
  what: string,
  request: Change,
  lineItem: number,
  outcome: string,
  rule: string,
  seen: string,
  limit: string,
];
const video = { mimes: ["video/mp4"], protocols: [3], minduration: 1, maxduration: 10, w: 1, h: 1 };

const cases: readonly Case[] = [
  [
    "a country",
    on("country"),
    110,
    "targeting",
    "targeting: include countries",
    "USA",
    "one of CHN",
  ],
  [
    ...([
      "a city",
      on("city", { device: { geo: { country: "USA", city: "Austin" } } }),
      114,
    ] as const),
    ...(["targeting", "targeting: include cities", "USA/Austin", "one of USA/Boston"] as const),
  ],
  [
    "a system that is not told",
    on("os"),
    119,
    "targeting",
    "targeting: include os",
    "none stated",
    "one of ios",
  ],
  [
    ...([
      "an excluded country",
      on("notcountry", { device: { geo: { country: "CHN" } } }),
      111,
    ] as const),
    ...(["targeting", "targeting: exclude countries", "CHN", "none of CHN"] as const),
  ],
  [
    ...([
      "a key-value",
      on("keyvalue", { imp: [imp({ ext: { data: { section: "news" } } })] }),
      143,
    ] as const),
    ...(["targeting", "targeting: include keyValues section", "news", "one of sport"] as const),
  ],
  [
    ...([
      "a banner size",
      on("plain", { imp: [imp({ banner: { w: 301, h: 250 } })] }),
      101,
    ] as const),
    ...(["creative_size", "creative 101: size", "301x250", "300x250"] as const),
  ],
  [
    ...([
      "a blocked category",
      on("plain", { bcat: ["IAB25"] }),
      101,
      "creative_category",
    ] as const),
    ...(["creative 101: bcat", "blocks IAB25", "IAB25-3"] as const),
  ],
  [
    ...([
      "a list of categories",
      on("plain", { acat: ["IAB1"] }),
      101,
      "creative_category",
    ] as const),
    ...(["creative 101: acat", "lets in IAB1", "IAB25-3"] as const),
  ],
  [
    ...(["a blocked advertiser", on("plain", { badv: ["brand.example"] }), 101] as const),
    ...([
      "advertiser_blocked",
      "creative 101: badv",
      "blocks brand.example",
      "shop.brand.example",
    ] as const),
  ],
  [
    ...([
      "the bid floor",
      on("plain", { imp: [imp({ bidfloor: 360, bidfloorcur: "INR" })] }),
      101,
    ] as const),
    ...(["below_floor", "bid floor", "360.00 INR (4.50 USD)", "maximum 4.00 USD"] as const),
  ],
  [
    ...([
      "a currency without rate",
      on("plain", { imp: [imp({ bidfloor: 1, bidfloorcur: "XAU" })] }),
    ] as const),
    ...([
      101,
      "rate_missing",
      "currency rates",
      "floor 1.00 XAU, answer in USD, budget in USD",
    ] as const),
    "rates.yaml has no rate for one of them",
  ],
  ["a paused line item", on("paused"), 151, "not_live", "not live", "paused", "`paused: false`"],
  [
    ...(["a deal that is not offered", on("deal"), 200, "deal_required", "deals only"] as const),
    ...(["no deal", "deals deal-a"] as const),
  ],
  [
    ...([
      "a deal for others",
      on("invite", { imp: [imp({ pmp: { deals: [{ id: "deal-invite" }] } })] }),
    ] as const),
    ...([202, "deal_not_offered", "invite-only deal", "advertiser 1", "advertisers 2"] as const),
  ],
  [
    ...(["a blocked seat", on("plain", { bseat: ["seat-1"] }), 101, "seat_blocked"] as const),
    ...(["bseat", "blocks seat-1", "our seat seat-1"] as const),
  ],
  [
    ...(["seats without ours", on("plain", { wseat: ["other"] }), 101, "seat_blocked"] as const),
    ...(["wseat", "other", "our seat seat-1"] as const),
  ],
  [
    ...([
      "the digital services act",
      on("plain", { regs: { ext: { dsa: { dsarequired: 2 } } } }),
    ] as const),
    ...([101, "dsa_missing", "creative 101: regs.ext.dsa"] as const),
    ...(["dsarequired 2, pubrender not stated", "no DSA fields"] as const),
  ],
  [
    ...([
      "a duration",
      on("video", { imp: [{ id: "1", video }] }),
      160,
      "creative_duration",
    ] as const),
    ...(["creative 160: duration", "1 to 10 s", "15 s"] as const),
  ],
  ["nobody", on("audience"), 230, "person", "person", "nobody", "interest.running"],
];

describe("explain names the first rule that fails, the value and the limit", () => {
  it.each(cases)("for %s", (_what, request, id, outcome, rule, seen, limit) => {
    const one = lineItem(explained(request), id);
    expect([one.outcome, one.offered]).toEqual([outcome, false]);
    expect(one.refusal).toEqual({ rule, seen, limit });
  });

  it("for a day-part, in the campaign's zone", () => {
    const evening = Date.parse("2026-11-23T10:00:00Z") as typeof explainNow satisfies number;
    const one = lineItem(explained(on("daypart"), null, "openrtb26", evening), 146);
    expect(one.refusal).toEqual({
      rule: "targeting: include dayParts",
      seen: "mon 18:00 in Asia/Shanghai",
      limit: "within mon-fri 09:00-18:00",
    });
  });

  it("for the flight, in the campaign's zone", () => {
    expect(lineItem(explained(on("flight")), 147).refusal).toEqual({
      rule: "flight of campaign 7",
      seen: "2026-11-23 12:00 Asia/Shanghai",
      limit: "from 2027-03-01 00:00 Asia/Shanghai until 2027-06-01 00:00 Asia/Shanghai",
    });
  });

  it("for an audience without certificate", async () => {
    const { parts } = world.served.world.index;
    const input = world.input("openrtb26", on("audience"), ["interest.running"]);
    const table = { ...input.world.table };
    const index = table.lineItemId.indexOf(230);
    const live = table.lineItemLive.slice();
    live[index] = 2;
    const result = explain({
      ...input,
      world: {
        ...input.world,
        table: {
          ...table,
          lineItemLive: live,
          audienceLive: new Uint8Array(table.audienceLive.length),
        },
      },
    });
    const one = lineItem(result as Explanation, 230);
    expect(one.outcome).toBe("not_live");
    expect(one.refusal?.seen).toBe(`no certificate in epoch ${parts.epoch} for interest.running`);
  });

  it("for an approval that is not there yet", () => {
    const one = lineItem(explained(on("approval"), null, "openrtb25"), 196);
    const refusal = {
      rule: "creative 196: approval",
      seen: "openrtb25",
      limit: "approved by openrtb26",
    };
    expect([one.outcome, one.refusal]).toEqual(["creative_unapproved", refusal]);
  });
});

describe("explain shows how a price was made", () => {
  it("from the base over the modifiers that met to the bid", () => {
    const request = on("modified", { device: { devicetype: 4, geo: { country: "CHN" } } });
    const [way] = lineItem(explained(request), 220).ways;
    const { price } = way ?? {};
    expect(price?.modifiers.length).toBeGreaterThan(0);
    const product = price?.modifiers.reduce((factor, one) => factor * one.factor, 1);
    expect(price?.contextFactor).toBeCloseTo(product ?? 0, 3);
    expect(price?.wanted).toBeCloseTo((price?.base ?? 0) * (price?.contextFactor ?? 0), 6);
    expect([price?.final, price?.bid]).toEqual([
      price?.wanted,
      { amount: price?.wanted, currency: "USD" },
    ]);
  });

  it("with the ladder step of declared segments", () => {
    const declared = lineItem(explained(on("ladder"), ["interest.running"]), 231).ways[0]?.price;
    const nobody = lineItem(explained(on("ladder")), 231).ways[0]?.price;
    expect([nobody?.personFactor, nobody?.bid.amount]).toEqual([1, 2]);
    expect([declared?.personFactor, declared?.bid.amount]).toEqual([1.26, 2.52]);
  });

  it("in the budget's currency and in the answer's", () => {
    const price = lineItem(explained(on("yuan", { cur: ["USD"] })), 210).ways[0]?.price;
    expect([price?.currency, price?.final, price?.bid]).toEqual([
      ...["CNY", 16],
      { amount: 2, currency: "USD" },
    ]);
  });

  it("as the deal's own where the deal is at a fixed price", () => {
    const deals = [{ id: "deal-a", bidfloor: 1.25, at: 3 }];
    const [way] = lineItem(explained(on("deal", { imp: [imp({ pmp: { deals } })] })), 200).ways;
    expect([way?.way, way?.price?.agreed, way?.price?.bid.amount]).toEqual([
      "deal deal-a",
      true,
      1.25,
    ]);
  });

  it("and who bid more", () => {
    const result = explained(on("first"), null, "openrtb25");
    expect(
      firstImp(result)
        .lineItems.slice(0, 2)
        .map((one) => one.lineItem),
    ).toEqual([103, 102]);
    expect(lineItem(result, 102).outcome).toBe("outbid_internally");
    expect(lineItem(result, 102).refusal).toEqual({
      ...{ rule: "outbid", seen: "open auction 1.00 USD", limit: "line items 103 bid more" },
    });
  });
});

describe("explain speaks of the request as a whole", () => {
  it.each([
    ["text", "not one strict JSON value"],
    ['{"imp":[]}', "`id` is missing"],
    ['{"id":"1","imp":[]}', "no `imp`"],
    [`{"id":"1","imp":[{"id":"1"}],"ext":${"[".repeat(40)}${"]".repeat(40)}}`, "deeper than 32"],
  ])("refuses %s as the bidder would", (text, words) => {
    const result = explain(world.input("openrtb26", new TextEncoder().encode(text)));
    expect(result).toMatchObject({ status: 400, reason: expect.stringContaining(words) });
  });

  it("names the exchanges where the one asked for does not exist, and does not repeat it", () => {
    const result = explain(world.input("nowhere-1234", on("plain")));
    expect(result.status).toBe(404);
    expect(JSON.stringify(result)).not.toContain("nowhere");
    expect(result).toMatchObject({ reason: expect.stringContaining("openrtb26") });
  });

  it.each([
    [on("plain", { regs: { gdpr: 1 } }), "openrtb26", "no_consent", "gdpr_no_string"],
    [on("plain", { cur: ["XXX"] }), "openrtb26", "no_currency", "cur allows XXX"],
    [on("plain"), "strict", "schain_blocked", "requires a supply chain"],
    [on("plain", { tmax: 5 }), "openrtb26", "deadline", "tmax 5 ms"],
  ])("says why nothing can bid (%#)", (request, exchange, outcome, words) => {
    const result = explained(request, null, exchange);
    expect([result.outcome, result.imps]).toEqual([outcome, []]);
    expect(result.reason).toContain(words);
  });

  it("does not count declared segments where consent allows no look-up", () => {
    const request = on("audience", { regs: { coppa: 1 } });
    const result = explained(request, ["interest.running"]);
    expect(result.consent).toEqual({ market: "US", rule: "coppa", decision: "contextual" });
    expect(result.person.words).toContain("do not count");
    expect(lineItem(result, 230).outcome).toBe("person");
  });

  it("names an audience where segments are declared, and marks unknown ones by place", () => {
    const result = explained(on("audience"), ["interest.other"]);
    expect(result.person).toMatchObject({ kind: "declared", segments: [], unknownPlaces: [1] });
    expect(lineItem(result, 230).outcome).toBe("audience");
    expect(explained(on("audience"), ["interest.running"]).outcome).toBe("bid");
  });
});

describe("the list", () => {
  it("counts every line item and lists the offered first, then those that came furthest", () => {
    const one = firstImp(explained(on("first")));
    const counted = Object.values(one.outcomes).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(world.config.book.lineItems.length);
    expect([one.lineItems.length, one.leftOut]).toEqual([counted, 0]);
    expect(one.lineItems.at(-1)?.outcome).toBe("not_live");
  });

  it("is cut at the asked length, and holds only what is asked for", () => {
    const input = world.input("openrtb26", on("first"));
    const cut = firstImp(explain({ ...input, rowsMax: 3 }) as Explanation);
    expect([cut.lineItems.length, cut.leftOut]).toEqual([
      3,
      world.config.book.lineItems.length - 3,
    ]);
    const only = firstImp(explain({ ...input, lineItems: [151] }) as Explanation);
    expect([only.lineItems.map((one) => one.lineItem), only.leftOut]).toEqual([[151], 0]);
  });

  it("prints for a terminal, cut, without control characters", () => {
    const result = explained(
      on("city", { device: { geo: { country: "USA", city: "A\u001b[2Jb" } } }),
    );
    const text = explainText(result, 5);
    expect(text).toContain("more line items (--all shows every one)");
    expect(text).toContain("imp 1: banner 300x250, bid floor 0.00 USD");
    expect(explainText(result)).toContain("seen USA/A\u00b7[2Jb; limit one of USA/Boston");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(explainText(result)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
