import type { z } from "zod";
import { areAlike, haveSameElements } from "../../base/alike.js";
import { finish, type Steps } from "../../base/steps.js";
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
import { type Changed, keysChanged, namesOf, type Touched, toLookAt } from "./book-referrers.js";
import { kindsInOrder } from "./entity.js";

/** What of a record decides what it becomes. */
export type BookEntry = Pick<EntityRecord, "kind" | "key" | "form" | "draft" | "archived">;
export type EntriesByKey = Pick<ReadonlyMap<string, BookEntry>, "get" | "keys">;
export type Entries = ReadonlyMap<DeskKind, EntriesByKey>;

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
  /** Its form as it was checked. */
  readonly checked: CheckedForm;
  readonly inputs: readonly unknown[];
  /** null: something is wrong with it, or with what it refers to; then it does not bid. */
  readonly model: object | null;
  readonly issues: readonly Issue[];
  /** What its form names, see book-referrers. */
  readonly names: readonly string[];
};
export type MadeByKey = ReadonlyMap<string, Made>;

/** 0.1 ms each. */
const entriesAStep = 32;

/** A book made of entries, with what the next one can take over of it. */
export type Models = {
  readonly made: ReadonlyMap<DeskKind, MadeByKey>;
  readonly book: CampaignBook;
  /** By kind the keys that were looked at since the models before; null = all. */
  readonly looked: ReadonlyMap<DeskKind, ReadonlySet<string> | null>;
  /** Models of saved audiences, which the book does not hold. */
  readonly known: KnownEntities;
};

/**
 * The models of all entries that are live. What was not touched since `before` is the same object
 * as there. With `touched` only those entries are looked at, and those that name what is another
 * now; null: any may be another.
 */
export const modelsOf = (...of: Parameters<typeof modelSteps>): Models => finish(modelSteps(...of));

/** The same in steps of a few milliseconds. */
export function* modelSteps(
  entries: Entries,
  beside: BesideCampaigns,
  before: Models | null,
  touched: Touched | null = null,
): Steps<Models> {
  const known = nothingKnown();
  const pass = new Pass(beside, known);
  const made = new Map<DeskKind, MadeByKey>();
  const changed: Changed = new Map();
  const looked = new Map<DeskKind, ReadonlySet<string> | null>();
  for (const kind of kindsInOrder) {
    const older = before?.made.get(kind);
    const own: EntriesByKey = entries.get(kind) ?? new Map<string, BookEntry>();
    const few = touched === null ? null : toLookAt(kind, touched, changed, older);
    looked.set(kind, older === undefined ? null : few);
    const models =
      older === undefined || few === null
        ? yield* pass.all(own, older)
        : yield* pass.some(own, older, few);
    made.set(kind, models);
    const keys = few ?? new Set([...models.keys(), ...(older?.keys() ?? [])]);
    const others = keysChanged(keys, models, older);
    changed.set(kind, others);
    takeKnown(known, kind, models, others.size === 0 && older !== undefined ? before : null);
    yield;
  }
  return { made, known, looked, book: bookOf(made, beside, before, changed) };
}

/** One making of models, kind by kind: what was made already is known to what refers to it. */
class Pass {
  private readonly beside: BesideCampaigns;
  private readonly known: KnownEntities;
  private readonly resolver: EntityResolver;
  private at = "";
  private found: Issue[] = [];

  constructor(beside: BesideCampaigns, known: KnownEntities) {
    this.beside = beside;
    this.known = known;
    this.resolver = new EntityResolver(beside.exchanges, known, (kind, _id, path, message) => {
      const where = entityDocument(kind, this.at, null).positionOf(path);
      this.found.push({ severity: "error", ...where, message });
    });
  }

  /** The very map of before where nothing in it is another. */
  *all(entries: EntriesByKey, older: MadeByKey | undefined): Steps<MadeByKey> {
    const own = new Map<string, Made>();
    let same = true;
    let count = 0;
    for (const key of entries.keys()) {
      if (++count % entriesAStep === 0) yield;
      const entry = entries.get(key)!;
      const last = older?.get(key);
      const made = this.one(entry, last);
      if (made !== last) same = false;
      if (made !== undefined) own.set(key, made);
    }
    return older !== undefined && same && own.size === older.size ? older : own;
  }

  *some(entries: EntriesByKey, older: MadeByKey, touched: ReadonlySet<string>): Steps<MadeByKey> {
    let own: Map<string, Made> | null = null;
    let count = 0;
    for (const key of touched) {
      if (++count % entriesAStep === 0) yield;
      const [entry, last] = [entries.get(key), older.get(key)];
      const made = entry === undefined ? undefined : this.one(entry, last);
      if (made === last) continue;
      own ??= new Map(older);
      if (made === undefined) own.delete(key);
      else own.set(key, made);
    }
    return own ?? older;
  }

  /** undefined: it is not live. */
  private one(entry: BookEntry, last: Made | undefined): Made | undefined {
    const { kind, key, draft, archived } = entry;
    if (draft || archived) return undefined;
    const known = last?.inputs[0] === entry.form ? last.checked : null;
    const form = known ?? checkedForm(entry);
    const inputs = form.ok
      ? inputsOf(kind, form.value, entry.form, this.beside, this.known)
      : [entry.form];
    if (last !== undefined && areSame(last.inputs, inputs)) return last;
    const names = namesOf(kind, entry.form);
    const of = { checked: form, inputs, names };
    if (!form.ok) return { ...of, model: null, issues: form.issues };
    [this.at, this.found] = [key, []];
    const model = resolve(this.resolver, kind, form.value);
    const issues = this.found;
    if (hasErrors(issues)) return { ...of, model: null, issues };
    // What says the same stays the same object, and so all that is made of it.
    const there = last?.model ?? null;
    return { ...of, model: areAlike(there, model) ? there : model, issues };
  }
}

/** Entries with a few others among them, without a copy of all. */
export class WithEntries {
  private readonly under: EntriesByKey;
  private readonly over: ReadonlyMap<string, BookEntry>;

  constructor(under: EntriesByKey, over: readonly BookEntry[]) {
    this.under = under;
    this.over = new Map(over.map((entry) => [entry.key, entry]));
  }

  get(key: string): BookEntry | undefined {
    return this.over.get(key) ?? this.under.get(key);
  }

  *keys(): MapIterator<string> {
    yield* this.under.keys();
    for (const key of this.over.keys()) if (this.under.get(key) === undefined) yield key;
  }
}

const areSame = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

type CheckedForm =
  | { readonly ok: true; readonly value: Forms[DeskKind] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

function checkedForm({ kind, key, form }: BookEntry): CheckedForm {
  const schema = entityForms[kind] as unknown as z.ZodType<Forms[DeskKind]>;
  return checkForm(entityDocument(kind, key, form), schema);
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
  for (const { id } of saved) {
    const audience = known.audiences.get(id);
    inputs.push(audience?.agency, audience?.audience);
  }
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

function takeKnown(
  known: KnownEntities,
  kind: DeskKind,
  made: MadeByKey,
  before: Models | null,
): void {
  if (kind === "deal" || kind === "lineItem") return;
  const name = mapOf[kind];
  const models = known as unknown as Record<keyof KnownEntities, Map<number, object>>;
  if (before !== null) {
    models[name] = before.known[name];
    return;
  }
  for (const { model } of made.values()) {
    if (model !== null) models[name].set((model as { readonly id: number }).id, model);
  }
}

function bookOf(
  made: ReadonlyMap<DeskKind, MadeByKey>,
  { homeAreas }: BesideCampaigns,
  before: Models | null,
  changed: Changed,
): CampaignBook {
  const list = <T>(
    kind: DeskKind,
    last: readonly T[] | undefined,
    order: Order<T>,
  ): readonly T[] => {
    const own = made.get(kind);
    const older = before?.made.get(kind);
    if (last !== undefined && own === older) return last;
    const keys = changed.get(kind) ?? new Set<string>();
    if (last !== undefined && older !== undefined && keys.size === 0) return last;
    const few = keys.size * 8 < (last?.length ?? 0) && own !== undefined && older !== undefined;
    const put = few ? putInto(last as readonly T[], keys, older, own, order) : null;
    if (put !== null) return put;
    const models: T[] = [];
    for (const { model } of own?.values() ?? []) if (model !== null) models.push(model as T);
    models.sort(order);
    return last !== undefined && haveSameElements(last, models) ? last : models;
  };
  const book = before?.book;
  return {
    agencies: list("agency", book?.agencies, byId),
    advertisers: list("advertiser", book?.advertisers, byId),
    campaigns: list("campaign", book?.campaigns, byId),
    lineItems: list("lineItem", book?.lineItems, byId),
    creatives: list("creative", book?.creatives, byId),
    deals: list("deal", book?.deals, byExchange),
    ...(homeAreas === null ? {} : { homeAreas }),
  };
}

type Order<T> = (a: T, b: T) => number;

/** The list with each changed model at its place; null where one is new or gone. */
function putInto<T>(
  last: readonly T[],
  keys: ReadonlySet<string>,
  older: MadeByKey,
  made: MadeByKey,
  order: Order<T>,
): readonly T[] | null {
  const list = [...last];
  for (const key of keys) {
    const [was, is] = [older.get(key)?.model ?? null, made.get(key)?.model ?? null];
    if (was === null || is === null) return null;
    let [low, high] = [0, list.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(last[middle] as T, was as T) < 0) low = middle + 1;
      else high = middle;
    }
    if (last[low] !== was) return null;
    list[low] = is as T;
  }
  return list;
}
const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;
