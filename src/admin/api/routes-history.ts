import { z } from "zod";
import { mapSteps } from "../../base/steps.js";
import {
  type ChangeWay,
  type EntityState,
  entityKinds,
  type Revision,
  type Stored,
} from "../store/desk-store.js";
import { type Caller, maySee } from "./access.js";
import { type Answer, answer, nothingThere, refuse } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { committed, type Prepared, prepared, type Wish } from "./entity-save.js";
import { entityReply, formFor, seenOf } from "./entity-view.js";
import { mayWrite } from "./kinds.js";
import { type Ask, agency, house, type Route, route } from "./route.js";
import { entityAnswer } from "./routes-entities.js";
import { troubleOf } from "./routes-users.js";

/** What was changed, by whom, and how to have it back. */

const actor = z.object({ user: z.int(), name: z.string(), from: z.string() });
const state = z.object({
  ...{ draft: z.boolean(), archived: z.boolean(), form: z.record(z.string(), z.unknown()) },
});
const revisionReply = z.object({
  ...{ seq: z.int(), change: z.int(), at: z.string(), actor, way: z.string(), note: z.string() },
  ...{ kind: z.enum(entityKinds), key: z.string(), agency: z.string(), version: z.int() },
  ...{ before: state.nullable(), after: state },
});
const changeReply = z.object({
  ...{ change: z.int(), at: z.string(), actor, way: z.string(), note: z.string() },
  ...{ undoable: z.boolean(), revisions: z.array(revisionReply) },
});
const before = z.coerce.number().int().min(1).optional();
const limit = z.coerce.number().int().min(1).max(200).default(50);
const numberParam = (name: string) => z.object({ [name]: z.coerce.number().int().min(1) });

/** Revisions of one change that an undo takes back at most. */
const undoMax = 10_000;

export const historyRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/changes", access: agency("viewer") },
    summary: "Changes, newest first; `next` is the `before` of the page after",
    query: z.strictObject({
      ...{ kind: z.enum(entityKinds).optional(), key: z.string().max(200).optional() },
      ...{ change: z.coerce.number().int().min(1).optional(), before, limit },
    }),
    reply: z.object({ items: z.array(changeReply), next: z.int().nullable() }),
    handler: async ({ caller, query }) => {
      const { kind, key, change } = query;
      const found = await desk.store.revisions({
        ...(caller.agency === "" ? {} : { agency: caller.agency }),
        ...(kind === undefined ? {} : { kind }),
        ...(key === undefined ? {} : { key }),
        ...(change === undefined ? {} : { change }),
        ...(query.before === undefined ? {} : { before: query.before }),
        limit: query.limit,
      });
      if (!found.ok) return troubleOf(found);
      const revisions = found.value;
      const isMore = revisions.length === query.limit;
      const next = isMore ? (revisions.at(-1)?.seq ?? null) : null;
      return answer({ items: grouped(desk, caller, revisions), next });
    },
  }),
  route({
    ...{ method: "POST", path: "/changes/:change/undo", access: agency("trader") },
    summary: "Takes a change back; 409 where something was changed since",
    params: numberParam("change"),
    reply: z.object({ change: z.int() }),
    handler: (ask) => undone(desk, ask as Undoing),
  }),
  route({
    ...{ method: "POST", path: "/revisions/:seq/restore", access: agency("trader") },
    ...{ summary: "Makes a thing what it was after a revision", reply: entityReply },
    params: numberParam("seq"),
    handler: (ask) => restored(desk, ask as Restoring),
  }),
  ...auditRoutes(desk),
];

type Undoing = Ask<{ change: number }, unknown, unknown>;
type Restoring = Ask<{ seq: number }, unknown, unknown>;

function grouped(desk: Desk, caller: Caller, revisions: readonly Revision[]) {
  const byChange = new Map<number, Revision[]>();
  for (const one of revisions) {
    const group = byChange.get(one.change);
    if (group === undefined) byChange.set(one.change, [one]);
    else group.push(one);
  }
  return [...byChange].map(([change, group]) => {
    const { atMs, actor: who, way, note } = group[0]!;
    return {
      ...{ change, at: iso(atMs), actor: shownActor(caller, who), way, note },
      undoable: group.every((one) => isUndoable(desk, caller, one)),
      revisions: group.map((one) => shownRevision(desk, caller, one)),
    };
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Addresses of the house's people are no agency's business. */
const shownActor = (caller: Caller, who: Revision["actor"]): Revision["actor"] =>
  caller.agency === "" ? who : { ...who, from: "" };

function shownRevision(desk: Desk, caller: Caller, { atMs, actor: who, ...revision }: Revision) {
  const { seq, change, way, note, kind, key, agency: of, version, before: was, after } = revision;
  const shown = (one: EntityState) => ({ ...one, form: formFor(desk, caller, kind, one.form) });
  return {
    ...{ seq, change, at: iso(atMs), actor: shownActor(caller, who), way, note },
    ...{ kind, key, agency: of, version },
    ...{ before: was === null ? null : shown(was), after: shown(after) },
  };
}

const isUndoable = (desk: Desk, caller: Caller, { kind, key, version }: Revision): boolean =>
  mayWrite(caller, kind) && desk.book.get(kind, key)?.version === version;

async function undone(desk: Desk, ask: Undoing): Promise<Answer> {
  const { caller, params } = ask;
  const found = await revisionsOf(desk, params.change);
  if (!found.ok) return troubleOf(found);
  const revisions = found.value;
  const visible = revisions.filter((one) => maySee(caller, one.agency));
  if (visible.length === 0) return nothingThere();
  if (visible.length < revisions.length) {
    return refuse(403, "this change reaches beyond your agency: the house may undo it");
  }
  if (revisions.length > undoMax) return refuse(409, "this change is too large to be undone");
  if (!revisions.every(({ kind }) => mayWrite(caller, kind))) {
    return refuse(403, "your role does not allow this");
  }
  if (!revisions.every((one) => isUndoable(desk, caller, one))) {
    return refuse(409, "something of it was changed since: restore what you want back one by one");
  }
  // The state before the first of several revisions of one thing, in place of that after the last.
  const first = new Map(revisions.map((one) => [`${one.kind} ${one.key}`, one]));
  const last = new Map(revisions.toReversed().map((one) => [`${one.kind} ${one.key}`, one]));
  const wanted = [...first].map(([of, one]) => ({ ...beforeOf(one), base: last.get(of)!.version }));
  const saved = await put(desk, ask, wanted, "undo", params.change);
  return "change" in saved ? answer({ change: saved.change }) : saved;
}

const revisionsAtOnce = 200;

/** Newest first, a page after the other: 5,000 in one message hold main for 50 ms. */
async function revisionsOf(
  { store }: Pick<Desk, "store">,
  change: number,
): Promise<Stored<readonly Revision[]>> {
  const all: Revision[] = [];
  for (;;) {
    const before = all.at(-1)?.seq;
    const from = before === undefined ? {} : { before };
    const found = await store.revisions({ change, limit: revisionsAtOnce, ...from });
    if (!found.ok) return found;
    all.push(...found.value);
    if (found.value.length < revisionsAtOnce || all.length > undoMax) {
      return { ok: true, value: all };
    }
  }
}

/** What was new is archived: its number is never given again. */
const beforeOf = ({ kind, key, before: was, after }: Revision): Wanted => ({
  ...{ kind, key },
  state: was ?? { ...after, archived: true },
});

async function restored(desk: Desk, ask: Restoring): Promise<Answer> {
  const { caller, params } = ask;
  const found = await desk.store.revisions({ before: params.seq + 1, limit: 1 });
  if (!found.ok) return troubleOf(found);
  const [revision] = found.value;
  if (revision === undefined || revision.seq !== params.seq) return nothingThere();
  const { kind, key, after } = revision;
  if (!maySee(caller, revision.agency) || seenOf(desk, caller, kind, key) === null) {
    return nothingThere();
  }
  if (!mayWrite(caller, kind)) return refuse(403, "your role does not allow this");
  const saved = await put(desk, ask, [{ kind, key, state: after }], "restore", revision.seq);
  if (!("change" in saved)) return saved;
  const record = desk.book.get(kind, key);
  return record === null ? nothingThere() : entityAnswer(desk, caller, record);
}

type Wanted = Pick<Wish, "kind" | "key"> & {
  readonly state: EntityState;
  /** The version that it takes the place of; absent = whichever there is. */
  readonly base?: number;
};
type Asking = Ask<unknown, unknown, unknown>;

async function put(
  desk: Desk,
  ask: Asking,
  wanted: readonly Wanted[],
  way: ChangeWay,
  of: number,
): Promise<Answer | { readonly change: number }> {
  const make = ({ kind, key, state: { form, draft, archived }, base }: Wanted): Prepared => {
    const ready = prepared(desk, ask.caller, {
      ...{ kind, key, before: desk.book.get(kind, key), form, draft, archived },
      isOfBefore: true,
    });
    // Others may have saved since it was found that nobody had.
    return ready.ok && base !== undefined ? { ...ready, change: { ...ready.change, base } } : ready;
  };
  const ready = await desk.inSlices(mapSteps(wanted, make));
  const errors = ready.flatMap((one) => (one.ok ? [] : one.errors));
  if (errors.length > 0) return refuse(422, "mend what `errors` names", errors);
  const changes = ready.flatMap((one) => (one.ok ? [one.change] : []));
  const note = way === "undo" ? `change ${of}` : `revision ${of}`;
  const result = await committed(desk, ask, changes, { way, note });
  return "refused" in result ? result.refused : { change: result.saved.change };
}

const auditRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/audit", access: agency("admin"), summary: "The audit log" },
    query: z.strictObject({ before, limit }),
    reply: z.object({
      items: z.array(
        z.object({
          ...{ n: z.int(), at: z.string(), actor, agency: z.string(), action: z.string() },
          ...{ what: z.string(), hash: z.string() },
        }),
      ),
      next: z.int().nullable(),
    }),
    handler: async ({ caller, query }) => {
      const found = await desk.store.audit({
        ...(caller.agency === "" ? {} : { agency: caller.agency }),
        ...(query.before === undefined ? {} : { before: query.before }),
        limit: query.limit,
      });
      if (!found.ok) return troubleOf(found);
      const items = found.value.map(({ atMs, ...line }) => ({
        ...{ n: line.n, at: iso(atMs), actor: shownActor(caller, line.actor) },
        ...{ agency: line.agency, action: line.action, what: line.what, hash: line.hash },
      }));
      const next = items.length === query.limit ? (items.at(-1)?.n ?? null) : null;
      return answer({ items, next });
    },
  }),
  route({
    ...{ method: "GET", path: "/audit/verify", access: house("admin"), reply: "JSON" },
    summary: "Whether the audit log is whole",
    handler: async () => {
      const verdict = await desk.store.verifyAudit();
      return verdict.ok ? answer(verdict.value) : troubleOf(verdict);
    },
  }),
];
