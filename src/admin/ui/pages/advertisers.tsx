import type { Entity } from "../answers.js";
import { EntityList } from "../kit/entity-list.js";
import { Time } from "../kit/say.js";
import type { Column } from "../kit/table.js";
import { may } from "../session.js";

const columns: readonly Column<Entity>[] = [
  { ...{ id: "agency", label: "Agency" }, cell: ({ links }) => links.agency?.name ?? "–" },
  {
    ...{ id: "domains", label: "Domains" },
    cell: ({ form }) => (Array.isArray(form["domains"]) ? form["domains"].join(", ") : "–"),
  },
  { ...{ id: "currency", label: "Currency" }, cell: ({ form }) => String(form["currency"] ?? "–") },
  { ...{ id: "zone", label: "Time zone" }, cell: ({ form }) => String(form["timeZone"] ?? "–") },
  {
    ...{ id: "updated", label: "Changed", sort: "updatedAt" },
    cell: ({ updatedAt, updatedBy }) => (
      <>
        <Time at={updatedAt} />
        <br />
        <span class="muted">by {updatedBy}</span>
      </>
    ),
  },
];

export default function Advertisers() {
  return (
    <EntityList
      {...{ kind: "advertiser", title: "Advertisers", what: "advertiser", columns }}
      mayAdd={may("admin")}
    />
  );
}
