import type { CurrencyCode, Micros, UnixMs } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import type {
  Advertiser,
  Agency,
  AudienceExpression,
  Campaign,
  CampaignBook,
  CreativeModel,
  Deal,
  LineItem,
  Markup,
} from "../campaign/model.js";

/** What a worker is warmed up with is for sale nowhere: every name below is made up. */
export const warmUpHost = "warm-up.example";
export const warmUpCountry = "USA";
export const warmUpSizes = ["300x250", "320x50", "728x90", "336x280"] as const;
/** Two planes of them, as a row of people has in most snapshots. */
export const warmUpSegments: readonly string[] = Array.from({ length: 40 }, (_, n) => `warm.${n}`);
export const warmUpDealOf = (exchange: Pick<Exchange, "id">): string => `warm-deal-${exchange.id}`;

const lineItems = 160;
const lineItemsPerCampaign = 4;
const advertisers = 8;
const agencies = 2;

const numbered = <T>(count: number, make: (id: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i + 1));
const usd = packAlpha3("USD") as CurrencyCode;
const eur = packAlpha3("EUR") as CurrencyCode;

/**
 * A book with a line item of every kind that the bid path tells apart: each format, contextual and
 * by audience, capped and not, fixed and shaded prices, modifiers of both kinds, deals.
 */
export function warmUpBook(exchanges: readonly Exchange[]): CampaignBook {
  const seats = Object.fromEntries(exchanges.map(({ name }) => [name, "warm-up"]));
  return {
    agencies: numbered(agencies, (id) => ({ id: id as Agency["id"], name: "Warm-up", seats })),
    advertisers: numbered(advertisers, advertiserOf),
    campaigns: numbered(lineItems / lineItemsPerCampaign, campaignOf),
    lineItems: numbered(lineItems, (id) => lineItemOf(id, exchanges)),
    creatives: numbered(lineItems, creativeOf),
    deals: exchanges.map(dealOf),
  };
}

const advertiserOf = (id: number): Advertiser => ({
  id: id as Advertiser["id"],
  agency: (1 + (id % agencies)) as Agency["id"],
  name: `Warm-up ${id}`,
  domains: [`brand-${id}.${warmUpHost}`],
  // A price in a currency that is not the answer's is converted.
  currency: id % 4 === 0 ? eur : usd,
  timeZone: id % 2 === 0 ? "Europe/Berlin" : "America/New_York",
});

const campaignOf = (id: number): Campaign => ({
  id: id as Campaign["id"],
  advertiser: (1 + (id % advertisers)) as Advertiser["id"],
  name: `Warm-up ${id}`,
  timeZone: "UTC",
  startMs: Date.UTC(2024, 0, 1) as UnixMs,
  endMs: Date.UTC(2099, 0, 1) as UnixMs,
  budget: { totalNanos: 10n ** 18n, dailyNanos: 0n },
});

const campaignIdOf = (lineItem: number): number => Math.ceil(lineItem / lineItemsPerCampaign);

function lineItemOf(id: number, exchanges: readonly Exchange[]): LineItem {
  const cpm = 1 + (id % 37) / 9;
  const strategies = ["fixed", "shade", "linear"] as const;
  const deals = exchanges.map(warmUpDealOf);
  return {
    id: id as LineItem["id"],
    campaign: campaignIdOf(id) as Campaign["id"],
    name: `Warm-up ${id}`,
    paused: false,
    targeting: {
      include: { ...includeOf(id), ...(id % 16 === 5 ? { deals } : {}) },
      exclude: id % 5 === 0 ? { categories: ["IAB25", "IAB26"] } : {},
    },
    openAuction: id % 32 === 5,
    audience: audienceOf(id),
    price: {
      ...{ cpmMicros: microsFromCurrency(cpm), maxMicros: microsFromCurrency(2 * cpm) },
      strategy: strategies[id % 3] ?? "fixed",
      ...{ factorMinPermille: 500, factorMaxPermille: 2000 },
      contextModifiers:
        id % 3 === 0
          ? [
              { when: { deviceTypes: ["phone"] }, factorPermille: 1200 },
              { when: { countries: [warmUpCountry] }, factorPermille: 900 },
            ]
          : [],
      personModifiers: id % 7 === 0 ? [{ when: segmentOf(id), factorPermille: 1250 }] : [],
    },
    frequency: id % 4 === 0 ? [{ impressions: 2 + (id % 5), windowSec: 86_400 }] : [],
    withoutId: id % 8 === 0 ? "skip" : "contextual",
    creatives: [{ id: id as CreativeModel["id"], weight: 1 }],
  };
}

const segmentOf = (id: number): string => warmUpSegments[id % warmUpSegments.length] ?? "";

function includeOf(id: number): LineItem["targeting"]["include"] {
  switch (id % 8) {
    case 0:
      return { countries: [warmUpCountry, "DEU"], deviceTypes: ["phone", "tablet"] };
    case 1:
      return { categories: ["IAB12", "IAB19"], countries: [warmUpCountry] };
    case 2:
      return { sites: [`site-${id % 5}.${warmUpHost}`, `site-${id % 3}.${warmUpHost}`] };
    case 3:
      return { os: ["ios", "android"], apps: [`example.warm.app${id % 4}`] };
    case 4:
      return { publishers: [`pub-${id % 6}`] };
    case 6:
      return { inventory: ["site"], dayParts: ["mon-sun 00:00-24:00"] };
    default:
      return {};
  }
}

function audienceOf(id: number): AudienceExpression | null {
  if (id % 3 !== 0) return null;
  const [one, two] = [segmentOf(id), segmentOf(id + 7)];
  if (id % 2 === 0) return one;
  return id % 9 === 0 ? { all: [one, { none: [two] }] } : { any: [one, two] };
}

const dealOf = (exchange: Exchange): Deal => ({
  deal: warmUpDealOf(exchange),
  exchange: exchange.id,
  name: "Warm-up",
  type: "private",
  floorMicros: 0 as Micros,
  floorCurrency: usd,
  inviteOnly: [],
});

function creativeOf(id: number): CreativeModel {
  const markup = markupOf(id);
  const [width = 0, height = 0] = (warmUpSizes[id % warmUpSizes.length] ?? "")
    .split("x")
    .map(Number);
  const banner = markup.kind === "html";
  const advertiser = 1 + (campaignIdOf(id) % advertisers);
  return {
    id: id as CreativeModel["id"],
    advertiser: advertiser as Advertiser["id"],
    name: `Warm-up ${id}`,
    markup,
    sizes: banner ? [{ width, height }] : [],
    landingPage: `https://brand-${advertiser}.${warmUpHost}/offer/${id}`,
    domains: [`brand-${advertiser}.${warmUpHost}`],
    categories: [{ taxonomy: 1, id: id % 2 === 0 ? "IAB19-6" : "IAB17-44" }],
    attributes: [],
    apis: [],
    bannerType: banner ? 2 : 0,
    mimes: markup.kind === "html" ? ["text/html"] : timedMimes(markup),
    ...{ language: "", bundle: "", expandable: false, secure: true, dsa: null, approvedBy: "all" },
  };
}

const timedMimes = (markup: Markup): readonly string[] => {
  if (markup.kind !== "vastInline") return [];
  return [markup.medium === "audio" ? "audio/mp4" : "video/mp4"];
};

/** Six of ten banners, two video, one audio, one native. */
function markupOf(id: number): Markup {
  const kind = (id * 7) % 10;
  const address = `https://${warmUpHost}/${id}`;
  if (kind < 6) {
    const link = `<a href="{CLICK_URL}"><img src="${address}.png" alt=""></a>`;
    return { kind: "html", html: link + "<!-- filler -->".repeat(20) };
  }
  if (kind === 9) {
    return {
      ...{ kind: "native", title: `Offer ${id}`, privacy: "" },
      icon: { url: `${address}-icon.png`, width: 80, height: 80 },
      main: { url: `${address}-main.png`, width: 1200, height: 627 },
      data: { 1: `Brand ${id}`, 2: "Now in store", 12: "See more" },
    };
  }
  const medium = kind === 8 ? "audio" : "video";
  const [width, height] = medium === "audio" ? [0, 0] : [1280, 720];
  return {
    ...{ kind: "vastInline", medium, vast: "3.0", protocol: 3, durationSec: 15, linearity: 1 },
    ...{ skipAfterSec: -1, bitrateKbps: 0, title: `Spot ${id}` },
    mediaFiles: [{ url: `${address}.mp4`, mime: `${medium}/mp4`, bitrateKbps: 0, width, height }],
  };
}
