import { SeededRandom } from "../base/random.js";
import type { CurrencyCode, UnixMs } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import type {
  Advertiser,
  Agency,
  AudienceExpression,
  Campaign,
  CampaignBook,
  CreativeModel,
  LineItem,
  Markup,
  Size,
} from "../campaign/model.js";
import type { Facets } from "../campaign/targeting.js";

/**
 * What a synthetic book holds besides its number of line items; shares are 0..1 of the line items.
 */
export type SyntheticOptions = {
  /** Segments that audiences are drawn from; none = no audiences. */
  readonly segments?: readonly string[];
  readonly audienceShare?: number;
  readonly cappedShare?: number;
  readonly modifierShare?: number;
  readonly startMs?: UnixMs;
  readonly endMs?: UnixMs;
};

const bannerSizes: readonly Size[] = [
  [300, 250],
  [728, 90],
  [320, 50],
  [160, 600],
  [970, 250],
  [300, 600],
  [336, 280],
  [468, 60],
].map(([width = 0, height = 0]) => ({ width, height }));

export const syntheticCountries = ["USA", "CHN", "IND", "DEU", "FRA", "GBR", "JPN", "BRA"] as const;
const categories = ["IAB1", "IAB2-1", "IAB3", "IAB9-30", "IAB17-44", "IAB18", "IAB19-6", "IAB22"];
const devices = ["phone", "tablet", "pc", "tv"];
const lineItemsPerCampaign = 5;
const campaignsPerAdvertiser = 4;
const advertisersPerAgency = 3;

/**
 * A realistic book of `lineItems` line items, the same for the same arguments. Ids count from 1.
 * Each line item has one creative of its own: six of ten banners, two video, one audio, one native.
 */
export function syntheticModel(
  seed: number,
  lineItems: number,
  options: SyntheticOptions = {},
): CampaignBook {
  const random = new SeededRandom(seed);
  const campaigns = Math.ceil(lineItems / lineItemsPerCampaign);
  const advertisers = Math.ceil(campaigns / campaignsPerAdvertiser);
  const agencies = Math.ceil(advertisers / advertisersPerAgency);
  return {
    agencies: numbered(agencies, agencyOf),
    advertisers: numbered(advertisers, advertiserOf),
    campaigns: numbered(campaigns, (id) => campaignOf(id, options)),
    lineItems: numbered(lineItems, (id) => lineItemOf(id, random, options)),
    creatives: numbered(lineItems, creativeOf),
    deals: [],
  };
}

const numbered = <T>(count: number, make: (id: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i + 1));

const agencyOf = (id: number): Agency => ({
  id: id as Agency["id"],
  name: `Agency ${id}`,
  seats: { openrtb26: `seat-${id}`, openrtb25: `seat-${id}`, onebid: `seat-${id}` },
});

const parentOf = (id: number, each: number): number => Math.ceil(id / each);

const advertiserOf = (id: number): Advertiser => ({
  id: id as Advertiser["id"],
  agency: parentOf(id, advertisersPerAgency) as Agency["id"],
  name: `Brand ${id}`,
  domains: [`brand-${id}.example`],
  currency: packAlpha3(["USD", "EUR", "CNY", "INR"][id % 4] ?? "USD") as CurrencyCode,
  timeZone: ["America/New_York", "Europe/Berlin", "Asia/Shanghai", "Asia/Kolkata"][id % 4] ?? "UTC",
});

const campaignOf = (id: number, options: SyntheticOptions): Campaign => ({
  id: id as Campaign["id"],
  advertiser: parentOf(id, campaignsPerAdvertiser) as Advertiser["id"],
  name: `Campaign ${id}`,
  timeZone: advertiserOf(parentOf(id, campaignsPerAdvertiser)).timeZone,
  startMs: options.startMs ?? (Date.UTC(2024, 0, 1) as UnixMs),
  endMs: options.endMs ?? (Date.UTC(2034, 0, 1) as UnixMs),
  budget: { totalNanos: 10n ** 18n, dailyNanos: 0n },
});

/** Units of each currency for about one US dollar, so that prices compare. */
const dollarIn = [1, 1, 7, 85];

function lineItemOf(id: number, random: SeededRandom, options: SyntheticOptions): LineItem {
  const campaign = parentOf(id, lineItemsPerCampaign);
  const dollar = dollarIn[parentOf(campaign, campaignsPerAdvertiser) % 4] ?? 1;
  const cpm = Math.round((0.5 + random.fraction() * 7.5) * dollar * 100) / 100;
  return {
    id: id as LineItem["id"],
    campaign: campaign as Campaign["id"],
    name: `Line item ${id}`,
    paused: false,
    targeting: { include: includeOf(id, random), exclude: excludeOf(random) },
    audience: audienceOf(random, options),
    price: {
      cpmMicros: microsFromCurrency(cpm),
      maxMicros: microsFromCurrency(cpm * 2),
      factorMinPermille: 500,
      factorMaxPermille: 2000,
      contextModifiers:
        random.fraction() < (options.modifierShare ?? 0.3)
          ? [
              { when: { deviceTypes: [random.pick(devices)] }, factorPermille: 1200 },
              { when: { countries: [random.pick(syntheticCountries)] }, factorPermille: 900 },
            ]
          : [],
      personModifiers: [],
    },
    frequency:
      random.fraction() < (options.cappedShare ?? 0.2)
        ? [{ impressions: 1 + random.below(9), windowSec: 86_400 }]
        : [],
    withoutId: "contextual",
    creatives: [{ id: id as CreativeModel["id"], weight: 1 }],
  };
}

/** Half by country, a third by site, app or publisher, some by key-values, the rest broad. */
function includeOf(id: number, random: SeededRandom): Facets {
  const draw = random.below(20);
  const some = <T>(choices: readonly T[], most: number): T[] => [
    ...new Set(numbered(1 + random.below(most), () => random.pick(choices))),
  ];
  if (draw < 7) return { countries: some(syntheticCountries, 3), deviceTypes: some(devices, 2) };
  if (draw < 10) return { countries: some(syntheticCountries, 2), categories: some(categories, 3) };
  if (draw < 13) return { sites: numbered(1 + random.below(20), () => siteName(random)) };
  if (draw < 15) return { apps: numbered(1 + random.below(10), () => appName(random)) };
  if (draw < 17) return { publishers: [`pub-${random.below(5000)}`], os: ["ios", "android"] };
  if (draw < 18) return { keyValues: { section: [`section-${random.below(500)}`] } };
  if (draw < 19)
    return { dayParts: ["mon-fri 06:00-23:00"], countries: some(syntheticCountries, 2) };
  return id % 3 === 0 ? {} : { inventory: [id % 2 === 0 ? "site" : "app"] };
}

const siteName = (random: SeededRandom): string => `site-${random.below(20_000)}.example`;
const appName = (random: SeededRandom): string => `example.app${random.below(10_000)}`;

function excludeOf(random: SeededRandom): Facets {
  const draw = random.below(10);
  if (draw < 2) return { categories: ["IAB25", "IAB26"] };
  return draw < 3 ? { sites: numbered(1 + random.below(50), () => siteName(random)) } : {};
}

function audienceOf(random: SeededRandom, options: SyntheticOptions): AudienceExpression | null {
  const { segments = [], audienceShare = 0.4 } = options;
  if (segments.length === 0 || random.fraction() >= audienceShare) return null;
  const one = random.pick(segments);
  const draw = random.below(4);
  if (draw === 0) return { any: [one, random.pick(segments), random.pick(segments)] };
  if (draw === 1) return { all: [one, { none: [random.pick(segments.filter((s) => s !== one))] }] };
  return one;
}

function creativeOf(id: number): CreativeModel {
  const advertiser = parentOf(parentOf(id, lineItemsPerCampaign), campaignsPerAdvertiser);
  const markup = markupOf(id);
  const size = bannerSizes[id % bannerSizes.length]!;
  const banner = markup.kind === "html" || markup.kind === "thirdPartyTag";
  return {
    id: id as CreativeModel["id"],
    advertiser: advertiser as Advertiser["id"],
    name: `Creative ${id}`,
    markup,
    sizes: banner ? [size] : [],
    landingPage: `https://brand-${advertiser}.example/offer/${id}`,
    domains: [`brand-${advertiser}.example`],
    categories: [{ taxonomy: 1, id: categories[advertiser % categories.length] ?? "IAB1" }],
    attributes: [],
    apis: [],
    bannerType: banner ? 2 : 0,
    mimes:
      { html: ["text/html"], vastInline: ["video/mp4", "audio/mp4"] }[String(markup.kind)] ?? [],
    language: "",
    bundle: "",
    expandable: false,
    secure: true,
    dsa: null,
    approvedBy: "all",
  };
}

/** In the list of the demo's privacy.yaml. */
const listedHost = "cdn.northwind.example";

function markupOf(id: number): Markup {
  const kind = id % 10;
  if (kind < 6) {
    const image = `<img src="https://${listedHost}/${id}.png" alt="">`;
    const text = `<a href="{CLICK_URL}">${image}</a>`;
    return { kind: "html", html: text + "<!-- filler -->".repeat(20) };
  }
  if (kind === 9) {
    return {
      kind: "native",
      title: `Offer ${id}`,
      icon: { url: `https://${listedHost}/icon-${id}.png`, width: 80, height: 80 },
      main: { url: `https://${listedHost}/main-${id}.png`, width: 1200, height: 627 },
      data: { 1: `Brand ${id}`, 2: "Now in store", 12: "See more" },
      privacy: "",
    };
  }
  const audio = kind === 8;
  const file = { bitrateKbps: 0, width: audio ? 0 : 1280, height: audio ? 0 : 720 };
  return {
    kind: "vastInline",
    medium: audio ? "audio" : "video",
    vast: "3.0",
    protocol: 3,
    durationSec: 15,
    linearity: 1,
    skipAfterSec: -1,
    bitrateKbps: 0,
    title: `Spot ${id}`,
    mediaFiles: [
      {
        url: `https://${listedHost}/${id}.mp4`,
        mime: audio ? "audio/mp4" : "video/mp4",
        ...file,
      },
    ],
  };
}
