import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Entity, kindPaths, nameOf } from "../answers.js";
import { call } from "../api.js";
import { sayDone } from "../changes.js";
import type { Draft } from "../draft.js";
import { differences, merged, valueAt, valueText } from "../form-path.js";
import { go } from "../route.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { ErrorSummary, ProblemNote } from "./error-summary.js";
import { Findings } from "./field.js";
import { Loading, Time } from "./say.js";
import { toast } from "./toast.js";

type Props = {
  readonly draft: Draft;
  /** "Line item", "Campaign". */
  readonly what: string;
  readonly children: ComponentChildren;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  readonly writable: boolean;
  /** One of several steps, which has its own title and goes on by itself. */
  readonly step?: boolean;
  /** Brings a field into sight that an error leads to. */
  readonly onField?: (field: string) => void;
  /** After a save, in place of staying here. */
  readonly onSaved?: (saved: Entity) => void;
};

/** The frame of every editor: what is wrong, the form, and the bar that saves it. */
export function Editor(props: Props) {
  const { draft, what, writable } = props;
  const { entity, problem } = draft;
  if (draft.loading) return <Loading what={what} />;
  if (entity === null && problem !== null && problem.status !== 422 && draft.round === 0) {
    return <ProblemNote problem={problem} onRetry={draft.reload} />;
  }
  const save = async (asDraft: boolean): Promise<void> => {
    const saved = await draft.save(asDraft);
    if (saved === null) return;
    sayDone(`${nameOf(saved)} is saved${asDraft ? " as a draft" : ""}.`, saved, draft.reload);
    if (props.onSaved !== undefined) props.onSaved(saved);
    else if (entity === null) go(`/${kindPaths[saved.kind]}/${saved.key}/edit`, "replace");
  };
  const refused = draft.round > 0 && problem !== null;
  return (
    <form
      noValidate
      class="editor stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save(false);
      }}
    >
      {props.step === true ? null : <Title {...props} />}
      {refused && (problem.errors ?? []).length === 0 ? <ProblemNote problem={problem} /> : null}
      {draft.round === 0 ? null : (
        <ErrorSummary
          title="Not saved yet"
          findings={draft.findings}
          round={draft.round}
          onField={props.onField ?? (() => undefined)}
        />
      )}
      <Findings.Provider value={draft.findings}>
        <fieldset class="bare" disabled={!writable}>
          {props.children}
        </fieldset>
      </Findings.Provider>
      {writable ? <SaveBar {...{ draft, save }} step={props.step === true} /> : null}
      {draft.conflict === null ? null : <Conflict draft={draft} theirs={draft.conflict} />}
    </form>
  );
}

function Title({ draft, what, aside, writable }: Props) {
  const { entity } = draft;
  const archive = async (): Promise<void> => {
    if (entity === null) return;
    const path = `/${kindPaths[entity.kind]}/${encodeURIComponent(entity.key)}`;
    const answer = await call<Entity>("DELETE", path, { version: entity.version });
    if (!answer.ok) {
      toast({ words: `Not archived: ${answer.problem.detail}`, bad: true });
      return;
    }
    sayDone(`${nameOf(entity)} is archived.`, answer.value, () => undefined);
    go(`/${kindPaths[entity.kind]}`);
  };
  return (
    <div class="spread">
      <div>
        <h1>
          {entity === null ? `New ${what.toLowerCase()}` : nameOf(entity)}
          {entity?.draft === true ? <span class="badge wait">Draft</span> : null}
          {entity?.archived === true ? <span class="badge">Archived</span> : null}
        </h1>
        {entity === null ? null : (
          <p class="muted">
            {what} #{entity.key}, changed by {entity.updatedBy},{" "}
            <Time at={entity.updatedAt} zone={entity.links.advertiser?.timeZone} />
          </p>
        )}
      </div>
      <div class="row">
        {aside}
        {entity === null ? null : (
          <a class="button" href={`/history?kind=${entity.kind}&key=${entity.key}`}>
            History
          </a>
        )}
        {entity === null || entity.archived || !writable ? null : (
          <Button onClick={() => void archive()}>Archive</Button>
        )}
      </div>
    </div>
  );
}

function SaveBar(props: {
  readonly draft: Draft;
  readonly save: (asDraft: boolean) => Promise<void>;
  readonly step: boolean;
}) {
  const { draft, save, step } = props;
  const errors = draft.findings.filter(({ severity }) => severity === "error").length;
  const canDraft = draft.entity === null || draft.entity.draft;
  const state = draft.changed ? "Not saved yet" : draft.entity === null ? "" : "All saved";
  return (
    <div class="save-bar">
      <Button submit look="main" busy={draft.busy}>
        {step ? "Save and go on" : draft.entity?.draft === true ? "Save and use" : "Save"}
      </Button>
      {canDraft && !step ? (
        <Button busy={draft.busy} onClick={() => void save(true)}>
          Save as draft
        </Button>
      ) : null}
      {draft.changed && draft.entity !== null ? (
        <Button look="quiet" onClick={() => draft.replace(draft.entity?.form ?? {})}>
          Drop the changes
        </Button>
      ) : null}
      <span role="status">
        {state}
        {errors === 0 ? "" : `${state === "" ? "" : ", "}${errors} to mend`}
      </span>
    </div>
  );
}

/** Two people saved: both versions side by side, and the person chooses value by value. */
function Conflict({ draft, theirs }: { readonly draft: Draft; readonly theirs: Entity }) {
  const different = differences(theirs.form, draft.form);
  const base = draft.entity?.form;
  const ownEdits = different
    .filter(({ path, after }) => JSON.stringify(valueAt(base, path)) !== JSON.stringify(after))
    .map(({ path }) => path);
  const [ours, setOurs] = useState<ReadonlySet<string>>(new Set(ownEdits));
  const choose = (path: string, mine: boolean): void => {
    const next = new Set(ours);
    if (mine) next.add(path);
    else next.delete(path);
    setOurs(next);
  };
  const settle = (paths: ReadonlySet<string>): void =>
    draft.settle(merged(theirs.form, draft.form, paths), theirs);
  const foot = (
    <>
      <Button onClick={() => settle(new Set())}>Take theirs, drop mine</Button>
      <Button look="main" onClick={() => settle(ours)}>
        Go on with what is chosen
      </Button>
    </>
  );
  return (
    <Dialog wide title="Somebody saved this meanwhile" onClose={() => settle(ours)} foot={foot}>
      <p>
        {theirs.updatedBy} saved at <Time at={theirs.updatedAt} />. Choose what stands in each
        place; nothing is saved before you press Save again.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Yours</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {different.map(({ path, before, after }) => (
            <tr key={path}>
              <th scope="row">{path}</th>
              {[
                { mine: true, value: after },
                { mine: false, value: before },
              ].map(({ mine, value }) => (
                <td key={String(mine)}>
                  <label>
                    <input
                      type="radio"
                      name={`conflict-${path}`}
                      checked={ours.has(path) === mine}
                      onChange={() => choose(path, mine)}
                    />{" "}
                    {valueText(value)}
                  </label>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
