import type { Json, JsonObject } from "../../store/desk-store.js";
import type { Draft } from "../draft.js";
import { numberTyped } from "../kit/bound.js";
import { Button } from "../kit/button.js";
import { Select, TextField } from "../kit/field.js";

/** Frequency caps: so many impressions to one person in a window; several windows all hold. */

const units = [
  { value: "m", label: "minutes" },
  { value: "h", label: "hours" },
  { value: "d", label: "days" },
];

const capsOf = (value: Json | undefined): readonly JsonObject[] => {
  if (Array.isArray(value)) return value as readonly JsonObject[];
  return typeof value === "object" && value !== null ? [value as JsonObject] : [];
};

export function CapsEditor({ draft, at }: { readonly draft: Draft; readonly at: string }) {
  const caps = capsOf(draft.at("frequency"));
  const set = (to: readonly JsonObject[]): void =>
    draft.set("frequency", to.length === 0 ? undefined : to.length === 1 ? to[0] : to);
  const change = (i: number, part: JsonObject): void =>
    set(caps.map((cap, at) => (at === i ? { ...cap, ...part } : cap)));
  return (
    <fieldset>
      <legend>Frequency caps</legend>
      <p class="hint">How often one person may see {at}. Every window holds.</p>
      {caps.map((cap, i) => (
        <Cap
          key={i}
          cap={cap}
          path={caps.length === 1 ? "frequency" : `frequency[${i}]`}
          onChange={(part) => change(i, part)}
          onRemove={() => set(caps.filter((_, at) => at !== i))}
        />
      ))}
      <Button onClick={() => set([...caps, { impressions: 5, per: "24h" }])}>Add a cap</Button>
    </fieldset>
  );
}

function Cap(props: {
  readonly cap: JsonObject;
  readonly path: string;
  readonly onChange: (part: JsonObject) => void;
  readonly onRemove: () => void;
}) {
  const { cap, path, onChange } = props;
  const per = String(cap["per"] ?? "");
  const [, count = "", unit = "h"] = /^(.*?)([mhd]?)$/.exec(per) ?? [];
  return (
    <div class="row end">
      <TextField
        {...{ label: "Impressions", path: `${path}.impressions`, required: true, mode: "numeric" }}
        value={String(cap["impressions"] ?? "")}
        onInput={(text) => onChange({ impressions: numberTyped(text) ?? "" })}
      />
      <TextField
        {...{ label: "in", path: `${path}.per`, required: true, mode: "numeric" }}
        value={count}
        onInput={(text) => onChange({ per: `${text.trim()}${unit}` })}
      />
      <Select
        {...{ label: "Unit", required: true, options: units }}
        value={unit === "" ? "h" : unit}
        onChange={(to) => onChange({ per: `${count}${to}` })}
      />
      <Button look="quiet" label={`Remove the cap of ${per}`} onClick={props.onRemove}>
        Remove
      </Button>
    </div>
  );
}
