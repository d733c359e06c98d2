import { Picker } from "../kit/picker.js";
import type { PageProps } from "../route.js";
import { agencyShown, may, user } from "../session.js";
import { AudienceBuilder } from "./audience-builder.js";
import { Boxes } from "./boxes.js";
import { DeskEditor } from "./desk-editor.js";

/** One saved audience: a change of it changes every line item that names it. */
export default function AudiencePage({ part }: PageProps) {
  const agency = Number(user.value?.agency || agencyShown.value);
  return (
    <DeskEditor
      kind="audience"
      part={part}
      words={["Audience", "Audiences"]}
      start={agency === 0 ? {} : { agency }}
      writable={may("trader")}
    >
      {(draft, isNew) => (
        <>
          <div class="narrow">
            <Boxes
              draft={draft}
              fields={[{ field: "name", label: "Name", kind: "text", required: true }]}
            />
            {user.value?.agency === "" ? (
              <Picker
                label="Agency"
                kind="agency"
                path="agency"
                required
                disabled={!isNew}
                value={String(draft.at("agency") ?? "")}
                onPick={(key) => draft.set("agency", key === "" ? undefined : Number(key))}
              />
            ) : null}
          </div>
          <h2>People</h2>
          <AudienceBuilder
            agency={draft.entity?.agency ?? String(draft.at("agency") ?? "")}
            value={draft.at("audience")}
            path="audience"
            mayNameSaved={false}
            readOnly={!may("trader")}
            onChange={(value) => draft.set("audience", value)}
          />
        </>
      )}
    </DeskEditor>
  );
}
