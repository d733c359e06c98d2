import { useState } from "preact/hooks";
import type { Json } from "../../store/desk-store.js";
import type { Draft } from "../draft.js";
import { type FacetName, facetNames, facets, isFlag } from "../facets.js";
import { ChipField, textsOf } from "../kit/bound.js";
import { Button } from "../kit/button.js";
import { Checkbox, Select } from "../kit/field.js";
import { optionsOf } from "../words.js";

type Side = "include" | "exclude";
const groups = [
  "Where",
  "When",
  "What it stands in",
  "The placement",
  "Who sees it",
  "Trade",
] as const;
const usual: readonly FacetName[] = ["countries", "deviceTypes", "sites"];

/**
 * Facets by side: inside one any value is enough, all included ones must hold, none excluded may.
 */
export function TargetingEditor({ draft }: { readonly draft: Draft }) {
  return (
    <div class="stack">
      <SideEditor
        {...{ draft, side: "include", title: "Buy only where" }}
        words="Any value of a condition is enough; every condition must hold."
      />
      <SideEditor
        {...{ draft, side: "exclude", title: "Never buy where" }}
        words="One value that fits is enough to leave a request out."
      />
    </div>
  );
}

function SideEditor(props: {
  readonly draft: Draft;
  readonly side: Side;
  readonly title: string;
  readonly words: string;
}) {
  const { draft, side } = props;
  const value = draft.at(`targeting.${side}`);
  const given = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const [opened, setOpened] = useState<readonly FacetName[]>([]);
  const first = side === "include" ? usual : [];
  const shown = facetNames.filter(
    (name) => given.includes(name) || opened.includes(name) || first.includes(name),
  );
  const [next, setNext] = useState("");
  return (
    <fieldset class={side}>
      <legend>{props.title}</legend>
      <p class="hint">{props.words}</p>
      <div class="grid wide">
        {shown.map((name) => (
          <FacetEditor key={name} {...{ draft, side, name }} />
        ))}
      </div>
      <div class="row end">
        <Select
          label={side === "include" ? "Another condition" : "Something to keep out of"}
          value={next}
          onChange={setNext}
          options={[{ value: "", label: "Choose one" }, ...choices(shown)]}
        />
        <Button
          disabled={next === ""}
          onClick={() => {
            setOpened([...opened, next as FacetName]);
            setNext("");
          }}
        >
          Add
        </Button>
      </div>
    </fieldset>
  );
}

const choices = (shown: readonly FacetName[]) =>
  groups.flatMap((group) =>
    facetNames
      .filter((name) => facets[name].group === group && !shown.includes(name))
      .map((name) => ({ value: name as string, label: `${group}: ${facets[name].label}` })),
  );

function FacetEditor(props: {
  readonly draft: Draft;
  readonly side: Side;
  readonly name: FacetName;
}) {
  const { draft, side, name } = props;
  const path = `targeting.${side}.${name}`;
  return (
    <FacetInput
      {...{ path, name, tone: side === "include" ? "in" : "out" }}
      value={draft.at(path)}
      onChange={(value) => draft.set(path, value)}
    />
  );
}

/** One facet's values: of a closed list, free texts, keys with values, or yes and no. */
export function FacetInput(props: {
  readonly path: string;
  readonly name: FacetName;
  readonly tone: "in" | "out";
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
}) {
  const { path, name, tone, value, onChange } = props;
  const facet = facets[name];
  if (isFlag(name)) {
    return (
      <Checkbox
        {...{ label: facet.label, path }}
        checked={value === true}
        onChange={(checked) => onChange(checked ? true : undefined)}
      />
    );
  }
  const keyed = name === "keyValues";
  const entries = keyed ? pairsOf(value) : textsOf(value);
  return (
    <ChipField
      {...{ label: facet.label, path, tone, entries }}
      example={facet.names === undefined ? (facet.example ?? "") : firstName(facet.names)}
      {...(facet.hint === undefined ? {} : { hint: facet.hint })}
      {...(facet.names === undefined ? {} : { options: optionsOf(facet.names) })}
      onChange={(to) => {
        if (to.length === 0) onChange(undefined);
        else onChange(keyed ? keyValuesOf(to) : to);
      }}
    />
  );
}

const firstName = (names: Readonly<Record<string, string>>): string =>
  Object.values(names)[0] ?? "";

/** `{section: ["sport", "news"]}` as `section=sport`, `section=news`. */
function pairsOf(value: Json | undefined): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, of]) => textsOf(of).map((one) => `${key}=${one}`));
}

function keyValuesOf(pairs: readonly string[]): Json {
  const keys: Record<string, string[]> = {};
  for (const pair of pairs) {
    const [key = "", ...rest] = pair.split("=");
    keys[key] = [...(keys[key] ?? []), rest.join("=")];
  }
  return keys;
}
