import { useDraft } from "../draft.js";
import { AdvertiserFields, BudgetFields, newAdvertiser } from "../forms.js";
import { ButtonLink } from "../kit/button.js";
import { Editor } from "../kit/editor.js";
import type { PageProps } from "../route.js";
import { may } from "../session.js";
import { CapsEditor } from "./caps-editor.js";

export default function AdvertiserEdit({ part }: PageProps) {
  const key = part["key"] ?? null;
  const draft = useDraft("advertiser", key, key === null ? newAdvertiser() : {});
  const currency = draft.at("currency");
  return (
    <Editor
      {...{ draft, what: "Advertiser", writable: may("admin") }}
      aside={
        key === null ? null : (
          <ButtonLink href={`/start?advertiser=${key}`}>New campaign</ButtonLink>
        )
      }
    >
      <AdvertiserFields draft={draft} />
      <BudgetFields
        {...{ draft, legend: "Budget over all its campaigns" }}
        currency={typeof currency === "string" ? currency : ""}
      />
      <CapsEditor draft={draft} at="anything of this advertiser" />
    </Editor>
  );
}
