import { useEffect, useRef, useState } from "preact/hooks";
import type { DeskKind, Json, JsonObject } from "../../store/desk-store.js";
import { type Entity, type Finding, kindPaths, nameOf, type Problem } from "../answers.js";
import { call, onceKey, post } from "../api.js";
import { useFetched, useSettled } from "../fetched.js";
import { errorsAsFindings } from "../kit/field.js";
import { toast } from "../kit/toast.js";
import { go, holdWhile } from "../route.js";
import { withValue } from "./form-path.js";

const typingMs = 400;
const newKey = "new";

export type Editing = {
  /** null while it is loaded, or where it cannot be. */
  readonly form: JsonObject | null;
  /** As stored; null = new. */
  readonly entity: Entity | null;
  readonly isNew: boolean;
  readonly unsaved: boolean;
  readonly busy: boolean;
  readonly findings: readonly Finding[];
  readonly problem: Problem | null;
  /** Rises with each refused save. */
  readonly round: number;
  /** What somebody else saved in between. */
  readonly conflict: Entity | null;
  readonly set: (path: string, value: Json | undefined) => void;
  readonly setForm: (form: JsonObject) => void;
  readonly save: (draft?: boolean) => Promise<void>;
  readonly archive: (archived: boolean) => Promise<void>;
  /** Of a conflict: theirs drops one's own, mine stays to be saved over theirs. */
  readonly choose: (whose: "theirs" | "mine") => void;
};

type Saved = { readonly entity: Entity | null; readonly form: JsonObject };

/** One thing in an editor: loads, checks as it is typed, saves against the version that it had. */
export function useEntityEditing(kind: DeskKind, key: string, start: JsonObject): Editing {
  const isNew = key === newKey;
  const path = `/${kindPaths[kind]}/${encodeURIComponent(key)}`;
  const loaded = useFetched<Entity>(isNew ? null : path);
  const [saved, setSaved] = useState<Saved | null>(isNew ? { entity: null, form: start } : null);
  const [form, setForm] = useState<JsonObject | null>(isNew ? start : null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<Entity | null>(null);
  const [round, setRound] = useState(0);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (loaded.value === null || saved !== null) return;
    setSaved({ entity: loaded.value, form: loaded.value.form });
    setForm(loaded.value.form);
  }, [loaded.value]);
  const unsaved = form !== null && saved !== null && !same(form, saved.form);
  useHold(unsaved);
  const findings = useFindings(kind, isNew ? null : key, form);

  const taken = (entity: Entity): void => {
    setSaved({ entity, form: entity.form });
    setForm(entity.form);
    setProblem(null);
    setConflict(null);
  };
  /** Saves over `from`; the way back saves `from` over what came of it. */
  const put = async (to: JsonObject, draft: boolean, from: Entity, words: string) => {
    const body = { form: to, draft };
    const send = { body, version: from.version, once: onceKey() };
    const answer = await call<Entity>("PUT", path, send);
    if (!answer.ok) return refused(answer.problem);
    taken(answer.value);
    const back = `${nameOf(from)} is as it was before`;
    toast({ words, undo: () => void put(from.form, from.draft, answer.value, back) });
  };
  const make = async (from: JsonObject, draft: boolean): Promise<void> => {
    const answer = await post<Entity>(`/${kindPaths[kind]}`, { form: from, draft }, onceKey());
    if (!answer.ok) return refused(answer.problem);
    taken(answer.value);
    holdWhile(() => false);
    toast({ words: `${nameOf(answer.value)} is saved` });
    go(`/${kindPaths[kind]}/${encodeURIComponent(answer.value.key)}`, "replace");
  };
  const refused = (what: Problem): void => {
    setProblem(what);
    setRound((n) => n + 1);
    if (what.status === 412 && what.current !== undefined) setConflict(what.current);
  };
  const save = async (draft = false): Promise<void> => {
    if (form === null) return;
    setBusy(true);
    if (saved?.entity) await put(form, draft, saved.entity, `${nameOf(saved.entity)} is saved`);
    else await make(form, draft);
    setBusy(false);
  };
  const archive = async (archived: boolean): Promise<void> => {
    const entity = saved?.entity;
    if (!entity) return;
    const answer = archived
      ? await call<Entity | "">("DELETE", path, { version: entity.version })
      : await call<Entity>("PUT", path, { body: { form: entity.form }, version: entity.version });
    if (!answer.ok) return refused(answer.problem);
    toast({ words: `${nameOf(entity)} is ${archived ? "archived" : "back"}` });
    setSaved(null);
    loaded.reload();
  };
  const choose = (whose: "theirs" | "mine"): void => {
    if (conflict === null) return;
    if (whose === "theirs") taken(conflict);
    else setSaved({ entity: conflict, form: conflict.form });
    setConflict(null);
    setProblem(null);
  };
  const refusals = errorsAsFindings(problem?.errors);
  return {
    ...{ form, isNew, unsaved, busy, round, conflict, setForm, save, archive, choose },
    entity: saved?.entity ?? null,
    findings: refusals.length > 0 && !unsaved ? refusals : findings,
    problem: problem ?? loaded.problem,
    set: (field, value) => setForm((was) => (was === null ? was : withValue(was, field, value))),
  };
}

const same = (a: JsonObject, b: JsonObject): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Keeps the person here while something is not saved. */
function useHold(unsaved: boolean): void {
  const latest = useRef(unsaved);
  latest.current = unsaved;
  useEffect(() => holdWhile(() => latest.current), []);
}

/** What the API would say of the form as it stands. */
function useFindings(
  kind: DeskKind,
  key: string | null,
  form: JsonObject | null,
): readonly Finding[] {
  const text = useSettled(JSON.stringify(form), typingMs);
  const [findings, setFindings] = useState<readonly Finding[]>([]);
  useEffect(() => {
    if (text === "null") return;
    const ending = new AbortController();
    const body = { form: JSON.parse(text) as JsonObject, ...(key === null ? {} : { key }) };
    const path = `/${kindPaths[kind]}/validate`;
    call<{ issues: readonly Finding[] }>("POST", path, { body, signal: ending.signal }).then(
      (answer) => answer.ok && setFindings(answer.value.issues),
      () => undefined,
    );
    return () => ending.abort();
  }, [kind, key, text]);
  return findings;
}
