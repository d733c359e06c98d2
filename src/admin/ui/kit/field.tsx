import type { ComponentChildren, VNode } from "preact";
import { createContext } from "preact";
import { useContext, useId } from "preact/hooks";
import type { FieldError, Finding } from "../answers.js";

/** What is wrong by field: given once round a form, read by each field of it. */
export const Findings = createContext<readonly Finding[]>([]);
export const errorsAsFindings = (errors: readonly FieldError[] = []): readonly Finding[] =>
  errors.map((error) => ({ ...error, severity: "error" as const }));

/** The advice behind what is missing is for those who write files; a form has its hints. */
export const wordsOnForm = (message: string): string =>
  message.replace(/^(?:\S+ )?is missing: write .*$/s, "needs a value");

export const inputId = (path: string): string => `field-${path}`;

type Base = {
  readonly label: string;
  /** The form's field as in the API's errors, `price.maxCpm`; "" = of no form. */
  readonly path?: string;
  readonly hint?: ComponentChildren;
  readonly required?: boolean;
  readonly disabled?: boolean;
};
type Wiring = {
  readonly id: string;
  readonly name: string | undefined;
  readonly required: boolean;
  readonly disabled: boolean;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean;
};

/** Label, hint and findings round one control; `children` gets what wires them together. */
export function Field(props: Base & { readonly children: (wiring: Wiring) => VNode }) {
  const own = useId();
  const findings = useContext(Findings).filter(
    ({ field }) =>
      props.path !== undefined && (field === props.path || field.startsWith(`${props.path}[`)),
  );
  const id = props.path === undefined ? own : inputId(props.path);
  const hintId = props.hint === undefined ? "" : `${own}-hint`;
  const findingsId = findings.length === 0 ? "" : `${own}-findings`;
  const wiring: Wiring = {
    id,
    name: props.path,
    required: props.required === true,
    disabled: props.disabled === true,
    "aria-describedby": `${hintId} ${findingsId}`.trim() || undefined,
    "aria-invalid": findings.some(({ severity }) => severity === "error"),
  };
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.required === true ? null : <span class="optional"> (optional)</span>}
      </label>
      {props.children(wiring)}
      {props.hint === undefined ? null : (
        <p class="hint" id={hintId}>
          {props.hint}
        </p>
      )}
      {findings.length === 0 ? null : <FindingList id={findingsId} findings={findings} />}
    </div>
  );
}

function FindingList(props: { readonly id: string; readonly findings: readonly Finding[] }) {
  return (
    <ul class="findings" id={props.id}>
      {props.findings.map(({ severity, message }) => (
        <li key={message} class={severity}>
          <span class="word">{severity === "error" ? "Error" : "Note"}:</span>{" "}
          {wordsOnForm(message)}
        </li>
      ))}
    </ul>
  );
}

type TextProps = Base & {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "password" | "search" | "date" | "url" | "datetime-local";
  /** `decimal` and `numeric` bring the right keyboard and align digits. */
  readonly mode?: "text" | "decimal" | "numeric";
  readonly suffix?: string;
  readonly autoComplete?: string;
  readonly placeholder?: string;
  readonly maxLength?: number;
};

export function TextField({ value, onInput, type = "text", mode = "text", ...props }: TextProps) {
  return (
    <Field {...props}>
      {(wiring) => (
        <span class="with-suffix">
          <input
            {...wiring}
            type={type as "text"}
            inputMode={mode}
            class={mode === "text" ? "" : "digits"}
            value={value}
            autoComplete={props.autoComplete ?? "off"}
            placeholder={props.placeholder}
            maxLength={props.maxLength}
            spellcheck={false}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {props.suffix === undefined ? null : <span class="suffix">{props.suffix}</span>}
        </span>
      )}
    </Field>
  );
}

export function TextArea(
  props: Base & {
    readonly value: string;
    readonly onInput: (value: string) => void;
    readonly rows?: number;
    readonly code?: boolean;
  },
) {
  return (
    <Field {...props}>
      {(wiring) => (
        <textarea
          {...wiring}
          rows={props.rows ?? 4}
          class={props.code === true ? "code" : ""}
          value={props.value}
          spellcheck={false}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export type Option = { readonly value: string; readonly label: string };
export function Select(
  props: Base & {
    readonly value: string;
    readonly options: readonly Option[];
    readonly onChange: (value: string) => void;
  },
) {
  return (
    <Field {...props}>
      {(wiring) => (
        <select
          {...wiring}
          value={props.value}
          onChange={(event) => props.onChange(event.currentTarget.value)}
        >
          {props.options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox(props: {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly hint?: string;
  readonly path?: string;
  readonly disabled?: boolean;
}) {
  const own = useId();
  return (
    <div class="checkbox">
      <label>
        <input
          type="checkbox"
          id={props.path === undefined ? own : inputId(props.path)}
          checked={props.checked}
          disabled={props.disabled === true}
          aria-describedby={props.hint === undefined ? undefined : `${own}-hint`}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />{" "}
        {props.label}
      </label>
      {props.hint === undefined ? null : (
        <p class="hint" id={`${own}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}
