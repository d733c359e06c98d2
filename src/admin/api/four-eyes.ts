import type { FieldError } from "../problem.js";
import type {
  DeskKind,
  DeskStore,
  EntityChange,
  EntityRecord,
  Json,
  JsonObject,
  Revision,
  Stored,
} from "../store/desk-store.js";
import { type Caller, mayCall } from "./access.js";
import { member } from "./refs.js";
import { agency } from "./route.js";

/**
 * Four eyes. What a creative shows is approved by an approver who did not change it, whatever his
 * role: what is new, or changed in anything but its name, waits again at every exchange, and no
 * form sets an approval. Below approver nobody raises a budget by more than half, at once or in
 * steps within a day, nor by way of a draft.
 *
 * The operator at the machine, who can write the config files as well, is bound by none of it; the
 * demo has one person and no money.
 */

export const mayApprove = (caller: Caller): boolean => mayCall(agency("approver"), caller);

const judged = new Set(["approvals", "approveAll"]);
const unjudged = new Set([...judged, "name", "id"]);

/** Where a form comes from decides whether the approvals in it count. */
export type Approving = {
  readonly caller: Caller;
  readonly demo: boolean;
  /** It is a state of before, brought back: what was approved then was approved by somebody. */
  readonly isOfBefore: boolean;
  readonly exchanges: readonly string[];
};

export function withApprovals(
  { caller, demo, isOfBefore, exchanges }: Approving,
  before: JsonObject | null,
  form: JsonObject,
): JsonObject {
  if (caller.by === "operator" || ((demo || isOfBefore) && mayApprove(caller))) return form;
  const shown = entriesBut(form, judged);
  if (before !== null && markupOf(before) === markupOf(form)) {
    const kept = Object.entries(before).filter(([key]) => judged.has(key));
    return { ...shown, ...Object.fromEntries(kept) };
  }
  const pending = Object.fromEntries(exchanges.map((name) => [name, "pending"]));
  return exchanges.length === 0 ? shown : { ...shown, approvals: pending };
}

const entriesBut = (form: JsonObject, but: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(form).filter(([key]) => !but.has(key)));

/** The order of keys says nothing. */
const markupOf = (form: JsonObject): string =>
  JSON.stringify(Object.entries(entriesBut(form, unjudged)).sort(([a], [b]) => (a < b ? -1 : 1)));

const revisionsAtOnce = 100;

/** The user who last changed what the creative shows; 0 = the program or its operator. */
export async function submitterOf(
  store: Pick<DeskStore, "revisions">,
  key: string,
): Promise<Stored<number>> {
  let before: number | undefined;
  for (;;) {
    const from = before === undefined ? {} : { before };
    const found = await store.revisions({
      ...{ kind: "creative", key, limit: revisionsAtOnce },
      ...from,
    });
    if (!found.ok) return found;
    const change = found.value.find(
      ({ before: was, after }) => was === null || markupOf(was.form) !== markupOf(after.form),
    );
    if (change !== undefined) return { ok: true, value: change.actor.user };
    before = found.value.at(-1)?.seq;
    if (before === undefined || found.value.length < revisionsAtOnce) return { ok: true, value: 0 };
  }
}

const budgets = ["total", "daily"] as const;
const raiseMax = 1.5;

/** The budgets of a form that rise by more than the caller may raise them. */
export function raisesOf(
  caller: Caller,
  kind: DeskKind,
  before: JsonObject | null,
  form: JsonObject,
): readonly FieldError[] {
  if (mayApprove(caller) || before === null) return [];
  if (kind !== "campaign" && kind !== "lineItem") return [];
  return budgets
    .filter((name) => rises(name, before, form))
    .map((name) => ({
      field: `budget.${name}`,
      message: "rises by more than half, or is taken away: an approver does that",
    }));
}

/**
 * The same over a day: from what stood at its beginning or what an approver set since, whoever
 * raised it how often, published states alone. By `key` of the change.
 */
export async function raisesOfDay(
  store: Pick<DeskStore, "revisions" | "users">,
  { caller, nowMs }: { readonly caller: Caller; readonly nowMs: number },
  changes: readonly EntityChange[],
  before: (change: EntityChange) => Pick<EntityRecord, "form" | "draft"> | null,
): Promise<Stored<ReadonlyMap<EntityChange, readonly FieldError[]>>> {
  const found = new Map<EntityChange, readonly FieldError[]>();
  const asked = mayApprove(caller) ? [] : changes.filter((one) => mayRaise(one, before(one)));
  if (asked.length === 0) return { ok: true, value: found };
  const users = await store.users();
  if (!users.ok) return users;
  const approving = users.value.filter(({ role }) => role === "approver" || role === "admin");
  const approvers = new Set([0, ...approving.map(({ id }) => id)]);
  const until = { approvers, sinceMs: nowMs - dayMs };
  for (const kind of ["campaign", "lineItem"] as const) {
    const ofKind = asked.filter((one) => one.kind === kind);
    for (let at = 0; at < ofKind.length; at += keysAtOnce) {
      const some = ofKind.slice(at, at + keysAtOnce);
      const keys = some.map(({ key }) => key);
      const standings = await standingsOf(store, kind, keys, until);
      if (!standings.ok) return standings;
      for (const change of some) {
        const errors = raisedFrom(standings.value.get(change.key)!, change.form);
        if (errors.length > 0) found.set(change, errors);
      }
    }
  }
  return { ok: true, value: found };
}

const dayMs = 86_400_000;
/** Of one thing within a day; past that it is no work of a person's, and nobody knows the sum. */
const dayRevisionsMax = 10_000;
const keysAtOnce = 1000;

/** What raises count from: null = it was never published, `unknown` = nobody has read so far. */
type Standing = { form: JsonObject | null; unknown: boolean; seen: number };

function raisedFrom(
  { form: from, unknown }: Readonly<Standing>,
  form: JsonObject,
): readonly FieldError[] {
  const errors = (names: readonly string[], message: string): readonly FieldError[] =>
    names.map((name) => ({ field: `budget.${name}`, message }));
  if (unknown) {
    return errors(["total"], "was changed too often today to be raised: an approver does that");
  }
  if (from === null) return [];
  const raised = budgets.filter((name) => rises(name, from, form));
  return errors(raised, "rises by more than half within a day: an approver does that");
}

/** What needs its history looked at: a budget that rises, or a draft that is published. */
function mayRaise(
  { kind, draft, form }: EntityChange,
  before: Pick<EntityRecord, "form" | "draft"> | null,
): boolean {
  if (before === null || draft || (kind !== "campaign" && kind !== "lineItem")) return false;
  if (before.draft) return true;
  return budgets.some((name) => {
    const [was, now] = [budgetOf(before.form, name), budgetOf(form, name)];
    return typeof was === "number" && (typeof now !== "number" || now > was);
  });
}

/**
 * By key, looked for from the newest revision on, a page after the other: one question for all of
 * them where each has few. A bulk edit of 1,000 line items asked 1,000 questions before.
 */
async function standingsOf(
  store: Pick<DeskStore, "revisions">,
  kind: DeskKind,
  keys: readonly string[],
  until: { readonly approvers: ReadonlySet<number>; readonly sinceMs: number },
): Promise<Stored<ReadonlyMap<string, Readonly<Standing>>>> {
  const standings = new Map(
    keys.map((key): [string, Standing] => [key, { form: null, unknown: false, seen: 0 }]),
  );
  const open = new Set(keys);
  let from: { readonly before?: number } = {};
  while (open.size > 0) {
    const limit = Math.max(revisionsAtOnce, 2 * open.size);
    const page = await store.revisions({ kind, keys: [...open], limit, ...from });
    if (!page.ok) return page;
    for (const revision of page.value) {
      const { key, after } = revision;
      const standing = standings.get(key);
      if (standing === undefined || !open.has(key)) continue;
      standing.seen++;
      if (!after.draft) standing.form = after.form;
      const ends = endsDay(revision, until.approvers, until.sinceMs);
      if (ends || standing.seen === dayRevisionsMax) open.delete(key);
      if (!ends && standing.seen === dayRevisionsMax) standing.unknown = true;
    }
    const last = page.value.at(-1);
    if (last === undefined || page.value.length < limit) break;
    from = { before: last.seq };
  }
  return { ok: true, value: standings };
}

/** Whether what a revision published is what raises count from. */
function endsDay(
  { actor, atMs, before, after }: Revision,
  approvers: ReadonlySet<number>,
  sinceMs: number,
): boolean {
  if (after.draft) return false;
  const sets = budgets.some(
    (name) => budgetOf(before?.form ?? {}, name) !== budgetOf(after.form, name),
  );
  return atMs <= sinceMs || (sets && approvers.has(actor.user));
}

const budgetOf = (form: JsonObject, name: (typeof budgets)[number]): Json | undefined =>
  member(form["budget"], name);
const rises = (name: (typeof budgets)[number], from: JsonObject, to: JsonObject): boolean =>
  isRaised(budgetOf(from, name), budgetOf(to, name));

/** No budget is one without an end. */
const isRaised = (was: Json | undefined, now: Json | undefined): boolean =>
  typeof was === "number" && (typeof now !== "number" || now > was * raiseMax);
