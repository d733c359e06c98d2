import { useId, useState } from "preact/hooks";
import type { SegmentFact } from "../../desk/desk.js";
import type { Json } from "../../store/desk-store.js";
import { type Entity, nameOf } from "../answers.js";
import { type Entities, withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { Button } from "../kit/button.js";
import { Field, TextArea } from "../kit/field.js";
import {
  bandText,
  type Expression,
  expressionOf,
  type Groups,
  groupsOf,
  type Part,
  partKey,
  withoutPart,
  withPart,
} from "./audience-groups.js";
import { AudienceReach } from "./audience-reach.js";
import type { SegmentsAnswer } from "./desk-answers.js";
import "../css/desk.css";

export type BuilderProps = {
  /** The agency whose segments and saved audiences may be named, by its id as text. */
  readonly agency: string;
  readonly value: Json | undefined;
  /** undefined = everybody. */
  readonly onChange: (value: Expression | undefined) => void;
  /** The form's field: findings of it are shown here. */
  readonly path?: string;
  readonly readOnly?: boolean;
  /** False inside a saved audience, which names no other one. */
  readonly mayNameSaved?: boolean;
};

/** What may be put into a group, and how it is shown. */
type Choice = { readonly part: Part; readonly label: string; readonly about: string };

const choicesOf = (segments: readonly SegmentFact[], saved: readonly Entity[]): Choice[] => [
  ...segments.map(({ name, label, bandLow, bandHigh, resident }) => ({
    part: name,
    label: label === "" ? name : label,
    about: bandText(bandLow, bandHigh) + (resident ? "" : ", has to be loaded first"),
  })),
  ...saved.map((entity) => ({
    part: { saved: Number(entity.key) },
    label: nameOf(entity),
    about: "saved audience",
  })),
];

/**
 * People in any part of each group and in no part of the last box, with what is known of how many
 * they are beside it.
 */
export function AudienceBuilder(props: BuilderProps) {
  const { agency, value, onChange, readOnly = false, mayNameSaved = true } = props;
  const segments = useFetched<SegmentsAnswer>(withQuery("/segments", { agency }));
  const saved = useFetched<Entities>(
    mayNameSaved ? withQuery("/audiences", { agency, limit: 200 }) : null,
  );
  const groups = groupsOf(value);
  const [asText, setAsText] = useState(false);
  const choices = choicesOf(segments.value?.items ?? [], saved.value?.items ?? []);
  return (
    <div class="audience">
      <div>
        {asText || groups === null ? (
          <ExpressionText {...{ value, onChange, readOnly }} path={props.path} />
        ) : (
          <GroupBoxes {...{ groups, choices, onChange, readOnly }} path={props.path} />
        )}
        {groups === null ? (
          <p class="hint">This audience nests deeper than groups show: it is edited as text.</p>
        ) : (
          <Button look="quiet" onClick={() => setAsText(!asText)}>
            {asText ? "Edit as groups" : "Edit as text"}
          </Button>
        )}
      </div>
      <AudienceReach {...{ agency, value, readOnly }} />
    </div>
  );
}

type BoxesProps = {
  readonly groups: Groups;
  readonly choices: readonly Choice[];
  readonly onChange: BuilderProps["onChange"];
  readonly readOnly: boolean;
  readonly path: string | undefined;
};

function GroupBoxes({ groups, choices, onChange, readOnly, path }: BoxesProps) {
  const change = (next: Groups): void => onChange(expressionOf(next));
  // One box more than there are groups: where the next one begins.
  const places = [...groups.groups.keys(), ...(readOnly ? [] : [groups.groups.length])];
  return (
    <>
      {places.map((at) => (
        <GroupBox
          key={at}
          legend={at === 0 ? "People in any of" : "and in any of"}
          parts={groups.groups[at] ?? []}
          path={at === 0 ? path : undefined}
          {...{ choices, readOnly }}
          onAdd={(part) => change(withPart(groups, at, part))}
          onDrop={(key) => change(withoutPart(groups, at, key))}
        />
      ))}
      <GroupBox
        legend="but in none of"
        excludes
        parts={groups.exclude}
        path={undefined}
        {...{ choices, readOnly }}
        onAdd={(part) => change(withPart(groups, -1, part))}
        onDrop={(key) => change(withoutPart(groups, -1, key))}
      />
    </>
  );
}

type BoxProps = {
  readonly legend: string;
  readonly excludes?: boolean;
  readonly parts: readonly Part[];
  readonly choices: readonly Choice[];
  readonly readOnly: boolean;
  readonly path: string | undefined;
  readonly onAdd: (part: Part) => void;
  readonly onDrop: (key: string) => void;
};

function GroupBox(props: BoxProps) {
  const { legend, parts, choices, readOnly } = props;
  const byKey = new Map(choices.map((choice) => [partKey(choice.part), choice]));
  return (
    <fieldset class={props.excludes === true && parts.length > 0 ? "group excludes" : "group"}>
      <legend>{legend}</legend>
      {parts.length === 0 ? null : (
        <ul class="chips">
          {parts.map((part) => {
            const key = partKey(part);
            const choice = byKey.get(key);
            return (
              <li key={key} class="chip">
                <span>
                  {choice?.label ?? key} <span class="muted">{choice?.about ?? ""}</span>
                </span>
                {readOnly ? null : (
                  <Button
                    small
                    look="quiet"
                    label={`Take out ${choice?.label ?? key}`}
                    onClick={() => props.onDrop(key)}
                  >
                    ×
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {readOnly ? null : (
        <PartInput {...{ legend, choices }} path={props.path} onAdd={props.onAdd} />
      )}
    </fieldset>
  );
}

const offeredMax = 60;

/** A box with what may be named under it; Enter or the button adds. */
function PartInput(props: {
  readonly legend: string;
  readonly choices: readonly Choice[];
  readonly path: string | undefined;
  readonly onAdd: (part: Part) => void;
}) {
  const list = useId();
  const [text, setText] = useState("");
  const [unknown, setUnknown] = useState(false);
  const typed = text.trim().toLowerCase();
  const found = props.choices.filter(({ part, label }) =>
    `${partKey(part)} ${label}`.toLowerCase().includes(typed),
  );
  const add = (): void => {
    const exact = found.find(({ part }) => partKey(part).toLowerCase() === typed);
    const choice = exact ?? (found.length === 1 ? found[0] : undefined);
    setUnknown(choice === undefined && typed !== "");
    if (choice === undefined || typed === "") return;
    props.onAdd(choice.part);
    setText("");
  };
  return (
    <Field
      label="Segment or saved audience"
      required
      {...(props.path === undefined ? {} : { path: props.path })}
    >
      {(wiring) => (
        <span class="part-input">
          <input
            {...wiring}
            required={false}
            list={list}
            value={text}
            autoComplete="off"
            spellcheck={false}
            aria-label={`${props.legend}: segment or saved audience`}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setUnknown(false);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              add();
            }}
          />
          <Button label={`${props.legend}: add`} onClick={add}>
            Add
          </Button>
          <datalist id={list}>
            {found.slice(0, offeredMax).map(({ part, label, about }) => (
              <option key={partKey(part)} value={partKey(part)} label={`${label} · ${about}`} />
            ))}
          </datalist>
          <span role="status" class="field-note">
            {unknown
              ? `${found.length === 0 ? "No segment" : "Several segments"} of that name`
              : ""}
          </span>
        </span>
      )}
    </Field>
  );
}

/** The form's own words, for audiences that nest deeper than groups. */
function ExpressionText(props: {
  readonly value: Json | undefined;
  readonly onChange: BuilderProps["onChange"];
  readonly readOnly: boolean;
  readonly path: string | undefined;
}) {
  const [text, setText] = useState(
    props.value === undefined ? "" : JSON.stringify(props.value, null, 2),
  );
  const [wrong, setWrong] = useState(false);
  const change = (next: string): void => {
    setText(next);
    try {
      props.onChange(next.trim() === "" ? undefined : (JSON.parse(next) as Expression));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <>
      <TextArea
        label="Audience"
        required
        code
        rows={10}
        value={text}
        disabled={props.readOnly}
        onInput={change}
        {...(props.path === undefined ? {} : { path: props.path })}
        hint='JSON: "interest.travel", {"saved": 12}, or {"all" or "any" or "none": [...]}'
      />
      <p role="status" class="field-note">
        {wrong ? "This is no JSON yet: the audience stays as it was." : ""}
      </p>
    </>
  );
}
