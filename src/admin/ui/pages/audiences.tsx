import { may } from "../session.js";
import { groupsOf, groupsText } from "./audience-groups.js";
import { EntityList } from "./entity-list.js";

/** Audiences with a name, for line items to share. */
export default function AudiencesPage() {
  return (
    <EntityList
      kind="audience"
      title="Audiences"
      mayAdd={may("trader")}
      empty="No audience is saved yet: build one, and line items may share it"
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
