import { useFetched } from "../fetched.js";
import { Select } from "../kit/field.js";
import type { PageProps } from "../pages.js";
import { may } from "../session.js";
import { Boxes } from "./boxes.js";
import type { FormField } from "./creative-fields.js";
import type { ExchangesAnswer } from "./desk-answers.js";
import { EntityFrame } from "./entity-frame.js";

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
  return (
    <EntityFrame
      kind="deal"
      part={part}
      words={["deal", "Deals"]}
      start={{ type: "private" }}
      mayEdit={may("trader", "house")}
    >
      {(form, { set, isNew }) => (
        <>
          {isNew ? (
            <>
              <Boxes fields={[idField]} {...{ form, set }} />
              <Select
                label="Exchange"
                path="exchange"
                required
                value={String(form["exchange"] ?? "")}
                options={[
                  { value: "", label: "Choose one" },
                  ...(exchanges.value?.items ?? []).map(({ name }) => ({
                    value: name,
                    label: name,
                  })),
                ]}
                onChange={(name) => set("exchange", name === "" ? undefined : name)}
              />
            </>
          ) : (
            <p>
              <code>{String(form["deal"])}</code> at {String(form["exchange"])}
            </p>
          )}
          <Boxes {...{ fields, form, set }} />
        </>
      )}
    </EntityFrame>
  );
}
