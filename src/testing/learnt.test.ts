import { describe, expect, test } from "vitest";
import { Level, shadeKey } from "../bid/learnt.js";
import { gridBins } from "../bid/strategy/price-grid.js";
import type { Price } from "../campaign/model.js";
import type { ConfigReading } from "../runtime/world-desk-parts.js";
import { peopleOf, readFixtures, worldFolder } from "./fixtures.js";
import { startInProcess } from "./in-process.js";

const fixtures = readFixtures("exemplary").filter(({ world }) => world === "rules");
const bidding = fixtures.filter(({ expect: { bids } }) => bids.length > 0);

/** The rules world with another price in every line item. */
const start = (nowMs: number, price: Partial<Price>) =>
  startInProcess({
    configFolder: worldFolder("rules"),
    now: nowMs,
    seed: 1,
    snapshot: { people: peopleOf(fixtures, "rules") },
    reading: (reading: ConfigReading): ConfigReading => {
      if (reading.config === null) throw new Error("the world is sound");
      const { book } = reading.config;
      const lineItems = book.lineItems.map((one) => ({
        ...one,
        price: { ...one.price, ...price },
      }));
      return { ...reading, config: { ...reading.config, book: { ...book, lineItems } } };
    },
  });

type Bid = { readonly impid: string; readonly price: number; readonly dealid?: string };

function bidsOf(body: Uint8Array): Bid[] {
  if (body.length === 0) return [];
  const answer = JSON.parse(new TextDecoder().decode(body)) as { seatbid?: { bid: Bid[] }[] };
  return (answer.seatbid ?? []).flatMap(({ bid }) => bid);
}

const firstPriced = (body: Uint8Array): Uint8Array =>
  new TextEncoder().encode(new TextDecoder().decode(body).replace(/"at":\s*2/, '"at":1'));

describe("what notices have taught changes bids", () => {
  test("shading takes its share off open first-price bids and off nothing else", async () => {
    let shaded = 0;
    for (const { exchange, body: second, nowMs } of bidding.filter((_, i) => i % 8 === 0)) {
      const body = firstPriced(second);
      const fixed = await start(nowMs, {});
      const plain = bidsOf(fixed.ask(exchange, body).body);
      const { ask, bidder, state } = await start(nowMs, { strategy: "shade" });
      expect(bidsOf(ask(exchange, body).body).map(({ price }) => price)).toEqual(
        plain.map(({ price }) => price),
      );
      const { id } = bidder.decision.exchange;
      state.learnt.shades.put(id, shadeKey(Level.WHOLE, 0, 0), 1);
      state.learnt.shadeRows.fill(600, gridBins, 2 * gridBins);
      for (const { price, dealid, impid } of bidsOf(ask(exchange, body).body)) {
        const before = plain.find((one) => one.impid === impid && one.dealid === dealid);
        if (before === undefined) continue;
        expect(price).toBeLessThanOrEqual(before.price);
        if (dealid !== undefined) expect(price).toBe(before.price);
        if (price < before.price) shaded++;
      }
      const { offers } = bidder;
      for (let i = 0; i < offers.count; i++) {
        expect(offers.items[i]!.reservedMicros).toBeGreaterThan(0);
      }
    }
    expect(shaded).toBeGreaterThan(8);
  });

  test("a click's value times the click rate is what is bid", async () => {
    const { exchange, body, nowMs } = bidding.find(({ name }) => name.endsWith("/quantity"))!;
    const price = { goal: "cpc", cpmMicros: 900_000_000, maxMicros: 50_000_000 } as Partial<Price>;
    const { ask, bidder } = await start(nowMs, price);
    ask(exchange, body);
    // One click in a thousand until something is known: 0.90 a click is 0.90 a thousand.
    const { base, shown } = {
      base: bidder.decision.price.baseMicros,
      shown: bidder.decision.price.valueMicros,
    };
    expect(base).toBeGreaterThan(899_000);
    expect(base).toBeLessThan(901_000);
    expect(shown).toBeGreaterThan(0);
  });

  test("a held campaign does not bid at its exchange, and a learnt life shortens the hold", async () => {
    const { exchange, body, nowMs } = bidding.find(({ name }) => name.endsWith("/quantity"))!;
    const { ask, bidder, state } = await start(nowMs, {});
    expect(ask(exchange, body).status).toBe(200);
    const [offer] = bidder.offers.items;
    const { id } = bidder.decision.exchange;
    const before = offer!.expirySec - offer!.timeSec;
    state.learnt.lives.put(id, offer!.media, 42);
    expect(ask(exchange, body).status).toBe(200);
    expect(before).toBeGreaterThan(42);
    expect(offer!.expirySec - offer!.timeSec).toBe(42);
    state.learnt.lives.put(id, offer!.media, before + 1000);
    expect(ask(exchange, body).status).toBe(200);
    expect(offer!.expirySec - offer!.timeSec).toBe(before);
    for (const campaign of bidder.decision.table.lineItemCampaign) {
      state.learnt.holds.hold(campaign, id + 1);
    }
    expect(ask(exchange, body).status).toBe(200);
    for (const campaign of bidder.decision.table.lineItemCampaign) {
      state.learnt.holds.hold(campaign, id);
    }
    expect(ask(exchange, body).outcome).toBe("no_allowance");
  });
});
