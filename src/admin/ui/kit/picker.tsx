import { useId, useRef, useState } from "preact/hooks";
import type { DeskKind } from "../../store/desk-store.js";
import { type Entity, kindPaths, nameOf } from "../answers.js";
import { type Entities, withQuery } from "../api.js";
import { useFetched, useSettled } from "../fetched.js";
import { Field } from "./field.js";

type Props = {
  readonly label: string;
  readonly kind: DeskKind;
  /** The key that is chosen, "" = none. */
  readonly value: string;
  readonly onPick: (key: string, entity: Entity | null) => void;
  readonly path?: string;
  readonly hint?: string;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** Narrows what is offered: `{advertiser: "100"}`. */
  readonly only?: Readonly<Record<string, string>>;
  /** Clears the text after a choice: for adding to a list. */
  readonly adding?: boolean;
};

const offered = 20;
const typingMs = 150;

/** A combobox over the things of a kind (WAI-ARIA: list autocomplete). */
export function Picker(props: Props) {
  const list = useId();
  const [text, setText] = useState<string | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const open = text !== null;
  const search = useSettled(text ?? "", typingMs);
  const path = withQuery(`/${kindPaths[props.kind]}`, { ...props.only, search, limit: offered });
  const found = useFetched<Entities>(open ? path : null);
  const chosen = useFetched<Entity>(
    props.value === "" ? null : `/${kindPaths[props.kind]}/${encodeURIComponent(props.value)}`,
  );
  const choices = found.value?.items ?? [];
  const name = chosen.value === null ? props.value : nameOf(chosen.value);
  const close = (): void => {
    setText(null);
    setAt(-1);
  };
  const pick = (entity: Entity): void => {
    props.onPick(entity.key, entity);
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setText("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((was) => Math.max(-1, Math.min(choices.length - 1, was + step)));
    } else if (event.key === "Enter" && open) {
      const choice = choices[at] ?? (choices.length === 1 ? choices[0] : undefined);
      event.preventDefault();
      if (choice !== undefined) pick(choice);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return (
    <Field {...props}>
      {(wiring) => (
        <div class="picker">
          <input
            {...wiring}
            ref={input}
            type="text"
            role="combobox"
            autoComplete="off"
            spellcheck={false}
            aria-expanded={open}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={at < 0 ? undefined : `${list}-${at}`}
            value={text ?? (props.adding === true ? "" : name)}
            placeholder="Name or number"
            onInput={(event) => {
              setText(event.currentTarget.value);
              setAt(-1);
              if (event.currentTarget.value === "" && props.adding !== true) props.onPick("", null);
            }}
            onClick={() => setText((was) => was ?? "")}
            onBlur={close}
            onKeyDown={onKeyDown}
          />
          <Choices {...{ list, open, choices, at, pick }} loading={found.loading} />
        </div>
      )}
    </Field>
  );
}

function Choices(props: {
  readonly list: string;
  readonly open: boolean;
  readonly choices: readonly Entity[];
  readonly at: number;
  readonly loading: boolean;
  readonly pick: (entity: Entity) => void;
}) {
  return (
    <div id={props.list} role="listbox" aria-label="Matches" class="choices" hidden={!props.open}>
      {props.choices.map((entity, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys of its options.
        // biome-ignore lint/a11y/useFocusableInteractive: named by aria-activedescendant.
        <div
          key={entity.key}
          id={`${props.list}-${i}`}
          role="option"
          aria-selected={i === props.at}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => props.pick(entity)}
        >
          {nameOf(entity)} <span class="muted">#{entity.key}</span>
        </div>
      ))}
      {props.choices.length > 0 ? null : (
        <div role="option" aria-selected={false} aria-disabled="true" class="muted" tabIndex={-1}>
          {props.loading ? "Searching…" : "Nothing of that name"}
        </div>
      )}
    </div>
  );
}
