import { expect, it } from "vitest";
import { outcomeLabel } from "../base/outcome.js";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import { bidderOn, bytesOf, explainWorld, offersOf } from "../testing/explain-world.js";
import { peopleOf, readFixtures } from "../testing/fixtures.js";
import { explain } from "./explain.js";
import type { ExplainResult } from "./explain-result.js";

/** As `offersOf`, out of an explanation; sorted. */
function explainedOffers(result: ExplainResult): string[] {
  if (result.status !== 200) return [];
  return result.imps.flatMap(({ imp, lineItems }) =>
    lineItems.flatMap(({ lineItem, ways }) =>
      ways
        .filter((way) => way.offered)
        .map(
          ({ creative, price }) =>
            `imp ${imp} line item ${lineItem} creative ${creative} at ${price?.bid.amount ?? 0}`,
        ),
    ),
  );
}

const fixtures = readFixtures("exemplary").filter(({ world }) => world === "rules");

it("offers for declared segments what the bidder offers when it looks the person up", async () => {
  const world = await explainWorld("fixtures/worlds/rules", peopleOf(fixtures, "rules"));
  let now = 0 as UnixMs;
  const bidder = bidderOn(world.served, () => now);
  let persons = 0;
  let answered = 0;
  for (const { name, exchange, body, nowMs, person } of fixtures) {
    now = nowMs as UnixMs;
    const carried = person !== undefined && Buffer.from(body).includes(person.idfa);
    const result = explain(world.input(exchange, body, carried ? person.segments : null, now));
    const wanted = offersOf(bidder, exchange, body);
    expect(explainedOffers(result).sort(), name).toEqual(wanted.sort());
    if (result.status === 200 && !carried) {
      expect(result.outcome, name).toBe(outcomeLabel(bidder.outcome));
    }
    persons += carried ? 1 : 0;
    answered += wanted.length > 0 ? 1 : 0;
  }
  expect([persons > 5, answered > 50]).toEqual([true, true]);
});

const sites = ["plain", "first", "deal2", "dealopen", "modified", "video", "ladder"];

/** A request over several imps with floors, deals, block lists and countries drawn from a seed. */
function randomRequest(random: SeededRandom): object {
  const imps = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    id: String(random.below(10) === 0 ? 0 : i),
    ...(random.below(4) === 0
      ? { video: { mimes: ["video/mp4"], protocols: [2, 3], minduration: 1, maxduration: 60 } }
      : {
          banner: random.pick([
            { w: 300, h: 250 },
            { w: 300, h: 250 },
            { w: 728, h: 90 },
          ]),
        }),
    bidfloor: random.below(50) / 10,
    bidfloorcur: random.pick(["USD", "USD", "EUR", "CNY", "XAU"]),
    secure: random.below(2),
    ...(random.below(2) === 0
      ? {}
      : {
          pmp: {
            private_auction: random.below(2),
            deals: ["deal-a", "deal-floor", "deal-invite", "other"]
              .filter(() => random.below(2) === 0)
              .map((id) => ({ id, bidfloor: random.below(50) / 10, at: 1 + random.below(3) })),
          },
        }),
  }));
  return {
    ...{ id: `r${random.nextU32()}`, at: 1 + random.below(2), imp: imps },
    site: { domain: `${random.pick(sites)}.rules.example` },
    device: { devicetype: random.below(6), geo: { country: random.pick(["USA", "CHN", "IND"]) } },
    ...(random.below(5) === 0 ? { bcat: [random.pick(["IAB25", "IAB1", "IAB25-3"])] } : {}),
    ...(random.below(4) === 0 ? { wseat: [random.pick(["seat-1", "seat-2"])] } : {}),
    ...(random.below(4) === 0 ? { cur: [random.pick(["USD", "CNY", "XAU"])] } : {}),
  };
}

it.each(["fixtures/worlds/rules", "config/demo"])(
  "agrees with the bidder on %s",
  async (folder) => {
    const world = await explainWorld(folder);
    const now = Date.parse("2026-11-23T04:00:00Z") as UnixMs;
    const bidder = bidderOn(world.served, () => now);
    const random = new SeededRandom(11);
    const exchanges = world.config.exchanges.map(({ name }) => name);
    let answered = 0;
    for (let i = 0; i < 200; i++) {
      const body = bytesOf(randomRequest(random));
      const exchange = random.pick(exchanges);
      const result = explain(world.input(exchange, body, null, now));
      const wanted = offersOf(bidder, exchange, body);
      expect(explainedOffers(result).sort(), `request ${i}`).toEqual(wanted.sort());
      if (result.status === 200) expect(result.outcome).toBe(outcomeLabel(bidder.outcome));
      answered += wanted.length > 0 ? 1 : 0;
    }
    expect(answered).toBeGreaterThan(10);
  },
);
