import type { JsonObject } from "../../store/desk-store.js";
import type { Entity } from "../answers.js";
import { EntityList } from "../kit/entity-list.js";
import type { Column } from "../kit/table.js";
import { may } from "../session.js";

const columns: readonly Column<Entity>[] = [
  {
    ...{ id: "seats", label: "Seats" },
    cell: ({ form }) =>
      Object.entries((form["seats"] ?? {}) as JsonObject)
        .map(([exchange, seat]) => `${exchange}: ${String(seat)}`)
        .join(", ") || "–",
  },
];

export default function Agencies() {
  return (
    <EntityList
      {...{ kind: "agency", title: "Agencies", what: "agency", columns }}
      mayAdd={may("admin", "house")}
    />
  );
}
