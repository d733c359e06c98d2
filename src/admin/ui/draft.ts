import { useEffect, useRef, useState } from "preact/hooks";
import type { DeskKind, Json, JsonObject } from "../store/desk-store.js";
import { type Entity, type Finding, kindPaths, type Problem } from "./answers.js";
import { call, get, onceKey, post } from "./api.js";
import { useSettled } from "./fetched.js";
import { valueAt, withValue } from "./form-path.js";
import { errorsAsFindings } from "./kit/field.js";
import { holdWhile } from "./route.js";

/** A form that is being edited, and where it stands against what is saved. */
export type Draft = {
  readonly kind: DeskKind;
  /** null = a new thing. */
  readonly entity: Entity | null;
  readonly form: JsonObject;
  readonly at: (path: string) => Json | undefined;
  readonly set: (path: string, value: Json | undefined) => void;
  readonly replace: (form: JsonObject) => void;
  readonly changed: boolean;
  /** Of a new thing what is still missing is no news before the first try to save. */
  readonly findings: readonly Finding[];
  /** Of loading or of the last try to save. */
  readonly problem: Problem | null;
  /** What somebody else saved meanwhile. */
  readonly conflict: Entity | null;
  /** Takes this form as the edit of that version. */
  readonly settle: (form: JsonObject, onto: Entity) => void;
  readonly busy: boolean;
  /** Rises with each refused try. */
  readonly round: number;
  readonly loading: boolean;
  readonly save: (asDraft: boolean) => Promise<Entity | null>;
  readonly reload: () => void;
};

const typingMs = 400;

/**
 * Edits a thing of a kind; key null makes a new one out of `start`. Validates while it is edited,
 * and holds the way out while something is not saved.
 */
export function useDraft(kind: DeskKind, key: string | null, start: JsonObject = {}): Draft {
  const base = `/${kindPaths[kind]}`;
  const [entity, setEntity] = useState<Entity | null>(null);
  const [form, setForm] = useState<JsonObject>(start);
  const [saved, setSaved] = useState<JsonObject>(start);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<Entity | null>(null);
  const [busy, setBusy] = useState(false);
  const [round, setRound] = useState(0);
  const [once, setOnce] = useState(onceKey);
  const changed = JSON.stringify(form) !== JSON.stringify(saved);
  const take = (from: Entity): void => {
    setEntity(from);
    setForm(from.form);
    setSaved(from.form);
    setConflict(null);
    setProblem(null);
  };
  const load = async (): Promise<void> => {
    if (key === null) return;
    const answer = await get<Entity>(`${base}/${encodeURIComponent(key)}`);
    if (answer.ok) take(answer.value);
    else setProblem(answer.problem);
  };
  useEffect(() => void load(), [kind, key]);
  const dirty = useRef(changed);
  dirty.current = changed;
  useEffect(() => holdWhile(() => dirty.current), []);
  const edit = (change: (was: JsonObject) => JsonObject): void => {
    setForm(change);
    setProblem(null);
  };
  const live = useFindings(base, entity?.key ?? null, form, changed || key === null);
  const save = async (asDraft: boolean): Promise<Entity | null> => {
    setBusy(true);
    const answer = await stored(base, entity, { form, draft: asDraft }, once);
    setBusy(false);
    // A lost answer is asked for again under the same key; any answer ends it.
    if (answer.ok || answer.problem.status !== 0) setOnce(onceKey());
    if (answer.ok) {
      take(answer.value);
      dirty.current = false;
      return answer.value;
    }
    setRound((n) => n + 1);
    if (answer.problem.status === 412 && answer.problem.current !== undefined) {
      setConflict(answer.problem.current);
    } else setProblem(answer.problem);
    return null;
  };
  return {
    ...{ kind, entity, form, changed, problem, conflict, busy, round, save },
    at: (path) => valueAt(form, path),
    set: (path, value) => edit((was) => withValue(was, path, value)),
    replace: (to) => edit(() => to),
    findings: findingsOf(live === null ? [] : standing(live, form), problem).filter(
      ({ field }) => entity !== null || round > 0 || valueAt(form, field) !== undefined,
    ),
    settle: (merged, onto) => {
      setEntity(onto);
      setSaved(onto.form);
      setForm(merged);
      setConflict(null);
    },
    loading: key !== null && entity === null && problem === null,
    reload: () => void load(),
  };
}

/** A new thing is made once under its key; a known one is changed from the version that it had. */
function stored(base: string, entity: Entity | null, body: object, once: string) {
  if (entity === null) return post<Entity>(base, body, once);
  const path = `${base}/${encodeURIComponent(entity.key)}`;
  return call<Entity>("PUT", path, { body, version: entity.version });
}

/** What live validation says, and beside it what the refusal of this very form said. */
function findingsOf(live: readonly Finding[], problem: Problem | null): readonly Finding[] {
  const known = new Set(live.map(({ field, message }) => `${field} ${message}`));
  const refused = errorsAsFindings(problem?.errors);
  return [...live, ...refused.filter(({ field, message }) => !known.has(`${field} ${message}`))];
}

type Found = { readonly issues: readonly Finding[]; readonly of: JsonObject };

/** What was found of a field says nothing of what was written into it since. */
const standing = ({ issues, of }: Found, form: JsonObject): readonly Finding[] =>
  issues.filter(
    ({ field }) =>
      JSON.stringify(valueAt(form, field) ?? null) === JSON.stringify(valueAt(of, field) ?? null),
  );

/** null = not asked yet, or no answer. */
function useFindings(
  base: string,
  key: string | null,
  form: JsonObject,
  active: boolean,
): Found | null {
  const [found, setFound] = useState<Found | null>(null);
  const settled = useSettled(form, typingMs);
  useEffect(() => {
    if (!active) return;
    let latest = true;
    const body = { form: settled, ...(key === null ? {} : { key }) };
    void post<{ readonly issues: readonly Finding[] }>(`${base}/validate`, body).then((answer) => {
      if (latest) setFound(answer.ok ? { issues: answer.value.issues, of: settled } : null);
    });
    return () => {
      latest = false;
    };
  }, [settled, key, active]);
  return found;
}
