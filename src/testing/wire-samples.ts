// biome-ignore-all lint/suspicious/noTemplateCurlyInString: macros of exchanges look like this
import type { CreativeId, ExchangeId } from "../base/ids.js";
import { NoticeKind } from "../base/lists.js";
import type { CurrencyCode } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CreativeModel, Markup, MediaFile, VastVersion } from "../campaign/model.js";

/** Tiny creatives, exchanges and agencies for tests of the wire. */
export const publicUrl = "https://bidder.example";

export function sampleExchange(index: number, with_: Partial<Exchange> = {}): Exchange {
  return {
    id: (index + 1) as ExchangeId,
    index,
    name: `exchange${index}`,
    version: "2.6",
    atDefault: 1,
    currency: packAlpha3("USD") as CurrencyCode,
    identityOrder: [],
    maxBidsPerImp: 3,
    maxBids: 64,
    noBid: "204",
    gzipRequests: true,
    networkMarginMs: 20,
    tmaxDefaultMs: 100,
    queriesPerSecMax: 0,
    seatRequired: false,
    priceMacro: "${AUCTION_PRICE}",
    clickMacro: "",
    notices: [NoticeKind.WIN, NoticeKind.BILL, NoticeKind.LOSS, NoticeKind.IMPRESSION],
    billsBy: NoticeKind.BILL,
    schainRequired: false,
    sellersBlocked: [],
    sellersAllowed: [],
    expDefaultSec: 300,
    secretSha256: "",
    addresses: [],
    dialect: index,
    ...with_,
  };
}

export function sampleCreative(
  id: number,
  markup: Markup,
  with_: Partial<CreativeModel> = {},
): CreativeModel {
  const banner = markup.kind === "html" || markup.kind === "thirdPartyTag";
  return {
    id: id as CreativeId,
    advertiser: 1 as CreativeModel["advertiser"],
    name: `creative ${id}`,
    markup,
    sizes: banner ? [{ width: 300, height: 250 }] : [],
    landingPage: `https://shop.example/landing/${id}?a=1&b=2`,
    domains: ["shop.example"],
    categories: [
      { taxonomy: 1, id: "IAB17" },
      { taxonomy: 7, id: "483" },
    ],
    attributes: [1, 6],
    apis: [],
    bannerType: banner ? 2 : 0,
    mimes: banner ? ["text/html"] : [],
    language: "en",
    bundle: "",
    expandable: false,
    secure: true,
    dsa: null,
    approvedBy: "all",
    ...with_,
  };
}

export const html = (text: string): Markup => ({ kind: "html", html: text });
export const tag = (text: string): Markup => ({ kind: "thirdPartyTag", tag: text });

export const mediaFile = (with_: Partial<MediaFile> = {}): MediaFile => ({
  url: "https://cdn.example/a.mp4?x=1&y=2",
  mime: "video/mp4",
  width: 640,
  height: 360,
  bitrateKbps: 1200,
  ...with_,
});

export function vastInline(
  vast: VastVersion,
  with_: Partial<Extract<Markup, { kind: "vastInline" }>> = {},
): Markup {
  return {
    kind: "vastInline",
    medium: "video",
    vast,
    protocol: { "2.0": 2, "3.0": 3, "4.0": 7, "4.1": 11, "4.2": 13, "4.3": 15 }[vast],
    durationSec: 95,
    linearity: 1,
    skipAfterSec: -1,
    bitrateKbps: 1200,
    title: "Shoes & socks",
    mediaFiles: [mediaFile()],
    ...with_,
  };
}

export const vastWrapper = (
  vast: VastVersion,
  with_: Partial<Extract<Markup, { kind: "vastWrapper" }>> = {},
): Markup => ({
  kind: "vastWrapper",
  medium: "video",
  vast,
  protocol: 6,
  durationSec: 30,
  linearity: 1,
  skipAfterSec: -1,
  bitrateKbps: 0,
  url: "https://ads.example/vast?id=1&cb=[CACHEBUSTING]",
  ...with_,
});

export const native = (with_: Partial<Extract<Markup, { kind: "native" }>> = {}): Markup => ({
  kind: "native",
  title: "Walk on air",
  icon: { url: "https://cdn.example/icon.png", width: 64, height: 64 },
  main: { url: "https://cdn.example/main.jpg", width: 1200, height: 627 },
  data: { 1: "Shop", 2: "Shoes for every road", 12: "Buy now" },
  privacy: "https://shop.example/privacy",
  ...with_,
});
