import type { SourceFile } from "../campaign/document.js";

/**
 * A small sound config as texts, for tests that change one thing in it. `name` is the place in the
 * folder.
 */
const profile = `version: "2.6"
auctionType: first
currency: USD
identityOrder: [idfa, aaid]
maxBidsPerImp: 1
maxBids: 8
noBid: "204"
gzipRequests: true
networkMarginMs: 20
tmaxDefaultMs: 100
queriesPerSecMax: 0
seatRequired: false
priceMacro: "\${AUCTION_PRICE}"
clickMacro: ""
notices: [win, bill]
billsBy: bill
schainRequired: false
expDefaultSec: 600
`;

export const campaignText = `agencies:
  - id: 1
    name: Agency
    seats: {alpha: seat-1}
advertisers:
  - id: 2
    agency: 1
    name: Brand
    domains: [brand.example]
    currency: EUR
    timeZone: Europe/Paris
campaigns:
  - id: 3
    advertiser: 2
    name: Spring
    flight: {start: "2026-12-01", end: "2026-12-31"}
    budget: {total: 1000}
lineItems:
  - id: 4
    campaign: 3
    name: Line
    targeting:
      include:
        countries: [FRA, DEU]
      exclude:
        sites: [bad.example]
    audience:
      all: [aware, {none: [rich]}]
    price: {cpm: 2.5, maxCpm: 5}
    frequency: {impressions: 3, per: 24h}
    creatives: [{id: 5}]
creatives:
  - id: 5
    advertiser: 2
    name: Banner
    format: html
    sizes: ["300x250"]
    html: |
      <a href="{CLICK_URL}">offer</a>
    landingPage: https://www.brand.example/offer
    categories: [IAB1]
    approveAll: true
`;

const texts: Readonly<Record<string, string>> = {
  "campaigns/one.yaml": campaignText,
  "deals.yaml": `deals:
  - deal: D-1
    exchange: alpha
    name: Deal
    type: private
    floor: 3
    floorCurrency: EUR
    inviteOnly: [2]
`,
  "exchanges/alpha.yaml": "id: 1\nname: alpha\nextends: plain\n",
  "exchanges/beta.yaml": "id: 2\nname: beta\nextends: plain\nauctionType: second\n",
  "exchanges/profiles/plain.yaml": profile,
  "rates.yaml": 'base: EUR\nasOf: "2026-12-01"\nfixed: true\nrates: {USD: 1.1, INR: "95.5"}\n',
};

/** The config with some files replaced, added, or (null) left out. */
export function configTexts(change: Readonly<Record<string, string | null>> = {}): SourceFile[] {
  return Object.entries({ ...texts, ...change }).flatMap(([name, text]) =>
    text === null ? [] : [{ path: `config/${name}`, name, text }],
  );
}

/** The campaign file with one text replaced by another; fails when the first is not there. */
export function campaignFileWith(from: string, to: string): SourceFile[] {
  if (!campaignText.includes(from)) throw new Error(`the config has no ${JSON.stringify(from)}`);
  return configTexts({ "campaigns/one.yaml": campaignText.replace(from, () => to) });
}
