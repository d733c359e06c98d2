import { useEffect, useState } from "preact/hooks";
import type { Revision } from "../../store/desk-store.js";
import { type ChangeEntry, kindPaths, type Problem } from "../answers.js";
import { get, post, withQuery } from "../api.js";
import { Button } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Select, TextField } from "../kit/field.js";
import { Empty, Loading, Time } from "../kit/say.js";
import { toast } from "../kit/toast.js";
import { place, setQuery } from "../route.js";
import { may } from "../session.js";
import { changedFields } from "./change-fields.js";
import type { ChangesAnswer } from "./desk-answers.js";
import { fieldLabel } from "./field-labels.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

const pageSize = 30;
const kinds = Object.keys(kindPaths) as (keyof typeof kindPaths)[];
/** `lineItem` as "Line item". */
const kindWords = (kind: string): string =>
  kind.charAt(0).toUpperCase() + kind.slice(1).replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);

/** Who changed what, when, from what to what; each change may be undone, each state restored. */
export default function HistoryPage() {
  const { query } = place.value;
  const kind = query.get("kind") ?? "";
  const key = query.get("key") ?? "";
  const history = useChanges(kind, key);
  return (
    <>
      <h1>History</h1>
      <div class="row end">
        <Select
          label="Kind"
          required
          value={kind}
          options={[
            { value: "", label: "All kinds" },
            ...kinds.map((value) => ({ value, label: kindWords(value) })),
          ]}
          onChange={(value) => setQuery({ kind: value, key: null })}
        />
        {kind === "" ? null : (
          <TextField
            label="Number of one"
            value={key}
            onInput={(value) => setQuery({ key: value.trim() })}
          />
        )}
      </div>
      {history.problem === null ? null : (
        <ProblemNote problem={history.problem} onRetry={history.again} />
      )}
      {history.items === null ? (
        history.problem === null && <Loading what="changes" />
      ) : history.items.length === 0 ? (
        <Empty title="Nothing was changed yet" />
      ) : (
        <ol class="changes">
          {joined(history.items).map((entry, at, { length }) => (
            <Change
              key={entry.change}
              entry={entry}
              partly={at === length - 1 && history.more !== null}
              then={history.again}
            />
          ))}
        </ol>
      )}
      {history.more === null ? null : (
        <p>
          <Button onClick={history.more}>Show older ones</Button>
        </p>
      )}
    </>
  );
}

/** A page may end inside a change: the next one goes on with it. */
function joined(items: readonly ChangeEntry[]): readonly ChangeEntry[] {
  const whole = new Map<number, ChangeEntry>();
  for (const entry of items) {
    const before = whole.get(entry.change)?.revisions ?? [];
    whole.set(entry.change, { ...entry, revisions: [...before, ...entry.revisions] });
  }
  return [...whole.values()];
}

/** Changes newest first, page by page. */
function useChanges(kind: string, key: string) {
  const [items, setItems] = useState<readonly ChangeEntry[] | null>(null);
  const [next, setNext] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const load = async (before: number | null, signal?: AbortSignal): Promise<void> => {
    const path = withQuery("/changes", { kind, key, before, limit: pageSize });
    const answer = await get<ChangesAnswer>(path, signal);
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setNext(answer.value.next);
    setItems((was) => [...(before === null ? [] : (was ?? [])), ...answer.value.items]);
  };
  useEffect(() => {
    const ending = new AbortController();
    load(null, ending.signal).catch(() => undefined);
    return () => ending.abort();
  }, [kind, key, round]);
  return {
    items,
    problem,
    again: () => setRound((n) => n + 1),
    more: next === null ? null : () => void load(next),
  };
}

const ways: Readonly<Record<string, string>> = {
  ...{ page: "here", api: "by the API", csv: "by CSV", bulk: "in bulk" },
  ...{ apply: "from config files", restore: "restored", undo: "undone" },
};

function Change(props: {
  readonly entry: ChangeEntry;
  /** More of it may come with older ones. */
  readonly partly: boolean;
  readonly then: () => void;
}) {
  const { entry, partly, then } = props;
  const { change, revisions } = entry;
  const undo = async (): Promise<void> => {
    const answer = await post<unknown>(`/changes/${change}/undo`, undefined);
    if (answer.ok) toast({ words: `Change ${change} is undone` });
    else toast({ words: answer.problem.detail, bad: true });
    then();
  };
  const actor = typeof entry.actor === "string" ? entry.actor : entry.actor.name;
  const first = revisions[0];
  const what =
    revisions.length === 1 && first !== undefined
      ? nameOfThing(first)
      : partly
        ? `${revisions.length} things or more`
        : `${revisions.length} things`;
  return (
    <li>
      <details open={revisions.length === 1}>
        <summary>
          <strong>{what}</strong> <Time at={entry.at} />, {actor}, {ways[entry.way] ?? entry.way}
          {entry.note === "" ? "" : `: ${entry.note}`}
        </summary>
        {revisions.map((revision) => (
          <RevisionView key={revision.seq} revision={revision} then={then} />
        ))}
        {entry.undoable && may("trader") ? (
          <Button small label={`Undo this change: ${change}, ${what}`} onClick={() => void undo()}>
            Undo this change
          </Button>
        ) : null}
      </details>
    </li>
  );
}

const nameOfThing = ({ kind, key, after }: Revision): string =>
  `${kindWords(kind)} ${String(after.form["name"] ?? "")} #${key}`;

function RevisionView(props: { readonly revision: Revision; readonly then: () => void }) {
  const { revision } = props;
  const fields = changedFields(revision.before, revision.after);
  const name = nameOfThing(revision);
  const restore = async (): Promise<void> => {
    const answer = await post<unknown>(`/revisions/${revision.seq}/restore`, undefined);
    if (answer.ok) toast({ words: `${name} is as it was at version ${revision.version}` });
    else toast({ words: answer.problem.detail, bad: true });
    props.then();
  };
  return (
    <section class="revision" aria-label={`${name}, version ${revision.version}`}>
      <p class="row">
        <span>
          {name}, version {revision.version}
          {revision.before === null ? " (new)" : ""}
        </span>
        {may("trader") ? (
          <Button
            small
            label={`Restore this version: ${revision.version} of ${name}`}
            onClick={() => void restore()}
          >
            Restore this version
          </Button>
        ) : null}
      </p>
      {fields.length === 0 ? null : (
        <TextTable
          label={`What changed in ${name}, version ${revision.version}`}
          columns={["Field", "Before", "After"]}
          rows={fields.map(({ field, before, after }) => [
            <span key="field" title={field}>
              {fieldLabel(field)}
            </span>,
            <del key="before">{before}</del>,
            <ins key="after">{after}</ins>,
          ])}
        />
      )}
    </section>
  );
}
