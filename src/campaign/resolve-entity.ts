import type { ExchangeId } from "../base/ids.js";
import type { CurrencyCode } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import { normalise, savedIn, withSaved } from "./audience.js";
import type { DocumentPath } from "./document.js";
import type { Exchange } from "./exchange.js";
import { suggestion } from "./issue.js";
import type {
  Advertiser,
  Agency,
  Budget,
  Campaign,
  CreativeModel,
  Deal,
  LineItem,
  SavedAudience,
} from "./model.js";
import type { EntityKind } from "./places.js";
import { creativeFrom } from "./resolve-creative.js";
import { budgetFrom, frequencyFrom, lineItemFrom } from "./resolve-line-item.js";
import type {
  AdvertiserForm,
  AgencyForm,
  BudgetForm,
  CampaignForm,
  DealForm,
  LineItemForm,
  SavedAudienceForm,
} from "./schema-campaign.js";
import type { CreativeForm } from "./schema-creative.js";
import { startOfLocalDay } from "./zone.js";

export const kindWords: Readonly<Record<EntityKind, string>> = {
  agency: "agency",
  advertiser: "advertiser",
  campaign: "campaign",
  lineItem: "line item",
  creative: "creative",
  audience: "audience",
  deal: "deal",
  exchange: "exchange",
  fees: "fees",
};

export type Report = (
  kind: EntityKind,
  id: number | string,
  path: DocumentPath,
  message: string,
) => void;

/** What forms refer to, by id. */
export type KnownEntities = {
  readonly agencies: Map<number, Agency>;
  readonly advertisers: Map<number, Advertiser>;
  readonly campaigns: Map<number, Campaign>;
  readonly creatives: Map<number, CreativeModel>;
  readonly audiences: Map<number, SavedAudience>;
};

export const nothingKnown = (): KnownEntities => ({
  agencies: new Map(),
  advertisers: new Map(),
  campaigns: new Map(),
  creatives: new Map(),
  audiences: new Map(),
});

/**
 * Makes a model of one form at a time; what the form refers to is looked up in `known`. Findings go
 * to `report`. Null where there is no model without the thing that is missing.
 */
export class EntityResolver {
  readonly known: KnownEntities;
  private readonly exchanges: readonly Exchange[];
  private readonly report: Report;

  constructor(exchanges: readonly Exchange[], known: KnownEntities, report: Report) {
    this.exchanges = exchanges;
    this.known = known;
    this.report = report;
  }

  agency(form: AgencyForm): Agency {
    for (const name of Object.keys(form.seats ?? {})) {
      this.exchange("agency", form.id, ["seats", name], name);
    }
    return { id: form.id as Agency["id"], name: form.name, seats: form.seats ?? {} };
  }

  advertiser(form: AdvertiserForm): Advertiser {
    this.find("advertiser", form.id, "agency", form.agency, this.known.agencies);
    return {
      id: form.id as Advertiser["id"],
      agency: form.agency as Advertiser["agency"],
      name: form.name,
      domains: form.domains,
      currency: packAlpha3(form.currency) as CurrencyCode,
      timeZone: form.timeZone,
      frequency: frequencyFrom(form.frequency),
      ...this.budget("advertiser", form.id, form.budget),
    };
  }

  audience(form: SavedAudienceForm): SavedAudience | null {
    this.find("audience", form.id, "agency", form.agency, this.known.agencies);
    const normal = normalise(form.audience);
    if (!normal.ok) this.report("audience", form.id, ["audience"], normal.why);
    const { id, name, audience } = form;
    return { id, name, audience, agency: form.agency as SavedAudience["agency"] };
  }

  campaign(form: CampaignForm): Campaign | null {
    const { advertisers } = this.known;
    const advertiser = this.find("campaign", form.id, "advertiser", form.advertiser, advertisers);
    if (advertiser === undefined) return null;
    const timeZone = form.flight.timeZone ?? advertiser.timeZone;
    if (form.flight.end < form.flight.start) {
      this.report("campaign", form.id, ["flight", "end"], endBeforeStart(form.flight.start));
    }
    return {
      id: form.id as Campaign["id"],
      advertiser: advertiser.id,
      name: form.name,
      timeZone,
      startMs: dayStart(timeZone, form.flight.start, 0),
      endMs: dayStart(timeZone, form.flight.end, 1),
      frequency: frequencyFrom(form.frequency),
      pacing: form.pacing ?? "even",
      budget: this.budget("campaign", form.id, form.budget).budget ?? budgetFrom(form.budget),
    };
  }

  creative(form: CreativeForm): CreativeModel | null {
    const { advertisers } = this.known;
    const advertiser = this.find("creative", form.id, "advertiser", form.advertiser, advertisers);
    for (const name of Object.keys(form.approvals ?? {})) {
      this.exchange("creative", form.id, ["approvals", name], name);
    }
    return advertiser === undefined ? null : creativeFrom(form, advertiser);
  }

  lineItem(form: LineItemForm): LineItem | null {
    const { campaigns, creatives } = this.known;
    const campaign = this.find("lineItem", form.id, "campaign", form.campaign, campaigns);
    form.creatives.forEach(({ id }, i) => {
      this.find("lineItem", form.id, "creative", id, creatives, ["creatives", i, "id"]);
    });
    for (const side of ["include", "exclude"] as const) {
      form.targeting?.[side]?.exchanges?.forEach((name, i) => {
        this.exchange("lineItem", form.id, ["targeting", side, "exchanges", i], name);
      });
    }
    form.price.modifiers?.forEach(({ when }, m) => {
      when.exchanges?.forEach((name, i) => {
        const path = ["price", "modifiers", m, "when", "exchanges", i];
        this.exchange("lineItem", form.id, path, name);
      });
    });
    this.budget("lineItem", form.id, form.budget);
    if (campaign === undefined) return null;
    const audience = this.lineItemAudience(form, campaign);
    return audience === undefined ? null : lineItemFrom(form, audience);
  }

  /** undefined: it names a saved audience that there is not. */
  private lineItemAudience(
    form: LineItemForm,
    campaign: Campaign,
  ): LineItem["audience"] | undefined {
    if (form.audience === undefined) return null;
    const { audiences, advertisers } = this.known;
    const agency = advertisers.get(campaign.advertiser)?.agency;
    const own = new Map([...audiences].filter(([, audience]) => audience.agency === agency));
    for (const { id, path } of savedIn(form.audience, ["audience"])) {
      this.find("lineItem", form.id, "audience", id, own, path);
    }
    return withSaved(form.audience, (id) => own.get(id)?.audience ?? null) ?? undefined;
  }

  deal(form: DealForm): Deal | null {
    const key = `${form.exchange} ${form.deal}`;
    const exchange = this.exchange("deal", key, ["exchange"], form.exchange);
    form.inviteOnly?.forEach((id, i) => {
      this.find("deal", key, "advertiser", id, this.known.advertisers, ["inviteOnly", i]);
    });
    if (exchange === null) return null;
    return {
      deal: form.deal,
      exchange,
      name: form.name,
      type: form.type,
      floorMicros: microsFromCurrency(form.floor ?? 0),
      floorCurrency: packAlpha3(form.floorCurrency ?? "USD") as CurrencyCode,
      inviteOnly: (form.inviteOnly ?? []) as unknown as Deal["inviteOnly"],
    };
  }

  /** An optional budget, its days looked at beside its whole. */
  private budget(
    kind: EntityKind,
    id: number,
    form: BudgetForm | undefined,
  ): { readonly budget?: Budget } {
    if (form === undefined) return {};
    const { total, daily, impressions, dailyImpressions } = form;
    if (total !== undefined && daily !== undefined && daily > total) {
      this.report(kind, id, ["budget", "daily"], dailyAboveTotal(daily, total));
    }
    if ((dailyImpressions ?? 0) > (impressions ?? Number.POSITIVE_INFINITY)) {
      const message = dailyAboveTotal(dailyImpressions ?? 0, impressions ?? 0);
      this.report(kind, id, ["budget", "dailyImpressions"], message);
    }
    return { budget: budgetFrom(form) };
  }

  private find<T extends { readonly name: string }>(
    kind: EntityKind,
    id: number | string,
    wanted: EntityKind,
    wantedId: number,
    among: ReadonlyMap<number, T>,
    path: DocumentPath = [wanted],
  ): T | undefined {
    const found = among.get(wantedId);
    if (found !== undefined) return found;
    const ids = [...among.keys()].map(String);
    const message =
      `there is no ${kindWords[wanted]} ${wantedId}: ${suggestion(String(wantedId), ids)}` +
      `, or add the ${kindWords[wanted]}`;
    this.report(kind, id, path, message);
    return undefined;
  }

  private exchange(
    kind: EntityKind,
    id: number | string,
    path: DocumentPath,
    name: string,
  ): ExchangeId | null {
    const found = this.exchanges.find((exchange) => exchange.name === name);
    if (found !== undefined) return found.id;
    const names = this.exchanges.map((exchange) => exchange.name);
    const message =
      `there is no exchange "${name}": ${suggestion(name, names)}` +
      ", or add its file to exchanges/";
    this.report(kind, id, path, message);
    return null;
  }
}

const dailyAboveTotal = (daily: number, total: number): string =>
  `the daily budget ${daily} is above the total ${total}: write at most ${total}`;
const endBeforeStart = (start: string): string =>
  `the flight ends before it starts: write ${start} or a later day`;

function dayStart(zone: string, day: string, later: number): Campaign["startMs"] {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return startOfLocalDay(zone, year, month, date + later);
}
