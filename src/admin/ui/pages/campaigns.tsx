import type { Entity } from "../answers.js";
import { valueAt } from "../form-path.js";
import { EntityList } from "../kit/entity-list.js";
import { moneyText, Time } from "../kit/say.js";
import type { Column } from "../kit/table.js";
import { may } from "../session.js";

const textAt = (entity: Entity, path: string): string => {
  const value = valueAt(entity.form, path);
  return value === undefined ? "–" : String(value);
};
const moneyAt = (entity: Entity, path: string): string => {
  const value = valueAt(entity.form, path);
  const currency = entity.links.advertiser?.currency ?? "";
  return value === undefined ? "–" : moneyText(String(value), currency);
};

const columns: readonly Column<Entity>[] = [
  {
    ...{ id: "advertiser", label: "Advertiser" },
    cell: ({ links }) => links.advertiser?.name ?? "–",
  },
  {
    ...{ id: "flight", label: "Flight" },
    cell: (entity) => (
      <>
        {textAt(entity, "flight.start")}
        <br />
        to {textAt(entity, "flight.end")}
      </>
    ),
  },
  {
    ...{ id: "total", label: "Budget", digits: true },
    cell: (entity) => moneyAt(entity, "budget.total"),
  },
  {
    ...{ id: "daily", label: "A day", digits: true },
    cell: (entity) => moneyAt(entity, "budget.daily"),
  },
  {
    ...{ id: "items", label: "Line items" },
    cell: ({ key }) => <a href={`/line-items?campaign=${key}`}>Show them</a>,
  },
  {
    ...{ id: "updated", label: "Changed", sort: "updatedAt" },
    cell: ({ updatedAt, updatedBy, links }) => (
      <>
        <Time at={updatedAt} zone={links.advertiser?.timeZone} />
        <br />
        <span class="muted">by {updatedBy}</span>
      </>
    ),
  },
];

export default function Campaigns() {
  return (
    <EntityList
      {...{ kind: "campaign", title: "Campaigns", what: "campaign", columns }}
      byAdvertiser
      mayAdd={may("trader")}
    />
  );
}
