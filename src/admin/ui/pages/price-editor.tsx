import type { JsonObject } from "../../store/desk-store.js";
import type { Draft } from "../draft.js";
import { type FacetName, facetNames, facets } from "../facets.js";
import { NumberAt, SelectAt } from "../kit/bound.js";
import { Button } from "../kit/button.js";
import { Select, TextField } from "../kit/field.js";
import { FacetInput } from "./targeting-editor.js";

const goals = [
  { value: "cpm", label: "A price for 1,000 impressions" },
  { value: "goal.cpm", label: "What 1,000 impressions are worth" },
  { value: "goal.cpc", label: "What a click is worth" },
] as const;
type Goal = (typeof goals)[number]["value"];

function goalOf(draft: Draft): Goal {
  if (draft.at("price.goal.cpc") !== undefined) return "goal.cpc";
  return draft.at("price.goal") === undefined ? "cpm" : "goal.cpm";
}

/**
 * Base price or goal, strategy, modifiers and their bounds. Amounts in the advertiser's currency.
 */
export function PriceEditor(props: { readonly draft: Draft; readonly currency: string }) {
  const { draft, currency } = props;
  const goal = goalOf(draft);
  const change = (to: Goal): void => {
    const { cpm: _cpm, goal: _goal, ...rest } = (draft.at("price") ?? {}) as JsonObject;
    const value = draft.at(`price.${goal}`) ?? "";
    const price = to === "cpm" ? { cpm: value } : { goal: { [to.slice("goal.".length)]: value } };
    draft.set("price", { ...rest, ...price });
  };
  return (
    <div class="stack">
      <div class="grid">
        <Select
          label="Pay by"
          required
          value={goal}
          options={goals}
          onChange={(to) => change(to as Goal)}
        />
        <NumberAt
          key={goal}
          {...{ draft, path: `price.${goal}`, suffix: currency, required: true }}
          label={goal === "goal.cpc" ? "Worth of a click" : "CPM"}
        />
        <NumberAt
          {...{ draft, path: "price.maxCpm", label: "Highest CPM", suffix: currency }}
          required={goal === "goal.cpc"}
          hint="Never more, whatever the modifiers say."
        />
        <SelectAt
          {...{ draft, path: "price.strategy", label: "Strategy" }}
          options={[
            { value: "", label: "As usual" },
            { value: "fixed", label: "Fixed: bids the value" },
            { value: "shade", label: "Shade: takes off what a first price need not be" },
            { value: "linear", label: "Linear: makes the budget last" },
          ]}
        />
      </div>
      <Modifiers draft={draft} />
    </div>
  );
}

const modifiersOf = (draft: Draft): readonly JsonObject[] => {
  const value = draft.at("price.modifiers");
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
};
const facetOf = (modifier: JsonObject): string =>
  Object.keys((modifier["when"] ?? {}) as JsonObject)[0] ?? "deviceTypes";

function Modifiers({ draft }: { readonly draft: Draft }) {
  const modifiers = modifiersOf(draft);
  const add = (): void =>
    draft.set("price.modifiers", [...modifiers, { when: { deviceTypes: [] }, factor: 1 }]);
  return (
    <fieldset>
      <legend>Modifiers</legend>
      <p class="hint">Where the condition holds, the price is multiplied by the factor.</p>
      {modifiers.map((modifier, i) => (
        <Modifier key={i} {...{ draft, modifier }} path={`price.modifiers[${i}]`} />
      ))}
      <Button onClick={add}>Add a modifier</Button>
      {modifiers.length === 0 ? null : (
        <div class="grid bounds">
          <NumberAt {...{ draft, path: "price.bounds.min", label: "Lowest factor of all" }} />
          <NumberAt {...{ draft, path: "price.bounds.max", label: "Highest factor of all" }} />
        </div>
      )}
    </fieldset>
  );
}

function Modifier(props: {
  readonly draft: Draft;
  readonly modifier: JsonObject;
  readonly path: string;
}) {
  const { draft, modifier, path } = props;
  const facet = facetOf(modifier);
  const options = [
    ...facetNames.map((value) => ({ value: value as string, label: facets[value].label })),
    { value: "segments", label: "Segments (an audience)" },
  ];
  return (
    <div class="modifier row end">
      <Select
        label="When"
        required
        value={facet}
        options={options}
        onChange={(to) => draft.set(`${path}.when`, { [to]: to === "segments" ? "" : [] })}
      />
      {facet === "segments" ? (
        <SegmentInput {...{ draft, path }} />
      ) : (
        <FacetInput
          path={`${path}.when`}
          name={facet as FacetName}
          tone="in"
          value={draft.at(`${path}.when.${facet}`)}
          onChange={(value) => draft.set(`${path}.when`, { [facet]: value ?? [] })}
        />
      )}
      <NumberAt {...{ draft, path: `${path}.factor`, label: "Factor", required: true }} />
      <Button
        look="quiet"
        label={`Remove the modifier by ${facet}`}
        onClick={() => draft.set(path, undefined)}
      >
        Remove
      </Button>
    </div>
  );
}

/** One segment; an audience of several that a file wrote stays as it is. */
function SegmentInput({ draft, path }: { readonly draft: Draft; readonly path: string }) {
  const value = draft.at(`${path}.when.segments`);
  if (typeof value === "object") return <p class="hint">An audience of several segments</p>;
  return (
    <TextField
      label="Segment"
      required
      path={`${path}.when.segments`}
      value={typeof value === "string" ? value : ""}
      onInput={(text) => draft.set(`${path}.when`, { segments: text })}
    />
  );
}
