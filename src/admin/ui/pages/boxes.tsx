import { useState } from "preact/hooks";
import type { Draft } from "../draft.js";
import { CheckAt, ListAt, NumberAt, SelectAt, TextAt } from "../kit/bound.js";
import { TextArea, TextField } from "../kit/field.js";
import type { FormField } from "./creative-fields.js";
import { parsed, textOf } from "./field-text.js";

/** The boxes of a form, one under the other. */
export function Boxes(props: { readonly draft: Draft; readonly fields: readonly FormField[] }) {
  return (
    <>
      {props.fields.map((field) => (
        <Box key={field.field} draft={props.draft} of={field} />
      ))}
    </>
  );
}

type BoxProps = { readonly draft: Draft; readonly of: FormField };

function Box({ draft, of }: BoxProps) {
  const { kind, options, example = "" } = of;
  const bound = {
    ...{ draft, path: of.field, label: of.label, required: of.required === true },
    ...(of.hint === undefined ? {} : { hint: of.hint }),
  };
  if (options !== undefined) {
    const choices = options.map((one) => ({ value: one, label: one === "" ? "usual" : one }));
    return <SelectAt {...bound} options={choices} />;
  }
  if (kind === "text") return <TextAt {...bound} />;
  if (kind === "number") return <NumberAt {...bound} />;
  if (kind === "check") return <CheckAt {...bound} />;
  if (kind === "words") return <ListAt {...bound} example={example} />;
  return <Written draft={draft} of={of} />;
}

/** The text stays as it is typed as long as it means what the form holds. */
function Written({ draft, of }: BoxProps) {
  const { kind, field } = of;
  const [typed, setTyped] = useState("");
  const value = draft.at(field);
  const stands = JSON.stringify(parsed(kind, typed)) === JSON.stringify(value);
  const common = {
    ...{ label: of.label, path: field, required: of.required === true },
    ...(of.hint === undefined ? {} : { hint: of.hint }),
    value: stands ? typed : textOf(kind, value),
    onInput: (text: string) => {
      setTyped(text);
      draft.set(field, parsed(kind, text));
    },
  };
  if (kind === "numbers") return <TextField {...common} />;
  return <TextArea {...common} code rows={kind === "area" ? 10 : 4} />;
}
