import type { ComponentChildren } from "preact";
import type { DeskKind, JsonObject } from "../../store/desk-store.js";
import { kindPaths, nameOf } from "../answers.js";
import { Button } from "../kit/button.js";
import { Dialog } from "../kit/dialog.js";
import { ErrorSummary, ProblemNote } from "../kit/error-summary.js";
import { Findings } from "../kit/field.js";
import { Loading, Time } from "../kit/say.js";
import { changedFields } from "./change-fields.js";
import { type Editing, useEntityEditing } from "./entity-editing.js";
import { TextTable } from "./text-table.js";
import "../css/desk.css";

type Props = {
  readonly kind: DeskKind;
  readonly part: Readonly<Record<string, string>>;
  /** What a new one begins with. */
  readonly start: JsonObject;
  /** "Creative", and what the list of all is called. */
  readonly words: readonly [one: string, all: string];
  readonly mayEdit: boolean;
  readonly children: (form: JsonObject, editing: Editing) => ComponentChildren;
  /** Below the form, outside of it. */
  readonly beside?: (editing: Editing) => ComponentChildren;
};

/** Round the fields of one thing: its name, what is wrong, save, draft, archive, history. */
export function EntityFrame(props: Props) {
  const key = props.part["key"] ?? "";
  const editing = useEntityEditing(props.kind, key, props.start);
  const { form, entity, problem, findings } = editing;
  const [one, all] = props.words;
  const list = `/${kindPaths[props.kind]}`;
  return (
    <>
      <p>
        <a href={list}>{all}</a>
      </p>
      <h1>{entity === null ? (editing.isNew ? `New ${one}` : one) : nameOf(entity)}</h1>
      {entity === null ? null : (
        <p class="muted">
          {one} #{entity.key}, version {entity.version}
          {entity.draft ? ", draft: not used" : ""}
          {entity.archived ? ", archived" : ""}; <Time at={entity.updatedAt} /> by{" "}
          {entity.updatedBy},{" "}
          <a href={`/history?kind=${props.kind}&key=${encodeURIComponent(entity.key)}`}>history</a>
        </p>
      )}
      {problem === null || problem.status === 412 ? null : <ProblemNote problem={problem} />}
      {form === null ? (
        problem === null && <Loading what={one} />
      ) : (
        <Findings.Provider value={findings}>
          <form
            class="form sheet"
            onSubmit={(event) => {
              event.preventDefault();
              void editing.save();
            }}
          >
            {editing.round === 0 ? null : (
              <ErrorSummary title="Not saved yet" findings={findings} round={editing.round} />
            )}
            <fieldset class="plain" disabled={!props.mayEdit}>
              {props.children(form, editing)}
            </fieldset>
            {props.mayEdit ? <Buttons editing={editing} /> : null}
          </form>
        </Findings.Provider>
      )}
      {props.beside?.(editing)}
      {editing.conflict === null ? null : <Conflict editing={editing} />}
    </>
  );
}

function Buttons({ editing }: { readonly editing: Editing }) {
  const { entity, busy, unsaved, isNew } = editing;
  return (
    <p class="row form-foot">
      <Button submit look="main" busy={busy}>
        Save
      </Button>
      {isNew || entity?.draft === true ? (
        <Button busy={busy} onClick={() => void editing.save(true)}>
          Save as a draft
        </Button>
      ) : null}
      {entity === null ? null : (
        <Button look="quiet" onClick={() => void editing.archive(!entity.archived)}>
          {entity.archived ? "Take out of the archive" : "Archive"}
        </Button>
      )}
      <span class="muted" role="status">
        {unsaved ? "Not saved yet" : ""}
      </span>
    </p>
  );
}

/** Two people saved the same thing: what differs, and whose stands. */
function Conflict({ editing }: { readonly editing: Editing }) {
  const { conflict, form, choose } = editing;
  if (conflict === null || form === null) return null;
  const mine = { ...conflict, form };
  return (
    <Dialog
      wide
      title={`${conflict.updatedBy} saved this in between`}
      onClose={() => choose("mine")}
      foot={
        <>
          <Button onClick={() => choose("theirs")}>Take theirs, drop mine</Button>
          <Button look="main" onClick={() => choose("mine")}>
            Keep mine, to save it over theirs
          </Button>
        </>
      }
    >
      <TextTable
        label="What differs"
        columns={["Field", "Theirs", "Mine"]}
        rows={changedFields(conflict, mine).map(({ field, before, after }) => [
          <code key="field">{field}</code>,
          before,
          after,
        ])}
      />
    </Dialog>
  );
}
