import type { CampaignBook, CreativeModel, LineItem, Markup } from "../../campaign/model.js";
import { fraction } from "./decimal.js";
import type { ExchangeFacts, WorldFacts } from "./world-facts.js";

/** A world of one line item a medium, for tests of the oracle and of what uses it. */
export const tinyExchange: ExchangeFacts = {
  name: "openrtb26",
  id: 1,
  currency: "USD",
  maxBids: 128,
  maxBidsPerImp: 2,
  noBid: "204",
  seatRequired: true,
  schainRequired: false,
  judgesSellers: false,
  networkMarginMs: 20,
};

const usd = 0x555344;
const startMs = Date.UTC(2026, 0, 1);
const endMs = Date.UTC(2036, 0, 1);

const banner: Markup = { kind: "html", html: "<b>hello</b>" };
const timed = {
  vast: "3.0",
  protocol: 3,
  durationSec: 15,
  linearity: 1,
  bitrateKbps: 800,
} as const;
const video: Markup = {
  ...{ kind: "vastInline", medium: "video", title: "film", skipAfterSec: -1, ...timed },
  mediaFiles: [],
};
const audio: Markup = { ...video, medium: "audio", title: "song" };
const native: Markup = {
  kind: "native",
  title: "Short",
  icon: { url: "https://cdn.example/i.png", width: 80, height: 80 },
  main: { url: "https://cdn.example/m.png", width: 1200, height: 627 },
  data: { 1: "Brand" },
  privacy: "",
};

function creative(id: number, markup: Markup, mimes: readonly string[]): CreativeModel {
  return {
    id: id as CreativeModel["id"],
    advertiser: 1 as CreativeModel["advertiser"],
    name: `creative ${id}`,
    markup,
    sizes: markup.kind === "html" ? [{ width: 300, height: 250 }] : [],
    landingPage: "https://brand.example/",
    domains: ["brand.example"],
    categories: [{ taxonomy: 1, id: "IAB2-3" }],
    attributes: [],
    apis: [],
    bannerType: markup.kind === "html" ? 2 : 0,
    mimes,
    language: "en",
    bundle: "",
    expandable: false,
    secure: true,
    dsa: null,
    approvedBy: "all",
  };
}

const creatives = [
  creative(1, banner, ["text/html"]),
  creative(2, video, ["video/mp4"]),
  creative(3, audio, ["audio/mpeg"]),
  creative(4, native, []),
];

function lineItem(id: number, creativeId: number): LineItem {
  return {
    id: id as LineItem["id"],
    campaign: 1 as LineItem["campaign"],
    name: `line item ${id}`,
    paused: false,
    targeting: { include: {}, exclude: {} },
    openAuction: true,
    audience: null,
    price: {
      cpmMicros: 1_000_000 as LineItem["price"]["cpmMicros"],
      maxMicros: 3_000_000 as LineItem["price"]["maxMicros"],
      factorMinPermille: 500,
      factorMaxPermille: 2000,
      contextModifiers: [],
      personModifiers: [],
    },
    frequency: [],
    withoutId: "contextual",
    creatives: [{ id: creativeId as CreativeModel["id"], weight: 1 }],
  };
}

const book: CampaignBook = {
  agencies: [{ id: 1 as never, name: "agency", seats: { openrtb26: "seat-1" } }],
  advertisers: [
    {
      id: 1 as never,
      agency: 1 as never,
      name: "brand",
      domains: ["brand.example"],
      currency: usd as never,
      timeZone: "UTC",
    },
  ],
  campaigns: [
    {
      id: 1 as never,
      advertiser: 1 as never,
      name: "campaign",
      timeZone: "UTC",
      startMs: startMs as never,
      endMs: endMs as never,
      budget: { totalNanos: 10n ** 18n, dailyNanos: 0n },
    },
  ],
  lineItems: creatives.map(({ id }) => lineItem(id, id)),
  creatives,
  deals: [],
};

export const tinyFacts: WorldFacts = {
  book,
  exchanges: [tinyExchange],
  rates: new Map([
    ["USD", fraction(1n, 1n)],
    ["EUR", fraction(9n, 10n)],
    ["INR", fraction(88n, 1n)],
  ]),
  privacy: {
    tcf: {
      vendorId: 4000,
      declared: { consent: [1, 2, 3, 4, 7, 10], legitimateInterest: [], flexible: [2, 7, 10] },
      contextualPurposes: [2],
      tagPurposes: [1, 2, 3, 4, 7, 10],
      disclosureRequired: true,
      maxAgeDays: 395,
    },
    us: { noticeRequired: true },
    markets: {
      EU: {
        countries: ["FRA", "DEU"],
        regime: "tcf",
        gdprWhenUnstated: true,
        gdprWhenDenied: true,
        withoutSignal: "none",
      },
    },
    otherMarket: {
      regime: "tcf",
      gdprWhenUnstated: false,
      gdprWhenDenied: false,
      withoutSignal: "contextual",
    },
    eidSources: [],
    thirdPartyHosts: [],
  },
  nowMs: Date.UTC(2026, 10, 22),
};
