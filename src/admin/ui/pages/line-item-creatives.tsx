import type { JsonObject } from "../../store/desk-store.js";
import { type Entity, nameOf } from "../answers.js";
import type { Draft } from "../draft.js";
import { useFetched } from "../fetched.js";
import { NumberAt } from "../kit/bound.js";
import { Button } from "../kit/button.js";
import { Picker } from "../kit/picker.js";

const creativesOf = (draft: Draft): readonly JsonObject[] => {
  const value = draft.at("creatives");
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
};

/** Which creatives, and how often each against the others. */
export function LineItemCreatives(props: { readonly draft: Draft; readonly advertiser: string }) {
  const { draft, advertiser } = props;
  const creatives = creativesOf(draft);
  return (
    <div class="stack">
      {creatives.map((creative, i) => (
        <Chosen
          key={String(creative["id"])}
          {...{ draft, id: String(creative["id"]), path: `creatives[${i}]` }}
        />
      ))}
      <Picker
        {...{ label: "Add a creative", kind: "creative", value: "", path: "creatives" }}
        adding
        required
        only={advertiser === "" ? {} : { advertiser }}
        hint="Only those that an exchange has approved are shown there."
        onPick={(key) => {
          const there = creatives.some(({ id }) => String(id) === key);
          if (!there) draft.set("creatives", [...creatives, { id: Number(key) }]);
        }}
      />
      <p>
        <a href={`/creatives/new?advertiser=${advertiser}`}>Make a new creative</a>
      </p>
    </div>
  );
}

function Chosen(props: { readonly draft: Draft; readonly id: string; readonly path: string }) {
  const { draft, id, path } = props;
  const { value } = useFetched<Entity>(`/creatives/${id}`);
  const name = value === null ? `#${id}` : nameOf(value);
  return (
    <div class="sheet row end">
      <p class="grow">
        <a href={`/creatives/${id}`}>{name}</a> <span class="muted">#{id}</span>
        <br />
        <span class="muted">{value === null ? "" : approvalText(value.form)}</span>
      </p>
      <NumberAt {...{ draft, path: `${path}.weight`, label: "Weight", whole: true }} />
      <Button look="quiet" label={`Remove ${name}`} onClick={() => draft.set(path, undefined)}>
        Remove
      </Button>
    </div>
  );
}

function approvalText(form: JsonObject): string {
  if (form["approveAll"] === true) return "Approved everywhere";
  const verdicts = Object.entries((form["approvals"] ?? {}) as JsonObject);
  if (verdicts.length === 0) return "Not submitted to any exchange";
  return verdicts.map(([exchange, verdict]) => `${exchange}: ${String(verdict)}`).join(", ");
}
