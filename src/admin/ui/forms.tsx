import type { JsonObject } from "../store/desk-store.js";
import type { Draft } from "./draft.js";
import { ListAt, NumberAt, SelectAt, TextAt } from "./kit/bound.js";
import { Button } from "./kit/button.js";
import { Field, inputId, TextField } from "./kit/field.js";
import { Picker } from "./kit/picker.js";
import { localZone } from "./kit/say.js";
import { agencyShown, user } from "./session.js";

/**
 * The fields of agencies, advertisers and campaigns: their editors and the first steps show them.
 */

const numberOf = (key: string): number | undefined => (key === "" ? undefined : Number(key));
const keyAt = (draft: Draft, path: string): string => {
  const value = draft.at(path);
  return value === undefined ? "" : String(value);
};

export function AgencyFields({ draft }: { readonly draft: Draft }) {
  const seats = Object.entries((draft.at("seats") ?? {}) as JsonObject);
  return (
    <div class="narrow">
      <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
      <fieldset id={inputId("seats")} tabIndex={-1}>
        <legend>Seats</legend>
        <p class="hint">Our seat for this agency at each exchange, as the exchange knows it.</p>
        {seats.map(([exchange, seat]) => (
          <div class="row end" key={exchange}>
            <TextField
              {...{ label: `Seat at ${exchange}`, path: `seats.${exchange}`, required: true }}
              value={String(seat)}
              onInput={(text) =>
                draft.set("seats", { ...Object.fromEntries(seats), [exchange]: text })
              }
            />
            <Button
              look="quiet"
              label={`Remove the seat at ${exchange}`}
              onClick={() => draft.set(`seats.${exchange}`, undefined)}
            >
              Remove
            </Button>
          </div>
        ))}
        <NewSeat draft={draft} />
      </fieldset>
    </div>
  );
}

function NewSeat({ draft }: { readonly draft: Draft }) {
  const add = (name: string): void => {
    const exchange = name.trim();
    const seats = (draft.at("seats") ?? {}) as JsonObject;
    if (exchange !== "" && !Object.hasOwn(seats, exchange)) {
      draft.set("seats", { ...seats, [exchange]: "" });
    }
  };
  return (
    <Field label="Another exchange" hint="Its name, then Enter.">
      {(wiring) => (
        <input
          {...wiring}
          type="text"
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add(event.currentTarget.value);
            event.currentTarget.value = "";
          }}
        />
      )}
    </Field>
  );
}

/** What a new advertiser begins with. */
export const newAdvertiser = (): JsonObject => ({
  ...(user.value?.agency ? { agency: Number(user.value.agency) } : {}),
  ...(agencyShown.value === "" ? {} : { agency: Number(agencyShown.value) }),
  timeZone: localZone,
});

const currencies = [
  ...["EUR", "USD", "GBP", "JPY", "CNY"],
  ...Intl.supportedValuesOf("currency").filter(
    (code) => !["EUR", "USD", "GBP", "JPY", "CNY"].includes(code),
  ),
].map((value) => ({ value, label: value }));
/** Today's names of zones that browsers list under older ones. */
const renamedZones = [
  ...["Africa/Asmara", "America/Argentina/Buenos_Aires", "America/Argentina/Cordoba"],
  ...["America/Nuuk", "Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Yangon"],
  ...["Atlantic/Faroe", "Europe/Kyiv", "Pacific/Chuuk", "Pacific/Kanton", "Pacific/Pohnpei"],
];
const zoneNames = [...Intl.supportedValuesOf("timeZone"), ...renamedZones].sort();
const zones = [...new Set(["UTC", ...zoneNames])].map((value) => ({ value, label: value }));

export function AdvertiserFields({ draft }: { readonly draft: Draft }) {
  const zone = keyAt(draft, "timeZone");
  const known = zone === "" || zones.some(({ value }) => value === zone);
  return (
    <div class="narrow">
      <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
      {user.value?.agency === "" ? (
        <Picker
          {...{ label: "Agency", kind: "agency", path: "agency", required: true }}
          value={keyAt(draft, "agency")}
          onPick={(key) => draft.set("agency", numberOf(key))}
        />
      ) : null}
      <ListAt
        {...{ draft, path: "domains", label: "Domains", required: true }}
        example="brand.example"
        hint="Where its ads lead: exchanges block by them."
      />
      <SelectAt
        {...{ draft, path: "currency", label: "Currency", required: true }}
        options={[{ value: "", label: "Choose one" }, ...currencies]}
        hint="Of its budgets, prices and reports."
      />
      <SelectAt
        {...{ draft, path: "timeZone", label: "Time zone", required: true }}
        options={[
          { value: "", label: "Choose one" },
          ...(known ? [] : [{ value: zone, label: zone }]),
          ...zones,
        ]}
        hint="Its days begin at midnight there."
      />
    </div>
  );
}

/** What an advertiser may have beside: a budget and caps over all its campaigns. */
export function BudgetFields(props: {
  readonly draft: Draft;
  readonly currency: string;
  readonly legend: string;
  readonly hint?: string;
}) {
  const { draft, currency } = props;
  return (
    <fieldset id={inputId("budget")} tabIndex={-1}>
      <legend>{props.legend}</legend>
      {props.hint === undefined ? null : <p class="hint">{props.hint}</p>}
      <div class="grid">
        <NumberAt {...{ draft, path: "budget.total", label: "In all", suffix: currency }} />
        <NumberAt {...{ draft, path: "budget.daily", label: "A day", suffix: currency }} />
        <NumberAt
          {...{ draft, path: "budget.impressions", label: "Impressions in all", whole: true }}
        />
        <NumberAt
          {...{ draft, path: "budget.dailyImpressions", label: "Impressions a day", whole: true }}
        />
      </div>
    </fieldset>
  );
}

export function CampaignFields(props: { readonly draft: Draft; readonly currency: string }) {
  const { draft, currency } = props;
  return (
    <>
      <div class="narrow">
        <TextAt {...{ draft, path: "name", label: "Name", required: true }} />
        <Picker
          {...{ label: "Advertiser", kind: "advertiser", path: "advertiser", required: true }}
          value={keyAt(draft, "advertiser")}
          onPick={(key) => draft.set("advertiser", numberOf(key))}
        />
      </div>
      <fieldset id={inputId("flight")} tabIndex={-1}>
        <legend>Flight</legend>
        <p class="hint">Whole days, both included, in the advertiser's time zone.</p>
        <div class="grid">
          <TextAt
            {...{ draft, path: "flight.start", label: "First day", required: true }}
            type="date"
          />
          <TextAt
            {...{ draft, path: "flight.end", label: "Last day", required: true }}
            type="date"
          />
        </div>
      </fieldset>
      <BudgetFields
        {...{ draft, currency, legend: "Budget, for media alone" }}
        hint="What ends it: an amount in all, or impressions in all."
      />
    </>
  );
}
