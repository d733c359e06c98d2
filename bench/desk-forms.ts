import type { DeskKind, EntityChange, JsonObject } from "../src/admin/store/desk-store.js";

/** The line item whose bids are watched: alone in its country, so that it is always its turn. */
export const watchedLineItem = 1;
export const watchedCountry = "USA";

const lineItemsPerCampaign = 5;
const campaignsPerAdvertiser = 20;
const countries = ["MEX", "DEU", "FRA", "GBR", "JPN", "BRA", "IND", "CHN"];

/** A desk of `count` line items with a creative each, as changes that make it. */
export function deskForms(count: number): readonly EntityChange[] {
  const changes: EntityChange[] = [];
  const add = (kind: DeskKind, form: JsonObject): void => {
    const state = { draft: false, archived: false, agency: "1", file: "", seed: null };
    changes.push({ kind, key: String(form["id"]), base: null, form, ...state });
  };
  add("agency", { id: 1, name: "Agency", seats: { openrtb26: "seat" } });
  const campaigns = Math.ceil(count / lineItemsPerCampaign);
  const advertisers = Math.ceil(campaigns / campaignsPerAdvertiser);
  for (let id = 1; id <= advertisers; id++) {
    const [domains, currency] = [[`brand-${id}.example`], id % 2 === 0 ? "EUR" : "USD"];
    add("advertiser", { id, agency: 1, name: `Brand ${id}`, domains, currency, timeZone: "UTC" });
  }
  const advertiserOf = (campaign: number): number => Math.ceil(campaign / campaignsPerAdvertiser);
  for (let id = 1; id <= campaigns; id++) {
    const flight = { start: "2024-01-01", end: "2037-12-31" };
    const budget = { total: 9_000_000, daily: 9000 };
    const own = { flight, budget, pacing: "asap" };
    add("campaign", { id, advertiser: advertiserOf(id), name: `Campaign ${id}`, ...own });
  }
  for (let id = 1; id <= count; id++) {
    const campaign = Math.ceil(id / lineItemsPerCampaign);
    const country = id === watchedLineItem ? watchedCountry : countries[id % countries.length]!;
    add("creative", {
      ...{ id, advertiser: advertiserOf(campaign), name: `Banner ${id}`, format: "html" },
      ...{ sizes: ["300x250"], html: `<a href="{CLICK_URL}">offer ${id}</a>`, approveAll: true },
      landingPage: `https://www.brand-${advertiserOf(campaign)}.example/${id}`,
    });
    add("lineItem", {
      ...{ id, campaign, name: `Line ${id}`, creatives: [{ id }], withoutId: "contextual" },
      targeting: { include: { countries: [country] }, exclude: { sites: ["bad.example"] } },
      price: { cpm: (200 + (id % 50)) / 100, maxCpm: 9 },
    });
  }
  return changes;
}
