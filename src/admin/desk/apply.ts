import { kindWords } from "../../campaign/resolve-entity.js";
import {
  type Actor,
  type DeskKind,
  type EntityChange,
  type EntityRecord,
  entityKinds,
} from "../store/desk-store.js";
import type { DeskBook, FieldIssue } from "./desk.js";
import { agencyOfForm, formDigest, placeOf, type RecordReader, referencesOf } from "./entity.js";
import type { FileEntity } from "./file-entities.js";

/** Seed of what once stood in the files and does no more. */
export const goneSeed = "";

export type ApplyAct =
  /** In the files, not at the desk. */
  | "created"
  /** Changed in the files alone, or taken from them by force. */
  | "changed"
  /** Gone from the files and untouched at the desk. */
  | "archived"
  /** Both say the same, which the store did not know yet. */
  | "agreed"
  /** Changed at the desk alone, or made there. */
  | "kept"
  /** Changed on both sides: the desk's stays. */
  | "conflict";

export type ApplyRow = {
  readonly kind: DeskKind;
  readonly key: string;
  readonly file: string;
  readonly act: ApplyAct;
  /** Of a conflict: what stands against it. */
  readonly why: string;
};

export type ApplyPlan = {
  /** One row for each thing that is not the same on both sides. */
  readonly rows: readonly ApplyRow[];
  readonly changes: readonly EntityChange[];
};

type Step = { readonly act: ApplyAct; readonly why?: string; readonly change?: EntityChange };

/**
 * Three ways: what the files say now, what they said when they were last applied (the record's
 * `seed`), what the desk says. `force`: of conflicts the files' side.
 */
export function planApply(
  files: readonly FileEntity[],
  book: Pick<DeskBook, "all" | "get">,
  force: boolean,
): ApplyPlan {
  const inFiles = new Map(files.map((one) => [placeOf(one.kind, one.key), one]));
  const read: RecordReader = (kind, key) => inFiles.get(placeOf(kind, key)) ?? book.get(kind, key);
  const rows: ApplyRow[] = [];
  const changes: EntityChange[] = [];
  const note = (of: Pick<ApplyRow, "kind" | "key" | "file">, step: Step | null): void => {
    if (step === null) return;
    const { kind, key, file } = of;
    rows.push({ kind, key, file, act: step.act, why: step.why ?? "" });
    if (step.change !== undefined) changes.push(step.change);
  };
  for (const entity of files) {
    const { kind, key, form } = entity;
    const record = book.get(kind, key);
    const agency = agencyOfForm(kind, form, read);
    note(entity, stepOf(entity, record, agency, force));
  }
  for (const kind of entityKinds) {
    for (const record of book.all(kind)) {
      if (!inFiles.has(placeOf(kind, record.key))) note(record, absentStep(record, force));
    }
  }
  return { rows, changes };
}

function stepOf(
  { kind, key, form, file }: FileEntity,
  record: EntityRecord | null,
  agency: string,
  force: boolean,
): Step | null {
  const seed = formDigest(form);
  const change = { kind, key, draft: false, archived: false, form, agency, file, seed };
  if (record === null) return { act: "created", change: { ...change, base: null } };
  const base = record.version;
  const own = formDigest(record.form);
  const isLive = !record.draft && !record.archived;
  if (record.seed === seed) {
    if (!isLive || own !== seed) {
      return force ? { act: "changed", change: { ...change, base } } : { act: "kept" };
    }
    return record.file === file ? null : { act: "agreed", change: { ...change, base } };
  }
  if (isLive && own === seed) return { act: "agreed", change: { ...change, base } };
  // It went with the files, so it comes back with them.
  const untouched = record.archived ? record.seed === goneSeed : isLive && own === record.seed;
  if (untouched || force) return { act: "changed", change: { ...change, base } };
  return { act: "conflict", why: conflictWords(record) };
}

const conflictWords = ({ draft, archived, updatedBy }: EntityRecord): string =>
  `changed in the files and ${draft ? "made a draft" : archived ? "archived" : "changed"} at the ` +
  `desk by ${updatedBy}: the desk's stands`;

function absentStep(record: EntityRecord, force: boolean): Step | null {
  const { version: base, seed, archived, draft, form } = record;
  if (seed === null || seed === goneSeed) return archived ? null : { act: "kept" };
  if (archived) return null;
  const change: EntityChange = { ...changeOf(record), base, archived: true, seed: goneSeed };
  if ((formDigest(form) === seed && !draft) || force) return { act: "archived", change };
  const why = `gone from the files, and changed at the desk by ${record.updatedBy}: it stays`;
  return { act: "conflict", why };
}

const changeOf = (record: EntityRecord): Omit<EntityChange, "base"> => {
  const { kind, key, draft, archived, form, agency, file, seed } = record;
  return { kind, key, draft, archived, form, agency, file, seed };
};

export const filesActor: Actor = { user: 0, name: "config files", from: "" };

export type Applied =
  | {
      readonly ok: true;
      readonly rows: readonly ApplyRow[];
      /** The change that it was; null = nothing was to do, or it was a dry run. */
      readonly change: number | null;
    }
  /** Nothing was done. */
  | { readonly ok: false; readonly issues: readonly FieldIssue[] }
  | { readonly ok: false; readonly code: "locked" | "gone" | "stale" };

/**
 * Brings the files' things into the book. One thing in the files that is wrong stops them all; a
 * thing that the desk still needs, or changed itself, only stays as it is.
 */
export async function applyFiles(
  files: readonly FileEntity[],
  book: Pick<DeskBook, "all" | "get" | "commit">,
  options: {
    readonly actor: Actor;
    readonly nowMs: number;
    readonly force: boolean;
    readonly dryRun: boolean;
    /** Findings that stop it; lint is none of them. */
    readonly errorsOf: (changes: readonly EntityChange[]) => Promise<readonly FieldIssue[]>;
  },
): Promise<Applied> {
  const plan = planApply(files, book, options.force);
  const fitted = await withoutNeeded(plan, book, options.errorsOf);
  if (fitted.issues.length > 0) return { ok: false, issues: fitted.issues };
  const { rows, changes } = fitted.plan;
  if (changes.length === 0 || options.dryRun) return { ok: true, rows, change: null };
  const { actor, nowMs: atMs } = options;
  const done = await book.commit({ ...{ actor, atMs, changes }, way: "apply", note: "" });
  if (done.ok) return { ok: true, rows, change: done.change };
  if (done.code === "invalid") return { ok: false, issues: done.issues };
  return { ok: false, code: done.code === "key_reused" ? "stale" : done.code };
}

/** Archives nothing that things of the desk refer to, nor what those things need in turn. */
async function withoutNeeded(
  plan: ApplyPlan,
  book: Pick<DeskBook, "get">,
  errorsOf: (changes: readonly EntityChange[]) => Promise<readonly FieldIssue[]>,
): Promise<{ readonly plan: ApplyPlan; readonly issues: readonly FieldIssue[] }> {
  const issues = await errorsOf(plan.changes);
  const byPlace = new Map(plan.changes.map((one) => [placeOf(one.kind, one.key), one]));
  const needed = new Map<string, string>();
  const need = (kind: DeskKind, key: string, by: string): void => {
    const form = book.get(kind, key)?.form;
    for (const one of form === undefined ? [] : referencesOf(kind, form)) {
      const place = placeOf(one.kind, one.key);
      if (byPlace.get(place)?.archived !== true || needed.has(place)) continue;
      needed.set(place, by);
      need(one.kind, one.key, by);
    }
  };
  for (const { kind, key } of issues) {
    if (!byPlace.has(placeOf(kind, key))) need(kind, key, `${kindWords[kind]} ${key}`);
  }
  if (needed.size === 0) return { plan, issues };
  const rows = plan.rows.map((row) => {
    const by = needed.get(placeOf(row.kind, row.key));
    if (by === undefined) return row;
    return { ...row, act: "conflict" as const, why: `gone from the files, but ${by} needs it` };
  });
  const changes = plan.changes.filter(({ kind, key }) => !needed.has(placeOf(kind, key)));
  return { plan: { rows, changes }, issues: await errorsOf(changes) };
}
