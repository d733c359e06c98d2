import { useFetched } from "../fetched.js";
import { SelectAt } from "../kit/bound.js";
import type { PageProps } from "../route.js";
import { may } from "../session.js";
import { Boxes } from "./boxes.js";
import type { FormField } from "./creative-fields.js";
import type { ExchangesAnswer } from "./desk-answers.js";
import { DeskEditor } from "./desk-editor.js";

const fields: readonly FormField[] = [
  { field: "name", label: "Name", kind: "text", required: true },
  {
    ...{ field: "type", label: "Type", kind: "text", required: true },
    options: ["private", "preferred", "open"],
  },
  { field: "floor", label: "Agreed floor for 1,000", kind: "number" },
  { field: "floorCurrency", label: "Currency of the floor", kind: "text", hint: "such as EUR" },
  {
    ...{ field: "inviteOnly", label: "Advertisers that are let in", kind: "numbers" },
    hint: "numbers; empty: every advertiser",
  },
];
const idField: FormField = {
  ...{ field: "deal", label: "Deal id", kind: "text", required: true },
  hint: "as the exchange sends it",
};

/** One deal at one exchange; its id and exchange stay what they are. */
export default function DealPage({ part }: PageProps) {
  const exchanges = useFetched<ExchangesAnswer>("/exchanges");
  const names = (exchanges.value?.items ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <DeskEditor
      kind="deal"
      part={part}
      words={["Deal", "Deals"]}
      start={{ type: "private" }}
      writable={may("trader", "house")}
    >
      {(draft, isNew) => (
        <>
          {isNew ? (
            <>
              <Boxes draft={draft} fields={[idField]} />
              <SelectAt
                draft={draft}
                label="Exchange"
                path="exchange"
                required
                options={[{ value: "", label: "Choose one" }, ...names]}
              />
            </>
          ) : (
            <p>
              <code>{String(draft.at("deal"))}</code> at {String(draft.at("exchange"))}
            </p>
          )}
          <Boxes draft={draft} fields={fields} />
        </>
      )}
    </DeskEditor>
  );
}
