import { Picker } from "../kit/picker.js";
import type { PageProps } from "../pages.js";
import { agencyShown, may, user } from "../session.js";
import { AudienceBuilder } from "./audience-builder.js";
import { Boxes } from "./boxes.js";
import { EntityFrame } from "./entity-frame.js";

/** One saved audience: a change of it changes every line item that names it. */
export default function AudiencePage({ part }: PageProps) {
  const agency = Number(user.value?.agency || agencyShown.value);
  return (
    <EntityFrame
      kind="audience"
      part={part}
      words={["audience", "Audiences"]}
      start={agency === 0 ? {} : { agency }}
      mayEdit={may("trader")}
    >
      {(form, { set, isNew, entity }) => (
        <>
          <Boxes
            fields={[{ field: "name", label: "Name", kind: "text", required: true }]}
            {...{ form, set }}
          />
          {user.value?.agency === "" ? (
            <Picker
              label="Agency"
              kind="agency"
              path="agency"
              required
              disabled={!isNew}
              value={String(form["agency"] ?? "")}
              onPick={(key) => set("agency", key === "" ? undefined : Number(key))}
            />
          ) : null}
          <h2>People</h2>
          <AudienceBuilder
            agency={entity?.agency ?? String(form["agency"] ?? "")}
            value={form["audience"]}
            path="audience"
            mayNameSaved={false}
            readOnly={!may("trader")}
            onChange={(value) => set("audience", value)}
          />
        </>
      )}
    </EntityFrame>
  );
}
