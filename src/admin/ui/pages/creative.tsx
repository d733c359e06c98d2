import type { Entity } from "../answers.js";
import type { Draft } from "../draft.js";
import { Select } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import type { PageProps } from "../route.js";
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
import { DeskEditor } from "./desk-editor.js";

const formats = Object.entries(creativeFormats).map(([value, label]) => ({ value, label }));

/** One creative: what it is made of, how it looks, and where it may be shown. */
export default function CreativePage({ part }: PageProps) {
  const advertiser = Number(advertiserShown.value);
  const start = { format: "html", ...(advertiser === 0 ? {} : { advertiser }) };
  return (
    <DeskEditor
      kind="creative"
      part={part}
      words={["Creative", "Creatives"]}
      start={start}
      writable={may("trader")}
      below={(draft) =>
        draft.entity === null ? null : (
          <>
            <h2>Preview</h2>
            {draft.changed ? <p class="hint">As it was saved last.</p> : null}
            <CreativePreview key={draft.entity.version} creative={draft.entity} />
            <h2>Approvals by exchange</h2>
            <Approvals creative={draft.entity} onJudged={(judged) => judge(draft, judged)} />
          </>
        )
      }
    >
      {(draft, isNew) => <Fields draft={draft} isNew={isNew} />}
    </DeskEditor>
  );
}

/** A verdict is a version of its own: what is being edited goes on from there. */
function judge({ form, changed, settle }: Draft, judged: Entity): void {
  const { approvals, approveAll, ...edited } = form;
  const said = judged.form["approvals"];
  const merged = said === undefined ? edited : { ...edited, approvals: said };
  settle(changed ? merged : judged.form, judged);
}

function Fields({ draft, isNew }: { readonly draft: Draft; readonly isNew: boolean }) {
  const format = draft.at("format") as CreativeFormat;
  return (
    <>
      <div class="row end">
        <Picker
          label="Advertiser"
          kind="advertiser"
          path="advertiser"
          required
          disabled={!isNew}
          value={String(draft.at("advertiser") ?? "")}
          onPick={(key) => draft.set("advertiser", key === "" ? undefined : Number(key))}
        />
        <Select
          label="Format"
          path="format"
          required
          value={format}
          options={formats}
          onChange={(chosen) => draft.replace(inFormat(draft.form, chosen as CreativeFormat))}
        />
      </div>
      <Boxes draft={draft} fields={commonFields.slice(0, 2)} />
      <Boxes key={format} draft={draft} fields={fieldsByFormat[format] ?? []} />
      <details>
        <summary>Categories, attributes, transparency</summary>
        <Boxes draft={draft} fields={commonFields.slice(2)} />
      </details>
    </>
  );
}
