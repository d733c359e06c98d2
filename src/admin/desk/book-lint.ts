import type { Steps } from "../../base/steps.js";
import type { UnixMs } from "../../base/units.js";
import type { DocumentPath } from "../../campaign/document.js";
import { entityDocument } from "../../campaign/entity-document.js";
import type { Issue, Position } from "../../campaign/issue.js";
import { lintCounts, lintLineItem, lintShared } from "../../campaign/lint.js";
import { LintContext } from "../../campaign/lint-context.js";
import { lintCreative } from "../../campaign/lint-creative.js";
import type { BesideCampaigns } from "../../campaign/load.js";
import type { CampaignBook, CreativeModel, Deal, LineItem } from "../../campaign/model.js";
import { type EntityKind, Places } from "../../campaign/places.js";

type Linted = { readonly inputs: readonly unknown[]; readonly issues: readonly Issue[] };

export type Lint = {
  /** By model, taken over while nothing that it names changes. */
  readonly creatives: ReadonlyMap<object, Linted>;
  readonly lineItems: ReadonlyMap<object, Linted>;
  /** Of agencies, advertisers, campaigns and the whole. */
  readonly shared: readonly Issue[];
  /** What it was made of. */
  readonly book: CampaignBook;
  readonly beside: BesideCampaigns;
};

/** Findings by kind, key and field; those of exchanges and fees at their files. */
export class FormPlaces extends Places {
  private readonly files: Places;

  constructor(files: Places) {
    super();
    this.files = files;
  }

  override of(kind: EntityKind, id: number | string, path: DocumentPath = []): Position {
    if (kind === "exchange" || kind === "fees") return this.files.of(kind, id, path);
    const key = kind === "deal" ? String(id).replace(" ", "/") : String(id);
    return entityDocument(kind, key, null).positionOf(path);
  }
}

/** What lint says of a book; `segments` are not looked at: they come and go with epochs. */
export function* lintSteps(
  book: CampaignBook,
  beside: BesideCampaigns,
  nowMs: UnixMs,
  before: Lint | null,
): Steps<Lint> {
  const places = new FormPlaces(beside.places);
  const context = new LintContext({ ...beside, book, places }, { nowMs, segments: null });
  const creatives = yield* lintAll(
    context,
    book.creatives,
    before?.creatives,
    before?.book.creatives,
    {
      // A creative is looked at by itself.
      isAlone: true,
      inputsOf: () => [],
      look: (creative) => lintCreative(context, creative),
    },
  );
  const deals = dealsByText(book.deals);
  const last = before?.book;
  const lineItems = yield* lintAll(context, book.lineItems, before?.lineItems, last?.lineItems, {
    isAlone: before?.beside === beside && listsNamed.every((name) => last?.[name] === book[name]),
    inputsOf: (lineItem) => inputsOf(context, lineItem, beside, deals),
    look: (lineItem) => lintLineItem(context, lineItem),
  });
  yield;
  lintCounts(context);
  lintShared(context);
  return { creatives, lineItems, shared: context.issues, book, beside };
}

/** Some 30 us each. */
const modelsAStep = 64;
const listsNamed = ["advertisers", "campaigns", "creatives", "deals"] as const;

/** `isAlone`: nothing beside the models themselves can have changed what is said of them. */
function* lintAll<T extends object>(
  context: LintContext,
  models: readonly T[],
  before: ReadonlyMap<object, Linted> | undefined,
  modelsBefore: readonly T[] | undefined,
  by: {
    readonly isAlone: boolean;
    readonly inputsOf: (model: T) => readonly unknown[];
    readonly look: (model: T) => void;
  },
): Steps<ReadonlyMap<object, Linted>> {
  if (before !== undefined && by.isAlone && models === modelsBefore) return before;
  const own = new Map<object, Linted>();
  if (before !== undefined && by.isAlone && modelsBefore?.length === models.length) {
    return lintFew(context, models, modelsBefore, before, by.inputsOf, by.look);
  }
  for (const [i, model] of models.entries()) {
    if (i % modelsAStep === modelsAStep - 1) yield;
    const last = before?.get(model);
    if (last !== undefined && by.isAlone) {
      own.set(model, last);
      continue;
    }
    const inputs = by.inputsOf(model);
    if (last?.inputs.length === inputs.length && last.inputs.every((one, i) => one === inputs[i])) {
      own.set(model, last);
      continue;
    }
    const count = context.issues.length;
    by.look(model);
    own.set(model, { inputs, issues: context.issues.splice(count) });
  }
  return own;
}

/** Of as many as before, each at its place: those that are others are looked at. */
function lintFew<T extends object>(
  context: LintContext,
  models: readonly T[],
  modelsBefore: readonly T[],
  before: ReadonlyMap<object, Linted>,
  inputsOf: (model: T) => readonly unknown[],
  look: (model: T) => void,
): ReadonlyMap<object, Linted> {
  const own = new Map(before);
  const others = models.filter((model, i) => model !== modelsBefore[i]);
  for (const model of modelsBefore.filter((was, i) => was !== models[i])) own.delete(model);
  for (const model of others) {
    const count = context.issues.length;
    look(model);
    own.set(model, { inputs: inputsOf(model), issues: context.issues.splice(count) });
  }
  return own;
}

/** Lint of one creative with what the template compiler says of its markup. */
export const markupIssues = (
  creative: CreativeModel,
  beside: BesideCampaigns,
  problems: readonly string[],
): readonly Issue[] => {
  const { markup } = creative;
  const field = markup.kind === "html" ? "html" : markup.kind === "thirdPartyTag" ? "tag" : "";
  const places = new FormPlaces(beside.places);
  const pathOf = (text: string): readonly string[] =>
    text.startsWith("landing page ") ? ["landingPage"] : field === "" ? [] : [field];
  return problems.map((text) =>
    places.issue("error", ["creative", creative.id], pathOf(text), text),
  );
};

function inputsOf(
  context: LintContext,
  lineItem: LineItem,
  beside: BesideCampaigns,
  deals: ReadonlyMap<string, readonly Deal[]>,
): readonly unknown[] {
  const inputs: unknown[] = [
    beside,
    context.campaigns.get(lineItem.campaign),
    context.advertiserOf(lineItem),
  ];
  for (const { id } of lineItem.creatives) inputs.push(context.creatives.get(id));
  for (const text of lineItem.targeting.include.deals ?? []) {
    inputs.push(...(deals.get(text) ?? []));
  }
  return inputs;
}

function dealsByText(deals: readonly Deal[]): ReadonlyMap<string, readonly Deal[]> {
  const byText = new Map<string, Deal[]>();
  for (const deal of deals) byText.set(deal.deal, [...(byText.get(deal.deal) ?? []), deal]);
  return byText;
}
