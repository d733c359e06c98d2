import type { Steps } from "../../base/steps.js";
import type { UnixMs } from "../../base/units.js";
import type { Issue } from "../../campaign/issue.js";
import type { BesideCampaigns } from "../../campaign/load.js";
import type { CampaignBook, CreativeModel } from "../../campaign/model.js";
import { idMax } from "../../campaign/schema-words.js";
import type { DeskKind, EntityChange, JsonObject } from "../store/desk-store.js";
import { type Lint, lintSteps, markupIssues } from "./book-lint.js";
import {
  type Entries,
  type EntriesByKey,
  type Models,
  modelSteps,
  WithEntries,
} from "./book-models.js";
import type { FieldIssue } from "./desk.js";
import { keyOfForm, placeOf } from "./entity.js";

export type ProposedChange = Pick<EntityChange, "kind" | "key" | "form" | "draft" | "archived">;

/** The book as it stands. */
export type Checked = {
  readonly records: Entries;
  readonly beside: BesideCampaigns;
  readonly models: Models;
  readonly lint: Lint;
};

export type CheckOptions = {
  /** False: what lint calls an error is a warning, as in files of a running bidder. */
  readonly strict: boolean;
  readonly nowMs: UnixMs;
  readonly markupProblems: (creative: CreativeModel) => readonly string[];
  readonly moneyIssues: (book: CampaignBook) => readonly Issue[];
};

/** A form that has no id yet is looked at under this one. */
const newId = idMax;

/** What would be wrong after the changes, see DeskBook.check; in steps of a few milliseconds. */
export function* checkSteps(
  now: Checked,
  proposed: readonly ProposedChange[],
  options: CheckOptions,
): Steps<readonly FieldIssue[]> {
  const changes = proposed.map(numbered);
  const after = yield* outcomeOf(now, changes, options);
  // All drafts as if they were published: once, for each look costs milliseconds.
  const published = changes.map((one) => (one.draft ? { ...one, draft: false } : one));
  const drafted = changes.some(({ draft }) => draft)
    ? yield* outcomeOf(now, published, options)
    : after;
  const touched = new Set(changes.map(({ kind, key }) => placeOf(kind, key)));
  const issues: Issue[] = [];
  for (const [i, change] of changes.entries()) {
    if (i % changesAStep === changesAStep - 1) yield;
    issues.push(...keyIssues(now, change, options.strict));
    if (change.archived) continue;
    const found = ownIssues(now, change.draft ? drafted : after, change, options);
    issues.push(...(change.draft ? found.map(asWarning) : found));
  }
  yield;
  issues.push(...brokenElsewhere(now, after, touched));
  yield;
  issues.push(...options.moneyIssues(after.models.book));
  const isNew = new Set(proposed.flatMap((one, i) => (one === changes[i] ? [] : [one.kind])));
  return issues.flatMap((issue) => fieldIssue(issue, isNew) ?? []);
}

/** Up to 0.2 ms each, of a creative. */
const changesAStep = 16;

const asWarning = (issue: Issue): Issue => ({ ...issue, severity: "warning" });

function numbered(change: ProposedChange): ProposedChange {
  if (change.key !== "" || change.kind === "deal") return change;
  return { ...change, key: String(newId), form: { ...change.form, id: newId } };
}

type Outcome = { readonly models: Models; readonly lint: Lint };

function* outcomeOf(
  { records, beside, models, lint }: Checked,
  changes: readonly ProposedChange[],
  { nowMs }: CheckOptions,
): Steps<Outcome> {
  const entries = new Map<DeskKind, EntriesByKey>();
  for (const [kind, own] of records) {
    const touched = changes.filter((change) => change.kind === kind);
    entries.set(kind, touched.length === 0 ? own : new WithEntries(own, touched));
  }
  const touched = new Map<DeskKind, Set<string>>();
  for (const { kind, key } of changes) {
    touched.set(kind, (touched.get(kind) ?? new Set()).add(key));
  }
  const next = yield* modelSteps(entries, beside, models, touched);
  return { models: next, lint: yield* lintSteps(next.book, beside, nowMs, lint) };
}

/** What a thing is called and belongs to stays. */
function keyIssues(now: Checked, change: ProposedChange, strict: boolean): readonly Issue[] {
  const { kind, key, form, draft } = change;
  const own = keyOfForm(kind, form);
  const error = (field: string, message: string): Issue => ({
    ...{ severity: "error", file: "", line: 0, column: 0, kind, key, field, message },
  });
  if (own !== key && !(draft && own === "")) {
    const field = kind === "deal" ? "deal" : "id";
    return [error(field, `its id is ${key} and stays so: make a new one for another`)];
  }
  const before = now.records.get(kind)?.get(key);
  if (!strict || before === undefined || before.draft) return [];
  return moveIssues(now.records, before.form, change);
}

/** What once was published has money, which stays where it was booked. */
export function moveIssues(
  records: Entries,
  before: JsonObject,
  { kind, key, form }: Pick<ProposedChange, "kind" | "key" | "form">,
): readonly (Issue & FieldIssue)[] {
  const error = (field: string, message: string): Issue & FieldIssue => ({
    ...{ severity: "error", file: "", line: 0, column: 0, kind, key, field, message },
  });
  if (kind === "advertiser" && before["agency"] !== form["agency"]) {
    return [error("agency", "an advertiser stays with its agency: make a new one")];
  }
  if (kind !== "lineItem" && kind !== "creative" && kind !== "campaign") return [];
  const [was, is] = [advertiserOf(records, kind, before), advertiserOf(records, kind, form)];
  if (was === is || is === null) return [];
  const field = kind === "lineItem" ? "campaign" : "advertiser";
  return [error(field, "its money is of another advertiser: duplicate it there")];
}

function advertiserOf(records: Entries, kind: DeskKind, form: JsonObject): string | null {
  if (kind !== "lineItem") return String(form["advertiser"]);
  const campaign = records.get("campaign")?.get(String(form["campaign"]));
  return campaign === undefined ? null : String(campaign.form["advertiser"]);
}

/** Of the changed thing itself; what lint called an error before the change does not hinder it. */
function ownIssues(
  now: Checked,
  { models, lint }: Outcome,
  { kind, key }: ProposedChange,
  options: CheckOptions,
): readonly Issue[] {
  const made = models.made.get(kind)?.get(key);
  if (made === undefined) return [];
  const linted = lintFor(lint, kind, key, made.model);
  const before = now.models.made.get(kind)?.get(key)?.model ?? null;
  const stood = new Set(lintFor(now.lint, kind, key, before).map(({ message }) => message));
  const lintIssues = linted.map((issue) =>
    options.strict && !stood.has(issue.message) ? issue : asWarning(issue),
  );
  if (kind !== "creative" || made.model === null) return [...made.issues, ...lintIssues];
  const creative = made.model as CreativeModel;
  const markup = markupIssues(creative, now.beside, options.markupProblems(creative));
  return [...made.issues, ...lintIssues, ...(options.strict ? markup : markup.map(asWarning))];
}

const lintFor = (
  { creatives, lineItems, shared }: Lint,
  kind: DeskKind,
  key: string,
  model: object | null,
): readonly Issue[] => [
  ...(model === null ? [] : ((creatives.get(model) ?? lineItems.get(model))?.issues ?? [])),
  ...(sharedAt(shared).get(placeOf(kind, key)) ?? []),
];

const sharedByPlace = new WeakMap<readonly Issue[], ReadonlyMap<string, readonly Issue[]>>();

function sharedAt(shared: readonly Issue[]): ReadonlyMap<string, readonly Issue[]> {
  const there = sharedByPlace.get(shared);
  if (there !== undefined) return there;
  const byPlace = new Map<string, Issue[]>();
  for (const issue of shared) {
    if (issue.kind === undefined || issue.key === undefined) continue;
    const place = placeOf(issue.kind as DeskKind, issue.key);
    byPlace.set(place, [...(byPlace.get(place) ?? []), issue]);
  }
  sharedByPlace.set(shared, byPlace);
  return byPlace;
}

/** Other things that lost what they refer to. */
function brokenElsewhere(
  now: Checked,
  after: Outcome,
  touched: ReadonlySet<string>,
): readonly Issue[] {
  const broken: Issue[] = [];
  for (const [kind, own] of after.models.made) {
    const before = now.models.made.get(kind);
    if (own === before) continue;
    for (const key of after.models.looked.get(kind) ?? own.keys()) {
      const made = own.get(key);
      if (made === undefined || made.issues.length === 0 || made === before?.get(key)) continue;
      if (touched.has(placeOf(kind, key)) || (before?.get(key)?.issues.length ?? 0) > 0) continue;
      broken.push(...made.issues);
    }
  }
  return broken;
}

/** Findings about exchanges and fees are the operator's, not the desk's. */
function fieldIssue(issue: Issue, isNew: ReadonlySet<DeskKind>): FieldIssue | null {
  const { severity, kind, key, field = "", message } = issue;
  if (kind === undefined || key === undefined || kind === "exchange" || kind === "fees")
    return null;
  const own = kind as DeskKind;
  const shown = key === String(newId) && isNew.has(own) ? "" : key;
  return { severity, kind: own, key: shown, field, message };
}
