import { useDraft } from "../draft.js";
import { AgencyFields } from "../forms.js";
import { Editor } from "../kit/editor.js";
import type { PageProps } from "../route.js";
import { may } from "../session.js";

export default function AgencyEdit({ part }: PageProps) {
  const draft = useDraft("agency", part["key"] ?? null);
  return (
    <Editor {...{ draft, what: "Agency", writable: may("admin", "house") }}>
      <AgencyFields draft={draft} />
    </Editor>
  );
}
