import { useEffect, useState } from "preact/hooks";
import { type Entity, nameOf } from "../answers.js";

import { type Draft, useDraft } from "../draft.js";
import { useFetched } from "../fetched.js";
import { CheckAt, NumberAt, SelectAt, TextAt } from "../kit/bound.js";
import { ButtonLink } from "../kit/button.js";
import { Editor } from "../kit/editor.js";
import { focusField } from "../kit/error-summary.js";
import { Picker } from "../kit/picker.js";
import { type Tab, Tabs } from "../kit/tabs.js";
import { type PageProps, place } from "../route.js";
import { may } from "../session.js";
import { AudienceBuilder } from "./audience-builder.js";
import { CapsEditor } from "./caps-editor.js";
import { StatusOf } from "./line-item-columns.js";
import { LineItemCreatives } from "./line-item-creatives.js";
import { PriceEditor } from "./price-editor.js";
import { TargetingEditor } from "./targeting-editor.js";

/** Which tab holds a field of the form. */
const tabOf: Readonly<Record<string, string>> = {
  ...{ name: "basics", campaign: "basics", paused: "basics", pacing: "budget", budget: "budget" },
  ...{ targeting: "targeting", openAuction: "targeting", audience: "audience" },
  ...{ withoutId: "caps", price: "price", frequency: "caps", creatives: "creatives" },
};
const tabFor = (field: string): string => tabOf[/^\w*/.exec(field)?.[0] ?? ""] ?? "basics";

export default function LineItemEdit({ part }: PageProps) {
  const { query, hash } = place.value;
  const campaign = query.get("campaign");
  const draft = useDraft(
    "lineItem",
    part["key"] ?? null,
    campaign === null ? {} : { campaign: Number(campaign) },
  );
  const key = draft.at("campaign");
  const parent = useFetched<Entity>(typeof key === "number" ? `/campaigns/${key}` : null).value;
  const [tab, setTab] = useState(tabFor(hash));
  useEffect(() => {
    if (hash === "" || draft.loading) return;
    setTab(tabFor(hash));
    requestAnimationFrame(() => focusField(hash));
  }, [hash, draft.loading]);
  const errorsIn = (id: string): number =>
    draft.findings.filter(({ field, severity }) => severity === "error" && tabFor(field) === id)
      .length;
  const tabs = tabsOf(draft, parent).map((one) => ({ ...one, errors: errorsIn(one.id) }));
  return (
    <Editor
      {...{ draft, what: "Line item", writable: may("trader") }}
      onField={(field) => setTab(tabFor(field))}
      aside={draft.entity === null ? null : <Aside item={draft.entity} />}
    >
      <Tabs label="Settings" tabs={tabs} open={tab} onOpen={setTab} />
    </Editor>
  );
}

function Aside({ item }: { readonly item: Entity }) {
  return (
    <>
      <StatusOf item={item} />
      <ButtonLink href={`/line-items/${item.key}`}>Figures</ButtonLink>
    </>
  );
}

function tabsOf(draft: Draft, campaign: Entity | null): readonly Tab[] {
  const advertiser = campaign?.links.advertiser;
  const currency = advertiser?.currency ?? "";
  return [
    { id: "basics", label: "Basics", body: () => <Basics draft={draft} campaign={campaign} /> },
    { id: "budget", label: "Budget", body: () => <Budget {...{ draft, campaign, currency }} /> },
    {
      ...{ id: "targeting", label: "Targeting" },
      body: () => (
        <>
          <TargetingEditor draft={draft} />
          <CheckAt
            {...{ draft, path: "openAuction", label: "Buy in the open auction beside the deals" }}
            hint="Only says something where the targeting names deals."
          />
        </>
      ),
    },
    {
      ...{ id: "audience", label: "Audience" },
      body: () => (
        <AudienceBuilder
          agency={campaign?.agency ?? ""}
          path="audience"
          value={draft.at("audience")}
          onChange={(value) => draft.set("audience", value)}
        />
      ),
    },
    { id: "price", label: "Price", body: () => <PriceEditor {...{ draft, currency }} /> },
    { id: "caps", label: "Caps", body: () => <Caps draft={draft} /> },
    {
      ...{ id: "creatives", label: "Creatives" },
      body: () => <LineItemCreatives draft={draft} advertiser={advertiser?.key ?? ""} />,
    },
  ];
}

type Parts = { readonly draft: Draft; readonly campaign: Entity | null };
function Basics({ draft, campaign }: Parts) {
  const key = draft.at("campaign");
  return (
    <div class="narrow">
      <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
      <Picker
        {...{ label: "Campaign", kind: "campaign", path: "campaign", required: true }}
        value={key === undefined ? "" : String(key)}
        onPick={(chosen) => draft.set("campaign", chosen === "" ? undefined : Number(chosen))}
        hint={campaign === null ? "" : `Of ${campaign.links.advertiser?.name ?? ""}.`}
      />
      <CheckAt {...{ draft, path: "paused", label: "Paused" }} hint="Buys nothing while paused." />
    </div>
  );
}

function Budget({ draft, campaign, currency }: Parts & { readonly currency: string }) {
  return (
    <div class="stack">
      {campaign === null ? null : <Flight campaign={campaign} />}
      <p class="hint">What is left empty is bounded by the campaign alone.</p>
      <div class="grid">
        <NumberAt {...{ draft, path: "budget.total", label: "In all", suffix: currency }} />
        <NumberAt {...{ draft, path: "budget.daily", label: "A day", suffix: currency }} />
        <NumberAt
          {...{ draft, path: "budget.impressions", label: "Impressions in all", whole: true }}
        />
        <NumberAt
          {...{ draft, path: "budget.dailyImpressions", label: "Impressions a day", whole: true }}
        />
        <SelectAt {...{ draft, path: "pacing", label: "Pacing", options: pacings }} />
      </div>
    </div>
  );
}

export const pacings = [
  { value: "", label: "As the campaign says" },
  { value: "even", label: "Even: with the traffic, over day and flight" },
  { value: "ahead", label: "Ahead: a little more early" },
  { value: "asap", label: "As soon as possible" },
];

function Flight({ campaign }: { readonly campaign: Entity }) {
  const flight = (campaign.form["flight"] ?? {}) as Record<string, unknown>;
  const zone = flight["timeZone"] ?? campaign.links.advertiser?.timeZone ?? "";
  const [start, end] = [String(flight["start"] ?? "?"), String(flight["end"] ?? "?")];
  return (
    <p class="sheet">
      Runs from {start} to {end}, whole days in {String(zone)}, as its campaign says:{" "}
      <a href={`/campaigns/${campaign.key}/edit#flight.start`}>{nameOf(campaign)}</a>.
    </p>
  );
}

function Caps({ draft }: { readonly draft: Draft }) {
  return (
    <>
      <CapsEditor draft={draft} at="this line item" />
      <SelectAt
        {...{ draft, path: "withoutId", label: "People without an identifier" }}
        options={[
          { value: "", label: "As usual" },
          { value: "skip", label: "Are left out: a cap could not be kept" },
          { value: "contextual", label: "Are bought by context, without a cap" },
        ]}
      />
    </>
  );
}
