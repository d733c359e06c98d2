import { beforeAll, describe, expect, test } from "vitest";
import { candidatesMax } from "../base/limits.js";
import { SeededRandom } from "../base/random.js";
import type { Micros, UnixMs } from "../base/units.js";
import type { CampaignBook, LineItem } from "../campaign/model.js";
import { syntheticCountries, syntheticModel } from "../testing/campaigns.js";
import { type InProcess, startInProcess } from "../testing/in-process.js";

const now = Date.UTC(2026, 10, 26, 12) as UnixMs;
const segments = ["one", "two", "three"];
const idfaOf = (n: number): string =>
  `${(n + 1).toString(16).padStart(8, "0")}-0000-4000-8000-000000000001`;
/** 0 is in no segment, 1 in all, the others in one each. */
const people = [[], segments, ...segments.map((name) => [name])].map((names, n) => ({
  idfa: idfaOf(n),
  segments: names,
}));

const worldOf = (book: CampaignBook): Promise<InProcess> =>
  startInProcess({
    ...{ configFolder: "config/demo", now, seed: 1, otherSegments: segments },
    snapshot: { people },
    reading: ({ config, ...rest }) => ({
      ...rest,
      config: config === null ? null : { ...config, book },
    }),
  });

function bodyOf(random: SeededRandom, person: number): Buffer {
  const imps = Array.from({ length: 1 + random.below(3) }, (_, n) => ({
    id: String(n),
    secure: 1,
    bidfloor: random.below(10) === 0 ? 5 : random.fraction(),
    ...(random.below(5) === 0
      ? { video: { mimes: ["video/mp4"], protocols: [3], minduration: 5, maxduration: 60 } }
      : {
          banner: {
            format: [
              random.pick([
                { w: 300, h: 250 },
                { w: 728, h: 90 },
              ]),
            ],
          },
        }),
  }));
  const country = random.below(2) === 0 ? "USA" : random.pick(syntheticCountries);
  const device = { devicetype: 4, os: "iOS", ifa: idfaOf(person), geo: { country } };
  return Buffer.from(
    JSON.stringify({
      ...{ id: `r${random.nextU32()}`, at: 1, cur: [random.pick(["USD", "EUR", "INR"])] },
      ...{ imp: imps, site: { domain: "news.example" } },
      device: { ...device, ext: { atts: 3 } },
      regs: { us_privacy: "1YNN", gdpr: 0 },
    }),
  );
}

function offersOf({ ask, bidder }: InProcess, exchange: string, body: Buffer): string {
  const { outcome } = ask(exchange, body);
  const { table, scratch } = bidder.decision;
  const looked = candidatesMax - scratch.candidatesLeft;
  const { items, count } = bidder.offers;
  const offers = items
    .slice(0, count)
    .map((one) => [
      ...[one.impIndex, table.lineItemId[one.lineItem], one.creative, one.priceMicros],
      one.reservedMicros,
    ]);
  looks.push(looked);
  return JSON.stringify([outcome, offers]);
}
const looks: number[] = [];

describe("a decision that stops where the rest cannot win", () => {
  const worlds: InProcess[] = [];
  beforeAll(async () => {
    const book = syntheticModel(5, 1500, { segments, audienceShare: 0.3 });
    worlds.push(await worldOf(book), await worldOf(book));
    for (const { state, bidder } of worlds) {
      // Budgets that are gone make it look further.
      const { lineItemAllowance } = bidder.decision.table;
      for (let i = 0; i < lineItemAllowance.length; i += 3) {
        state.allowances[lineItemAllowance[i]!] = 0n;
      }
    }
    // Without a bound nothing stops: every candidate is looked at.
    worlds[1]!.bidder.decision.table.lineItemBound.fill(Number.POSITIVE_INFINITY);
  });

  test("offers what it would offer if it looked at every candidate", () => {
    const random = new SeededRandom(3);
    let further = 0;
    let bids = 0;
    for (let i = 0; i < 250; i++) {
      const body = bodyOf(random, random.below(people.length));
      const exchange = random.pick(["openrtb26", "openrtb25"]);
      const [stopping, whole] = worlds.map((world) => offersOf(world, exchange, body));
      expect(stopping, body.toString()).toBe(whole);
      if (whole?.startsWith('["bid"') === true) bids++;
      if (looks.at(-1)! > looks.at(-2)!) further++;
    }
    expect(bids).toBeGreaterThan(150);
    expect(further).toBeGreaterThan(100);
  });

  test("looks as far for somebody in every audience as for somebody in none", async () => {
    const random = new SeededRandom(4);
    // Without caps: what somebody was shown already may make a decision look further.
    const shares = { audienceShare: 0.7, cappedShare: 0 };
    const world = await worldOf(syntheticModel(5, 600, { segments, ...shares }));
    const { state, bidder } = world;
    for (const place of bidder.decision.table.lineItemAllowance) {
      state.allowances[place] = 10n ** 15n;
    }
    let differ = 0;
    for (let i = 0; i < 150; i++) {
      const seed = random.nextU32();
      const of = (person: number): readonly [string, number] => {
        const offers = offersOf(world, "openrtb26", bodyOf(new SeededRandom(seed), person));
        return [offers, looks.at(-1)!];
      };
      const [nobodys, few] = of(0);
      const [everybodys, many] = of(1);
      if (!nobodys.startsWith('["bid"') || !everybodys.startsWith('["bid"')) continue;
      expect(many).toBe(few);
      if (nobodys !== everybodys) differ++;
    }
    expect(differ).toBeGreaterThan(20);
  });
});

test("a request looks at so many line items, the dearest, and says when that was all", async () => {
  const book = syntheticModel(1, candidatesMax + 1, { cappedShare: 0, modifierShare: 0 });
  const { price } = book.lineItems[0]!;
  const html = book.creatives.find(({ sizes }) => sizes[0]?.width === 300)!;
  const only = (country: string, cpm: number): Partial<LineItem> => ({
    targeting: { include: { deviceTypes: [country === "USA" ? "phone" : "tv"] }, exclude: {} },
    audience: null,
    frequency: [],
    creatives: [{ id: html.id, weight: 1 }],
    price: { ...price, cpmMicros: cpm as Micros, maxMicros: cpm as Micros },
  });
  const answers = await Promise.all(
    [candidatesMax, candidatesMax - 1].map(async (others) => {
      const advertiser = book.advertisers[0]!.id;
      const whole = await worldOf({
        ...book,
        campaigns: book.campaigns.map((one) => ({ ...one, advertiser })),
        creatives: [{ ...html, advertiser }],
        lineItems: book.lineItems
          .slice(0, others + 1)
          .map((one, n) => ({ ...one, ...(n === others ? only("USA", 1e6) : only("", 2e6)) })),
      });
      const imp = [{ id: "1", secure: 1, banner: { w: 300, h: html.sizes[0]!.height } }];
      const device = { devicetype: 4, geo: { country: "USA" } };
      const body = JSON.stringify({ id: "1", imp, site: { domain: "news.example" }, device });
      return whole.ask("openrtb26", Buffer.from(body)).outcome;
    }),
  );
  expect(answers).toEqual(["matching_limit", "bid"]);
});

test("where the limit was reached a stranger's refusal is the limit, not the person", async () => {
  const few = { cappedShare: 0, modifierShare: 0, segments, audienceShare: 1 };
  const book = syntheticModel(1, candidatesMax + 1, few);
  const html = book.creatives.find(({ sizes }) => sizes[0]?.width === 300)!;
  const { audience, price } = book.lineItems.find((one) => one.audience !== null)!;
  const alike: Partial<LineItem> = {
    targeting: { include: { deviceTypes: ["phone"] }, exclude: {} },
    ...{ audience, withoutId: "skip", frequency: [] },
    creatives: [{ id: html.id, weight: 1 }],
    price: { ...price, cpmMicros: 2e6 as Micros, maxMicros: 2e6 as Micros },
  };
  const advertiser = book.advertisers[0]!.id;
  const imp = [{ id: "1", secure: 1, banner: { w: 300, h: html.sizes[0]!.height } }];
  const device = { devicetype: 4, geo: { country: "USA" } };
  const body = JSON.stringify({ id: "1", imp, site: { domain: "news.example" }, device });
  const answers = await Promise.all(
    [candidatesMax + 1, candidatesMax].map(async (count) => {
      const world = await worldOf({
        ...book,
        campaigns: book.campaigns.map((one) => ({ ...one, advertiser })),
        creatives: [{ ...html, advertiser }],
        lineItems: book.lineItems.slice(0, count).map((one) => ({ ...one, ...alike })),
      });
      return world.ask("openrtb26", Buffer.from(body)).outcome;
    }),
  );
  expect(answers).toEqual(["matching_limit", "person"]);
});
