import { demoIdentifier, demoPerson, demoSeed } from "../bank/generate/demo-person.js";
import type { SeededRandom } from "../base/random.js";
import type { Exchange } from "../campaign/exchange.js";
import type { MarketFormat } from "./fake-exchange-market.js";

/** One request of the fake exchange, and what the auction must know of it. */
export type AuctionRequest = {
  readonly exchange: Exchange;
  /** As sent; parsed by whoever checks the answer. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly format: MarketFormat;
  /** 1 = first price, 2 = second price. */
  readonly auctionType: 1 | 2;
  readonly currency: string;
  /** Units of the currency for one US dollar. */
  readonly perDollar: number;
  /** CPM in the currency. */
  readonly floor: number;
  readonly deal: { readonly id: string; readonly floor: number } | null;
  /** 0 to 1: how much the place is sought after. */
  readonly quality: number;
};

const currencies = [
  { code: "USD", perDollar: 1, country: "USA", share: 0.55 },
  { code: "EUR", perDollar: 0.91, country: "DEU", share: 0.15 },
  { code: "CNY", perDollar: 7.1, country: "CHN", share: 0.15 },
  { code: "INR", perDollar: 86, country: "IND", share: 0.15 },
] as const;
const sizes = [
  ...[
    { w: 300, h: 250 },
    { w: 728, h: 90 },
    { w: 320, h: 50 },
    { w: 300, h: 600 },
  ],
  ...[
    { w: 336, h: 280 },
    { w: 160, h: 600 },
  ],
];
const sections = ["news", "sport", "weather", "cooking", "travel", "cars", "music", "games"];
const apps = ["com.example.puzzle", "com.example.radio", "com.example.maps", "com.example.chat"];
const deal = { id: "PAVILION-2026", floor: 9 };
/** People of the demo who come by; some much more often than others, so that caps bind. */
const knownPeople = 4000;
/** Looked through for people of the invite-only segment. */
const lookedThrough = 1500;
const premium = "premium.luxury-pavilion";

/** The stream of requests: seeded, every one different. */
export class BidTraffic {
  private readonly random: SeededRandom;
  private readonly exchanges: readonly Exchange[];
  private premiumPeople: readonly number[] | null = null;
  private count = 0;

  constructor(random: SeededRandom, exchanges: readonly Exchange[]) {
    this.random = random;
    this.exchanges = exchanges;
  }

  next(): AuctionRequest {
    const { random } = this;
    const exchange = random.pick(this.exchanges);
    const inDeal = exchange.name !== "onebid" && random.below(40) === 0;
    const { code: currency, perDollar, country } = inDeal ? currencies[0] : this.currency();
    const format = inDeal ? "banner" : this.format();
    const auctionType = exchange.atDefault;
    const quality = random.fraction();
    // Whole hundredths, as exchanges state floors; some imps have none.
    const floorUsd = random.below(5) === 0 ? 0 : 0.05 + 1.6 * quality * random.fraction();
    const floor = Math.round(floorUsd * perDollar * 100) / 100;
    const imp = {
      id: "1",
      ...{ bidfloor: floor, bidfloorcur: currency, secure: 1 },
      tagid: `/7/${random.pick(sections)}/${random.below(40)}`,
      ...this.media(format),
      ...(inDeal
        ? { pmp: { private_auction: 1, deals: [{ ...dealTerms, at: auctionType }] } }
        : {}),
    };
    const request = {
      ...{ id: `fake-${(++this.count).toString(36)}-${random.nextU32().toString(36)}` },
      ...{ at: auctionType, tmax: 200, cur: [currency], imp: [imp], ...this.place(quality) },
      device: this.device(country, inDeal),
      regs: { coppa: 0 },
    };
    const offered = inDeal ? deal : null;
    return {
      ...{ exchange, request, format, auctionType, currency, perDollar, floor, quality },
      deal: offered,
    };
  }

  private currency(): (typeof currencies)[number] {
    let draw = this.random.fraction();
    for (const currency of currencies) {
      draw -= currency.share;
      if (draw < 0) return currency;
    }
    return currencies[0];
  }

  private format(): MarketFormat {
    const draw = this.random.below(20);
    if (draw < 12) return "banner";
    if (draw < 16) return "video";
    return draw < 18 ? "native" : "audio";
  }

  private media(format: MarketFormat): object {
    const { random } = this;
    switch (format) {
      case "banner":
        return { banner: { ...random.pick(sizes), pos: random.below(4) } };
      case "video":
        return {
          video: {
            ...{ mimes: ["video/mp4"], protocols: [2, 3, 6], w: 1280, h: 720, linearity: 1 },
            ...{ minduration: 5, maxduration: 30 },
          },
        };
      case "audio":
        return { audio: { mimes: ["audio/mpeg"], protocols: [2, 3, 7, 9], maxduration: 30 } };
      case "native":
        return { native: { request: nativeRequest, ver: "1.2" } };
    }
  }

  private place(quality: number): object {
    const { random } = this;
    if (random.below(3) === 0) {
      const bundle = random.pick(apps);
      return { app: { id: bundle, bundle, name: bundle.split(".").at(-1), cat: ["IAB9"] } };
    }
    const section = random.pick(sections);
    const domain = `${section}${Math.floor(quality * 40)}.example`;
    const page = `https://${domain}/${random.below(1000)}`;
    return { site: { domain, page, publisher: { id: `p${random.below(30)}` } } };
  }

  /** Half of the requests are of people whom the demo knows, half of strangers. */
  private device(country: string, inDeal: boolean): object {
    const { random } = this;
    const ip = `203.0.113.${1 + random.below(250)}`;
    const common = { geo: { country }, ip, ua: "Mozilla/5.0", devicetype: 4 };
    if (inDeal || random.below(2) === 0) {
      const skewed = Math.floor(knownPeople * random.fraction() ** 3);
      const person = inDeal ? random.pick(this.premium()) : skewed;
      const identifier = demoIdentifier(demoSeed, person);
      if (identifier !== undefined) {
        const os = identifier.kind === "idfa" ? "iOS" : "Android";
        return { ...common, os, ifa: identifier.value };
      }
    }
    const hex = (digits: number): string =>
      random.nextU32().toString(16).padStart(8, "0").slice(0, digits);
    const ifa = `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`;
    return { ...common, os: "Android", ifa };
  }

  private premium(): readonly number[] {
    this.premiumPeople ??= Array.from({ length: lookedThrough }, (_, n) => n).filter((n) =>
      demoPerson(n).segments.includes(premium),
    );
    return this.premiumPeople.length === 0 ? [0] : this.premiumPeople;
  }
}

const dealTerms = { id: deal.id, bidfloor: deal.floor, bidfloorcur: "USD" };
const nativeRequest = JSON.stringify({
  ver: "1.2",
  assets: [
    { id: 1, required: 1, title: { len: 90 } },
    { id: 2, required: 1, img: { type: 3, wmin: 300, hmin: 150 } },
    { id: 3, required: 0, data: { type: 1 } },
  ],
});
