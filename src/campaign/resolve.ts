import type { ExchangeId } from "../base/ids.js";
import type { CurrencyCode } from "../base/units.js";
import { microsFromCurrency, packAlpha3 } from "../base/units.js";
import type { DocumentPath, SourceDocument } from "./document.js";
import type { Exchange } from "./exchange.js";
import type { Issue } from "./issue.js";
import { suggestion } from "./issue.js";
import type {
  Advertiser,
  Agency,
  Budget,
  Campaign,
  CampaignBook,
  CreativeModel,
  Deal,
  LineItem,
} from "./model.js";
import type { EntityKind, Places } from "./places.js";
import { placeText } from "./places.js";
import { creativeFrom } from "./resolve-creative.js";
import { budgetFrom, frequencyFrom, lineItemFrom } from "./resolve-line-item.js";
import type {
  AdvertiserForm,
  AgencyForm,
  BudgetForm,
  CampaignFile,
  CampaignForm,
  DealForm,
} from "./schema-campaign.js";
import { startOfLocalDay } from "./zone.js";

/** The kinds of a campaign file, with the word for one of each. */
const kinds = {
  agencies: "agency",
  advertisers: "advertiser",
  campaigns: "campaign",
  creatives: "creative",
  lineItems: "lineItem",
} as const satisfies Record<string, EntityKind>;

export const kindWords: Readonly<Record<EntityKind, string>> = {
  agency: "agency",
  advertiser: "advertiser",
  campaign: "campaign",
  lineItem: "line item",
  creative: "creative",
  deal: "deal",
  exchange: "exchange",
  fees: "fees",
};

export type CheckedFile = { readonly document: SourceDocument; readonly file: CampaignFile };

/** All forms of all files together, with every reference followed. Findings go to `issues`. */
export function resolveBook(
  files: readonly CheckedFile[],
  exchanges: readonly Exchange[],
  places: Places,
  issues: Issue[],
): CampaignBook {
  const resolver = new Resolver(exchanges, places, issues);
  for (const { document, file } of files) resolver.register(document, file);
  return resolver.book();
}

class Resolver {
  private readonly exchanges: readonly Exchange[];
  private readonly exchangeNames: readonly string[];
  private readonly places: Places;
  private readonly issues: Issue[];
  private readonly forms = {
    agencies: [] as AgencyForm[],
    advertisers: [] as AdvertiserForm[],
    campaigns: [] as CampaignForm[],
    creatives: [] as NonNullable<CampaignFile["creatives"]>,
    lineItems: [] as NonNullable<CampaignFile["lineItems"]>,
    deals: [] as DealForm[],
  };

  constructor(exchanges: readonly Exchange[], places: Places, issues: Issue[]) {
    this.exchanges = exchanges;
    this.exchangeNames = exchanges.map((exchange) => exchange.name);
    this.places = places;
    this.issues = issues;
  }

  register(document: SourceDocument, file: CampaignFile): void {
    for (const [list, kind] of Object.entries(kinds) as [keyof typeof kinds, EntityKind][]) {
      const entries: readonly { readonly id: number }[] = file[list] ?? [];
      entries.forEach((form, i) => {
        if (!this.isNew(kind, form.id, document, [list, i])) return;
        (this.forms[list] as { id: number }[]).push(form);
      });
    }
    (file.deals ?? []).forEach((form, i) => {
      const key = `${form.exchange} ${form.deal}`;
      if (this.isNew("deal", key, document, ["deals", i])) this.forms.deals.push(form);
    });
  }

  private isNew(
    kind: EntityKind,
    id: number | string,
    document: SourceDocument,
    path: DocumentPath,
  ): boolean {
    if (this.places.add(kind, id, document, path)) return true;
    const first = placeText(this.places.of(kind, id));
    const message =
      kind === "deal"
        ? `the deal ${id} stands twice, first at ${first}: keep one of them`
        : `the id ${id} is used twice among ${kindWords[kind]} ids, first at ${first}: ` +
          "give this one a number that was never used";
    const where = document.positionOf([...path, kind === "deal" ? "deal" : "id"]);
    this.issues.push({ severity: "error", ...where, message });
    return false;
  }

  book(): CampaignBook {
    const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;
    const agencies = this.forms.agencies.map((form) => this.agency(form)).sort(byId);
    const agencyIds = new Map(agencies.map((agency) => [agency.id as number, agency]));
    const advertisers = this.forms.advertisers
      .map((form) => this.advertiser(form, agencyIds))
      .sort(byId);
    const advertiserById = new Map(advertisers.map((one) => [one.id as number, one]));
    const campaigns = this.forms.campaigns
      .flatMap((form) => this.campaign(form, advertiserById) ?? [])
      .sort(byId);
    const creatives = this.creatives(advertiserById).sort(byId);
    const deals = this.forms.deals
      .flatMap((form) => this.deal(form, advertiserById) ?? [])
      .sort((a, b) => a.exchange - b.exchange || (a.deal < b.deal ? -1 : 1));
    const lineItems = this.lineItems(campaigns, creatives).sort(byId);
    return { agencies, advertisers, campaigns, lineItems, creatives, deals };
  }

  private agency(form: AgencyForm): Agency {
    for (const name of Object.keys(form.seats ?? {})) {
      this.exchange("agency", form.id, ["seats", name], name);
    }
    return { id: form.id as Agency["id"], name: form.name, seats: form.seats ?? {} };
  }

  private advertiser(form: AdvertiserForm, agencies: ReadonlyMap<number, Agency>): Advertiser {
    this.known("advertiser", form.id, "agency", form.agency, agencies);
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

  private campaign(
    form: CampaignForm,
    advertisers: ReadonlyMap<number, Advertiser>,
  ): Campaign | null {
    const advertiser = advertisers.get(form.advertiser);
    this.known("campaign", form.id, "advertiser", form.advertiser, advertisers);
    if (advertiser === undefined) return null;
    const timeZone = form.flight.timeZone ?? advertiser.timeZone;
    if (form.flight.end < form.flight.start) {
      this.error("campaign", form.id, ["flight", "end"], endBeforeStart(form.flight.start));
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

  /** An optional budget, its days looked at beside its whole. */
  private budget(
    kind: EntityKind,
    id: number,
    form: BudgetForm | undefined,
  ): { readonly budget?: Budget } {
    if (form === undefined) return {};
    const { total, daily, impressions, dailyImpressions } = form;
    if (total !== undefined && daily !== undefined && daily > total) {
      this.error(kind, id, ["budget", "daily"], dailyAboveTotal(daily, total));
    }
    if ((dailyImpressions ?? 0) > (impressions ?? Number.POSITIVE_INFINITY)) {
      const message = dailyAboveTotal(dailyImpressions ?? 0, impressions ?? 0);
      this.error(kind, id, ["budget", "dailyImpressions"], message);
    }
    return { budget: budgetFrom(form) };
  }

  private creatives(advertisers: ReadonlyMap<number, Advertiser>): CreativeModel[] {
    return this.forms.creatives.flatMap((form) => {
      this.known("creative", form.id, "advertiser", form.advertiser, advertisers);
      for (const name of Object.keys(form.approvals ?? {})) {
        this.exchange("creative", form.id, ["approvals", name], name);
      }
      const advertiser = advertisers.get(form.advertiser);
      return advertiser === undefined ? [] : [creativeFrom(form, advertiser)];
    });
  }

  private lineItems(
    campaigns: readonly Campaign[],
    creatives: readonly CreativeModel[],
  ): LineItem[] {
    const campaignById = new Map(campaigns.map((one) => [one.id as number, one]));
    const creativeById = new Map(creatives.map((one) => [one.id as number, one]));
    return this.forms.lineItems.flatMap((form) => {
      this.known("lineItem", form.id, "campaign", form.campaign, campaignById);
      form.creatives.forEach(({ id }, i) => {
        this.known("lineItem", form.id, "creative", id, creativeById, ["creatives", i, "id"]);
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
      return campaignById.has(form.campaign) ? [lineItemFrom(form)] : [];
    });
  }

  private deal(form: DealForm, advertisers: ReadonlyMap<number, Advertiser>): Deal | null {
    const key = `${form.exchange} ${form.deal}`;
    const exchange = this.exchange("deal", key, ["exchange"], form.exchange);
    form.inviteOnly?.forEach((id, i) => {
      this.known("deal", key, "advertiser", id, advertisers, ["inviteOnly", i]);
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

  private known(
    kind: EntityKind,
    id: number | string,
    wanted: EntityKind,
    wantedId: number,
    among: ReadonlyMap<number, { readonly name: string }>,
    path: DocumentPath = [wanted],
  ): void {
    if (among.has(wantedId)) return;
    const ids = [...among.keys()].map(String);
    const message =
      `there is no ${kindWords[wanted]} ${wantedId}: ${suggestion(String(wantedId), ids)}` +
      `, or add the ${kindWords[wanted]}`;
    this.error(kind, id, path, message);
  }

  private exchange(
    kind: EntityKind,
    id: number | string,
    path: DocumentPath,
    name: string,
  ): ExchangeId | null {
    const found = this.exchanges.find((exchange) => exchange.name === name);
    if (found !== undefined) return found.id;
    const message =
      `there is no exchange "${name}": ${suggestion(name, this.exchangeNames)}` +
      ", or add its file to exchanges/";
    this.error(kind, id, path, message);
    return null;
  }

  private error(kind: EntityKind, id: number | string, path: DocumentPath, message: string): void {
    this.issues.push(this.places.issue("error", [kind, id], path, message));
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
