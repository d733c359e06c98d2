import { useId, useState } from "preact/hooks";
import type { Json } from "../../store/desk-store.js";
import type { Draft } from "../draft.js";
import { Checkbox, Field, type Option, Select, TextField } from "./field.js";

/** Fields that are bound to a form by the path that errors name them by. */
type Bound = {
  readonly draft: Draft;
  readonly path: string;
  readonly label: string;
  readonly hint?: string;
  readonly required?: boolean;
};

export function TextAt(props: Bound & { readonly type?: "text" | "date" | "url" }) {
  const { draft, path, ...rest } = props;
  const value = draft.at(path);
  return (
    <TextField
      {...rest}
      path={path}
      value={typeof value === "string" ? value : ""}
      onInput={(text) => draft.set(path, text === "" ? undefined : text)}
    />
  );
}

const plainNumber = /^-?\d+(\.\d+)?$/;
/**
 * What is typed into a number field: a number, nothing, or the text as it is for the API to refuse.
 */
export function numberTyped(text: string): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return plainNumber.test(trimmed) ? Number(trimmed) : trimmed;
}

const large = 10_000;
const form = new Intl.NumberFormat(undefined, { maximumFractionDigits: 9 });
/** A large number once more, so that its noughts need not be counted. */
const readable = (value: Json | undefined): string | undefined =>
  typeof value === "number" && Math.abs(value) >= large ? form.format(value) : undefined;

export function NumberAt(props: Bound & { readonly suffix?: string; readonly whole?: boolean }) {
  const { draft, path, whole, hint, ...rest } = props;
  const [typed, setTyped] = useState("");
  const value = draft.at(path);
  // "2.50" stays as it is typed as long as it means what the form holds.
  const text = numberTyped(typed) === value ? typed : value === undefined ? "" : String(value);
  const said = [hint, readable(value)].filter((word) => word !== undefined).join(" ");
  return (
    <TextField
      {...rest}
      {...(said === "" ? {} : { hint: said })}
      path={path}
      mode={whole === true ? "numeric" : "decimal"}
      value={text}
      onInput={(input) => {
        setTyped(input);
        draft.set(path, numberTyped(input));
      }}
    />
  );
}

/** `otherwise` is what an absent value means: choosing it takes the value out of the form. */
export function SelectAt(
  props: Bound & { readonly options: readonly Option[]; readonly otherwise?: string },
) {
  const { draft, path, options, otherwise = "", ...rest } = props;
  const value = draft.at(path);
  return (
    <Select
      {...rest}
      path={path}
      options={options}
      value={typeof value === "string" ? value : otherwise}
      onChange={(chosen) => draft.set(path, chosen === otherwise ? undefined : chosen)}
    />
  );
}

/** Unticked takes the value out: absent means no. */
export function CheckAt({ draft, path, label, hint }: Bound) {
  return (
    <Checkbox
      label={label}
      path={path}
      checked={draft.at(path) === true}
      onChange={(checked) => draft.set(path, checked ? true : undefined)}
      {...(hint === undefined ? {} : { hint })}
    />
  );
}

export const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(String) : [];

/**
 * A list of texts as chips; commas, lines and Enter end an entry, so that a column can be pasted.
 */
export function ListAt(props: Bound & { readonly example: string; readonly tone?: "in" | "out" }) {
  const { draft, path, label, hint, required = false, example, tone = "in" } = props;
  const entries = textsOf(draft.at(path));
  const set = (to: readonly string[]): void => draft.set(path, to.length === 0 ? undefined : to);
  return (
    <ChipField
      {...{ path, label, required, example, tone, entries }}
      {...(hint === undefined ? {} : { hint })}
      onChange={set}
    />
  );
}

const chipsShown = 100;
export function ChipField(props: {
  readonly label: string;
  readonly path?: string;
  readonly hint?: string;
  readonly required?: boolean;
  readonly example: string;
  readonly tone: "in" | "out";
  readonly entries: readonly string[];
  readonly onChange: (entries: readonly string[]) => void;
  /** Offered while typing. */
  readonly options?: readonly Option[];
}) {
  const { entries, onChange, tone, example, options, ...field } = props;
  const [typed, setTyped] = useState("");
  const offers = useId();
  const add = (text: string): void => {
    const fresh = text.split(/[,;\n\t]+/).flatMap((part) => {
      const entry = part.trim();
      return entry === "" ? [] : [options?.find(({ label }) => label === entry)?.value ?? entry];
    });
    if (fresh.length > 0) onChange([...new Set([...entries, ...fresh])]);
    setTyped("");
  };
  const wordOf = (entry: string): string =>
    options?.find(({ value }) => value === entry)?.label ?? entry;
  return (
    <Field {...field}>
      {(wiring) => (
        <div>
          <Chips {...{ entries, onChange, tone, wordOf }} />
          <input
            {...wiring}
            required={false}
            type="text"
            list={options === undefined ? undefined : offers}
            autoComplete="off"
            spellcheck={false}
            placeholder={`Add, such as ${example}`}
            value={typed}
            onInput={(event) => {
              const text = event.currentTarget.value;
              if (/[,;\n\t]/.test(text) || options?.some(({ label }) => label === text)) add(text);
              else setTyped(text);
            }}
            onPaste={(event) => {
              const text = event.clipboardData?.getData("text") ?? "";
              if (!/[,;\n\t]/.test(text)) return;
              event.preventDefault();
              add(text);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && typed !== "") {
                event.preventDefault();
                add(typed);
              } else if (event.key === "Backspace" && typed === "" && entries.length > 0) {
                onChange(entries.slice(0, -1));
              }
            }}
            onBlur={() => add(typed)}
          />
          {options === undefined ? null : <Offers id={offers} options={options} />}
        </div>
      )}
    </Field>
  );
}

function Offers(props: { readonly id: string; readonly options: readonly Option[] }) {
  return (
    <datalist id={props.id}>
      {props.options.map(({ value, label }) => (
        <option key={value} value={label} />
      ))}
    </datalist>
  );
}

function Chips(props: {
  readonly entries: readonly string[];
  readonly onChange: (entries: readonly string[]) => void;
  readonly tone: "in" | "out";
  readonly wordOf: (entry: string) => string;
}) {
  const { entries, onChange, wordOf } = props;
  if (entries.length === 0) return null;
  return (
    <ul class={`chips ${props.tone}`}>
      {entries.slice(0, chipsShown).map((entry) => (
        <li key={entry}>
          {wordOf(entry)}
          <button
            type="button"
            aria-label={`Remove ${wordOf(entry)}`}
            onClick={() => onChange(entries.filter((other) => other !== entry))}
          >
            <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
      {entries.length > chipsShown ? <li>and {entries.length - chipsShown} more</li> : null}
    </ul>
  );
}
