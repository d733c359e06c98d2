import type { ComponentChildren } from "preact";
import type { DeskKind, JsonObject } from "../../store/desk-store.js";
import { kindPaths } from "../answers.js";
import { type Draft, useDraft } from "../draft.js";
import { Editor } from "../kit/editor.js";
import { go } from "../route.js";
import "../css/desk.css";

/** The editor of a thing that has no page but its editor: `/deals/new`, `/deals/KEY`. */
export function DeskEditor(props: {
  readonly kind: DeskKind;
  readonly part: Readonly<Record<string, string>>;
  /** What a new one begins with. */
  readonly start: JsonObject;
  /** "Creative", and what the list of all is called. */
  readonly words: readonly [one: string, all: string];
  readonly writable: boolean;
  readonly children: (draft: Draft, isNew: boolean) => ComponentChildren;
  /** Below the form. */
  readonly below?: (draft: Draft) => ComponentChildren;
}) {
  const key = props.part["key"] ?? "new";
  const isNew = key === "new";
  const draft = useDraft(props.kind, isNew ? null : key, props.start);
  const list = `/${kindPaths[props.kind]}`;
  const [one, all] = props.words;
  return (
    <>
      <p>
        <a href={list}>{all}</a>
      </p>
      <Editor
        {...{ draft, what: one, writable: props.writable }}
        onSaved={(saved) => {
          if (isNew) go(`${list}/${encodeURIComponent(saved.key)}`, "replace");
        }}
      >
        {props.children(draft, isNew)}
      </Editor>
      {props.below?.(draft)}
    </>
  );
}
