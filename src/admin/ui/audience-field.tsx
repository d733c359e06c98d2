import { useState } from "preact/hooks";
import type { Json } from "../store/desk-store.js";
import { TextArea } from "./kit/field.js";

/** An audience as its JSON: `{"all": ["interest.travel", {"none": ["life.students"]}]}`. */
export function AudienceField(props: {
  readonly agency: string;
  readonly path: string;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
}) {
  const { value, onChange } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const written =
    typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return (
    <TextArea
      code
      label="Audience"
      path={props.path}
      value={typed ?? written}
      hint='A segment, or {"all": [...]}, {"any": [...]}, {"none": [...]} over several.'
      onInput={(text) => {
        setTyped(text);
        onChange(readAudience(text));
      }}
    />
  );
}

function readAudience(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text.trim();
  }
}
