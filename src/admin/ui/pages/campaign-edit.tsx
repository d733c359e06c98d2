import { useEffect } from "preact/hooks";
import type { Entity } from "../answers.js";
import { useDraft } from "../draft.js";
import { useFetched } from "../fetched.js";
import { CampaignFields } from "../forms.js";
import { SelectAt } from "../kit/bound.js";
import { ButtonLink } from "../kit/button.js";
import { Editor } from "../kit/editor.js";
import { focusField } from "../kit/error-summary.js";
import { type PageProps, place } from "../route.js";
import { advertiserShown, may } from "../session.js";
import { CapsEditor } from "./caps-editor.js";

export default function CampaignEdit({ part }: PageProps) {
  const key = part["key"] ?? null;
  const { query, hash } = place.value;
  const advertiser = query.get("advertiser") ?? advertiserShown.value;
  const start = key === null && advertiser !== "" ? { advertiser: Number(advertiser) } : {};
  const draft = useDraft("campaign", key, start);
  const buyer = draft.at("advertiser");
  const { value } = useFetched<Entity>(buyer === undefined ? null : `/advertisers/${buyer}`);
  const currency = value?.form["currency"];
  useEffect(() => {
    if (hash !== "" && !draft.loading) focusField(hash);
  }, [hash, draft.loading]);
  return (
    <Editor
      {...{ draft, what: "Campaign", writable: may("trader") }}
      aside={key === null ? null : <Aside campaign={key} />}
    >
      <CampaignFields {...{ draft, currency: typeof currency === "string" ? currency : "" }} />
      <div class="narrow">
        <SelectAt {...{ draft, path: "pacing", label: "Pacing", options: pacings }} />
      </div>
      <CapsEditor draft={draft} at="anything of this campaign" />
    </Editor>
  );
}

const pacings = [
  { value: "", label: "As usual: even" },
  { value: "even", label: "Even: with the traffic, over day and flight" },
  { value: "ahead", label: "Ahead: a little more early" },
  { value: "asap", label: "As soon as possible" },
];

function Aside({ campaign }: { readonly campaign: string }) {
  return (
    <>
      <ButtonLink href={`/line-items?campaign=${campaign}`}>Line items</ButtonLink>
      <ButtonLink href={`/line-items/new?campaign=${campaign}`}>New line item</ButtonLink>
    </>
  );
}
