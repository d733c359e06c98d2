import { EntityList } from "../kit/entity-list.js";
import { may } from "../session.js";
import { groupsOf, groupsText } from "./audience-groups.js";

/** Audiences with a name, for line items to share. */
export default function AudiencesPage() {
  return (
    <EntityList
      kind="audience"
      title="Audiences"
      what="audience"
      mayAdd={may("trader")}
      columns={[
        { id: "agency", label: "Agency", cell: ({ links }) => links.agency?.name ?? "" },
        {
          id: "people",
          label: "People",
          cell: ({ form }) => {
            const groups = groupsOf(form["audience"]);
            return groups === null ? "nested" : groupsText(groups);
          },
        },
      ]}
    />
  );
}
