import type { Entity } from "../answers.js";
import { ButtonLink } from "../kit/button.js";
import { EntityList } from "../kit/entity-list.js";
import { may } from "../session.js";
import { type CreativeFormat, creativeFormats } from "./creative-fields.js";
import { verdictsOf } from "./verdicts.js";

/** What is shown to people, with where it may be shown. */
export default function CreativesPage() {
  return (
    <EntityList
      kind="creative"
      title="Creatives"
      byAdvertiser
      mayAdd={may("trader")}
      what="creative"
      aside={<ButtonLink href="/creatives/approvals">Approvals</ButtonLink>}
      columns={[
        {
          id: "advertiser",
          label: "Advertiser",
          cell: ({ links }) => links.advertiser?.name ?? "",
        },
        { id: "format", label: "Format", cell: formatOf },
        { id: "sizes", label: "Sizes", cell: sizesOf },
        { id: "approvals", label: "Exchanges", cell: ({ form }) => approvalsText(form) },
      ]}
    />
  );
}

const formatOf = ({ form }: Entity): string =>
  creativeFormats[form["format"] as CreativeFormat] ?? "";

const shownMax = 4;
function sizesOf({ form }: Entity): string {
  const sizes = Array.isArray(form["sizes"]) ? form["sizes"] : [];
  const first = sizes.slice(0, shownMax).join(", ");
  return sizes.length > shownMax ? `${first} and ${sizes.length - shownMax} more` : first;
}

/** "approved at 2, pending at 1" */
function approvalsText(form: Entity["form"]): string {
  if (form["approveAll"] === true) return "approved at all";
  const counts = new Map<string, number>();
  for (const [, verdict] of verdictsOf(form)) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts].map(([verdict, n]) => `${verdict} at ${n}`).join(", ") || "at none yet";
}
