import type { z } from "zod";
import { savedIn } from "../../campaign/audience.js";
import { checkForm } from "../../campaign/document.js";
import { entityDocument } from "../../campaign/entity-document.js";
import { hasErrors, type Issue } from "../../campaign/issue.js";
import type { BesideCampaigns } from "../../campaign/load.js";
import type { CampaignBook } from "../../campaign/model.js";
import { byExchange } from "../../campaign/resolve.js";
import { EntityResolver, type KnownEntities, nothingKnown } from "../../campaign/resolve-entity.js";
import {
  type AdvertiserForm,
  type AgencyForm,
  type CampaignForm,
  type DealForm,
  entityForms,
  type LineItemForm,
  type SavedAudienceForm,
} from "../../campaign/schema-campaign.js";
import type { CreativeForm } from "../../campaign/schema-creative.js";
import type { DeskKind, EntityRecord, JsonObject } from "../store/desk-store.js";
import { kindsInOrder } from "./entity.js";

/** What of a record decides what it becomes. */
export type BookEntry = Pick<EntityRecord, "kind" | "key" | "form" | "draft" | "archived">;
export type Entries = ReadonlyMap<DeskKind, ReadonlyMap<string, BookEntry>>;

type Forms = {
  readonly agency: AgencyForm;
  readonly advertiser: AdvertiserForm;
  readonly audience: SavedAudienceForm;
  readonly campaign: CampaignForm;
  readonly creative: CreativeForm;
  readonly deal: DealForm;
  readonly lineItem: LineItemForm;
};

/** One thing's model beside all that it was made from: made anew when one of these is another. */
export type Made = {
  readonly inputs: readonly unknown[];
  /** null: something is wrong with it, or with what it refers to; then it does not bid. */
  readonly model: object | null;
  readonly issues: readonly Issue[];
};
export type MadeByKey = ReadonlyMap<string, Made>;

/** A book made of entries, with what the next one can take over of it. */
export type Models = {
  readonly made: ReadonlyMap<DeskKind, MadeByKey>;
  readonly book: CampaignBook;
  /** Models of saved audiences, which the book does not hold. */
  readonly known: KnownEntities;
};

/**
 * The models of all entries that are live. What was not touched since `before` is the same object
 * as there: 10,000 line items cost some milliseconds, however many of them change nothing.
 */
export function modelsOf(entries: Entries, beside: BesideCampaigns, before: Models | null): Models {
  const known = nothingKnown();
  let [at, found]: [key: string, found: Issue[]] = ["", []];
  const resolver = new EntityResolver(beside.exchanges, known, (kind, _id, path, message) => {
    found.push({
      severity: "error",
      ...entityDocument(kind, at, null).positionOf(path),
      message,
    });
  });
  const made = new Map<DeskKind, MadeByKey>();
  for (const kind of kindsInOrder) {
    const own = new Map<string, Made>();
    const older = before?.made.get(kind);
    for (const [key, entry] of entries.get(kind) ?? []) {
      if (entry.draft || entry.archived) continue;
      const form = checkedForm(entry);
      if (!form.ok) {
        own.set(key, { inputs: [], model: null, issues: form.issues });
        continue;
      }
      const inputs = inputsOf(kind, form.value, entry.form, beside, known);
      const last = older?.get(key);
      if (last !== undefined && areSame(last.inputs, inputs)) {
        own.set(key, last);
      } else {
        [at, found] = [key, []];
        const model = resolve(resolver, kind, form.value);
        own.set(key, { inputs, model: hasErrors(found) ? null : model, issues: found });
      }
      note(known, kind, own.get(key)?.model ?? null);
    }
    made.set(kind, own);
  }
  return { made, known, book: bookOf(made, beside) };
}

const areSame = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

type CheckedForm =
  | { readonly ok: true; readonly value: Forms[DeskKind] }
  | { readonly ok: false; readonly issues: readonly Issue[] };
const checkedForms = new WeakMap<JsonObject, CheckedForm>();

/** Each form object is looked at once. */
export function checkedForm({ kind, key, form }: BookEntry): CheckedForm {
  const known = checkedForms.get(form);
  if (known !== undefined) return known;
  const schema = entityForms[kind] as unknown as z.ZodType<Forms[DeskKind]>;
  const checked = checkForm(entityDocument(kind, key, form), schema);
  checkedForms.set(form, checked);
  return checked;
}

/** All that the model of a form depends on. */
function inputsOf(
  kind: DeskKind,
  checked: Forms[DeskKind],
  raw: JsonObject,
  { exchanges }: BesideCampaigns,
  known: KnownEntities,
): unknown[] {
  switch (kind) {
    case "agency":
      return [raw, exchanges];
    case "advertiser":
    case "audience":
      return [raw, known.agencies.has((checked as AdvertiserForm).agency)];
    case "campaign":
    case "creative":
      return [raw, exchanges, known.advertisers.get((checked as CampaignForm).advertiser)];
    case "deal": {
      const { inviteOnly = [] } = checked as DealForm;
      return [raw, exchanges, ...inviteOnly.map((id) => known.advertisers.has(id))];
    }
    case "lineItem":
      return [raw, exchanges, ...lineItemInputs(checked as LineItemForm, known)];
  }
}

function lineItemInputs(form: LineItemForm, known: KnownEntities): unknown[] {
  const campaign = known.campaigns.get(form.campaign);
  const inputs: unknown[] = [campaign !== undefined];
  for (const { id } of form.creatives) inputs.push(known.creatives.has(id));
  if (form.audience === undefined || campaign === undefined) return inputs;
  const saved = savedIn(form.audience);
  if (saved.length === 0) return inputs;
  inputs.push(known.advertisers.get(campaign.advertiser)?.agency);
  for (const { id } of saved) inputs.push(known.audiences.get(id)?.audience);
  return inputs;
}

function resolve(resolver: EntityResolver, kind: DeskKind, form: Forms[DeskKind]): object | null {
  switch (kind) {
    case "agency":
      return resolver.agency(form as AgencyForm);
    case "advertiser":
      return resolver.advertiser(form as AdvertiserForm);
    case "audience":
      return resolver.audience(form as SavedAudienceForm);
    case "campaign":
      return resolver.campaign(form as CampaignForm);
    case "creative":
      return resolver.creative(form as CreativeForm);
    case "deal":
      return resolver.deal(form as DealForm);
    case "lineItem":
      return resolver.lineItem(form as LineItemForm);
  }
}

const mapOf = {
  agency: "agencies",
  advertiser: "advertisers",
  audience: "audiences",
  campaign: "campaigns",
  creative: "creatives",
} as const;

function note(known: KnownEntities, kind: DeskKind, model: object | null): void {
  if (model === null || kind === "deal" || kind === "lineItem") return;
  const map = known[mapOf[kind]] as Map<number, object>;
  map.set((model as { readonly id: number }).id, model);
}

function bookOf(
  made: ReadonlyMap<DeskKind, MadeByKey>,
  { homeAreas }: BesideCampaigns,
): CampaignBook {
  const list = <T>(kind: DeskKind): T[] =>
    [...(made.get(kind)?.values() ?? [])].flatMap(({ model }) => model ?? []) as T[];
  const sorted = <T extends { readonly id: number }>(kind: DeskKind): readonly T[] =>
    list<T>(kind).sort((a, b) => a.id - b.id);
  return {
    agencies: sorted("agency"),
    advertisers: sorted("advertiser"),
    campaigns: sorted("campaign"),
    lineItems: sorted("lineItem"),
    creatives: sorted("creative"),
    deals: list<CampaignBook["deals"][number]>("deal").sort(byExchange),
    ...(homeAreas === null ? {} : { homeAreas }),
  };
}
