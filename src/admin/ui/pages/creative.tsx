import { Select } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import type { PageProps } from "../pages.js";
import { advertiserShown, may } from "../session.js";
import { Approvals } from "./approvals.js";
import { Boxes } from "./boxes.js";
import {
  type CreativeFormat,
  commonFields,
  creativeFormats,
  fieldsByFormat,
  inFormat,
} from "./creative-fields.js";
import { CreativePreview } from "./creative-preview.js";
import { EntityFrame } from "./entity-frame.js";

const formats = Object.entries(creativeFormats).map(([value, label]) => ({ value, label }));

/** One creative: what it is made of, how it looks, and where it may be shown. */
export default function CreativePage({ part }: PageProps) {
  const advertiser = Number(advertiserShown.value);
  const start = { format: "html", ...(advertiser === 0 ? {} : { advertiser }) };
  return (
    <EntityFrame
      kind="creative"
      part={part}
      words={["creative", "Creatives"]}
      start={start}
      mayEdit={may("trader")}
      beside={({ entity, unsaved }) =>
        entity === null ? null : (
          <>
            <h2>Preview</h2>
            {unsaved ? <p class="hint">As it was saved last.</p> : null}
            <CreativePreview key={entity.version} creative={entity} />
            <h2>Approvals by exchange</h2>
            <Approvals creative={entity} />
          </>
        )
      }
    >
      {(form, { set, setForm, isNew }) => {
        const format = form["format"] as CreativeFormat;
        return (
          <>
            <div class="row end">
              <Picker
                label="Advertiser"
                kind="advertiser"
                path="advertiser"
                required
                disabled={!isNew}
                value={String(form["advertiser"] ?? "")}
                onPick={(key) => set("advertiser", key === "" ? undefined : Number(key))}
              />
              <Select
                label="Format"
                path="format"
                required
                value={format}
                options={formats}
                onChange={(chosen) => setForm(inFormat(form, chosen as CreativeFormat))}
              />
            </div>
            <Boxes fields={commonFields.slice(0, 2)} {...{ form, set }} />
            <Boxes key={format} fields={fieldsByFormat[format] ?? []} {...{ form, set }} />
            <details>
              <summary>Categories, attributes, transparency</summary>
              <Boxes fields={commonFields.slice(2)} {...{ form, set }} />
            </details>
          </>
        );
      }}
    </EntityFrame>
  );
}
