import { useEffect, useState } from "preact/hooks";
import type { Json, JsonObject } from "../../store/desk-store.js";
import { Checkbox, Select, TextArea, TextField } from "../kit/field.js";
import type { FormField } from "./creative-fields.js";
import { parsed, textOf, valueAt } from "./form-path.js";

type BoxProps = {
  readonly of: FormField;
  readonly form: JsonObject;
  readonly set: (path: string, value: Json | undefined) => void;
};

/** The boxes of a form, one under the other. */
export function Boxes(props: Omit<BoxProps, "of"> & { readonly fields: readonly FormField[] }) {
  return (
    <>
      {props.fields.map((field) => (
        <Box key={field.field} of={field} form={props.form} set={props.set} />
      ))}
    </>
  );
}

function Box({ of, form, set }: BoxProps) {
  const { field, kind, options } = of;
  const value = valueAt(form, field);
  const common = {
    ...{ label: of.label, path: field, required: of.required === true },
    ...(of.hint === undefined ? {} : { hint: of.hint }),
  };
  if (kind === "check") {
    return (
      <Checkbox
        label={of.label}
        path={field}
        checked={value === true}
        onChange={(on) => set(field, on ? true : undefined)}
      />
    );
  }
  if (options !== undefined) {
    return (
      <Select
        {...common}
        value={textOf(kind, value)}
        options={options.map((one) => ({ value: one, label: one === "" ? "usual" : one }))}
        onChange={(one) => set(field, one === "" ? undefined : one)}
      />
    );
  }
  return <Written {...{ of, value, set, common }} />;
}

/**
 * The text as it is typed, beside the value that it means: "2." is on its way to "2.5", and a list
 * may end with a comma for a moment.
 */
function Written(props: {
  readonly of: FormField;
  readonly value: Json | undefined;
  readonly set: BoxProps["set"];
  readonly common: { readonly label: string; readonly path: string; readonly required: boolean };
}) {
  const { kind, field } = props.of;
  const [text, setText] = useState(textOf(kind, props.value));
  const meant = JSON.stringify(parsed(kind, text));
  const stands = JSON.stringify(props.value);
  useEffect(() => {
    if (stands !== meant) setText(textOf(kind, props.value));
  }, [stands]);
  const onInput = (next: string): void => {
    setText(next);
    props.set(field, parsed(kind, next));
  };
  if (kind === "area" || kind === "media") {
    return (
      <TextArea
        {...props.common}
        code
        rows={kind === "area" ? 10 : 4}
        value={text}
        onInput={onInput}
      />
    );
  }
  const mode = kind === "number" ? "decimal" : "text";
  const type = kind === "day" ? "date" : "text";
  return <TextField {...props.common} type={type} mode={mode} value={text} onInput={onInput} />;
}
