import { useState } from "preact/hooks";
import { type Entity, nameOf } from "../answers.js";
import { type Entities, get, listPath, onceKey, post, withQuery } from "../api.js";
import { bulkAndSay, sayDone } from "../changes.js";
import { usePages, useSettled } from "../fetched.js";
import { Button, ButtonLink } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Checkbox, Select, TextField } from "../kit/field.js";
import { Picker } from "../kit/picker.js";
import { countText, Empty, Loading } from "../kit/say.js";
import { type Column, Table } from "../kit/table.js";
import { toast } from "../kit/toast.js";
import { go, place, setQuery } from "../route.js";
import { advertiserShown, agencyShown, may } from "../session.js";
import { lineItemStateNames } from "../words.js";
import { BulkDialog } from "./bulk-dialog.js";
import { CsvDialog } from "./csv-dialog.js";
import { ColumnChooser, chosenColumns } from "./line-item-columns.js";
import { StopDialog, StopStrip } from "./stops.js";

const refreshMs = 5_000;
const typingMs = 150;
const bulkMax = 1000;

/** Home: every line item with its state and why, against its plan. */
export default function LineItems() {
  const { query } = place.value;
  const search = useSettled(query.get("search") ?? "", typingMs);
  const narrowing = {
    search,
    ...{ state: query.get("state"), campaign: query.get("campaign") },
    ...{ archived: query.get("archived"), agency: agencyShown.value },
    advertiser: advertiserShown.value,
  };
  const sort = query.get("sort") ?? "";
  const path = listPath("line-items", { ...narrowing, sort });
  const { rows, total, problem, loading, reload } = usePages<Entity>(path, refreshMs);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<"" | "bulk" | "csv" | "stop">("");
  const columns = chosenColumns().toSpliced(1, 0, ...(may("trader") ? [actions(reload)] : []));
  const narrowed = Object.values(narrowing).some((value) => value !== null && value !== "");
  const selectAll = async (): Promise<void> => setSelected(await keysOf(narrowing, bulkMax));
  return (
    <>
      <Heading
        total={total}
        csv={withQuery("/api/v1/line-items.csv", narrowing)}
        open={setDialog}
      />
      <StopStrip />
      <Filters />
      {problem === null ? null : <ProblemNote problem={problem} onRetry={reload} />}
      {selected.size === 0 ? null : (
        <Selected
          {...{ selected, setSelected, reload, total }}
          onEdit={() => setDialog("bulk")}
          onAll={selectAll}
        />
      )}
      {total === null && problem === null ? <Loading what="line items" /> : null}
      {total === 0 ? <NoLineItems narrowed={narrowed} /> : null}
      {total === null || total === 0 ? null : (
        <div aria-busy={loading}>
          <Table
            label="Line items"
            {...{ columns, rows, sort, nameOf }}
            keyOf={({ key }) => key}
            onSort={(wanted) => setQuery({ sort: wanted })}
            {...(may("trader") ? { selection: { keys: selected, onChange: setSelected } } : {})}
          />
        </div>
      )}
      {dialog === "bulk" ? (
        <BulkDialog keys={[...selected]} onClose={() => setDialog("")} onDone={reload} />
      ) : null}
      {dialog === "csv" ? <CsvDialog onClose={() => setDialog("")} onDone={reload} /> : null}
      {dialog === "stop" ? <StopDialog onClose={() => setDialog("")} /> : null}
    </>
  );
}

function Heading(props: {
  readonly total: number | null;
  readonly csv: string;
  readonly open: (dialog: "csv" | "stop") => void;
}) {
  return (
    <div class="spread">
      <h1>
        Line items{" "}
        <span class="muted" aria-live="polite">
          {countText(props.total)}
        </span>
      </h1>
      <div class="row">
        <ButtonLink href={props.csv} download>
          CSV
        </ButtonLink>
        {may("trader") ? (
          <>
            <Button onClick={() => props.open("csv")}>From CSV…</Button>
            <Button look="risky" onClick={() => props.open("stop")}>
              Stop…
            </Button>
            <ButtonLink href="/start">New campaign</ButtonLink>
            <ButtonLink look="main" href="/line-items/new">
              New line item
            </ButtonLink>
          </>
        ) : null}
      </div>
    </div>
  );
}

function Filters() {
  const { query } = place.value;
  return (
    <search class="filters">
      <TextField
        label="Search"
        type="search"
        value={query.get("search") ?? ""}
        onInput={(search) => setQuery({ search })}
        placeholder="Name or number"
      />
      <Select
        label="Status"
        value={query.get("state") ?? ""}
        options={[{ value: "", label: "Any" }, ...lineItemStateNames]}
        onChange={(state) => setQuery({ state })}
      />
      <Picker
        label="Campaign"
        kind="campaign"
        value={query.get("campaign") ?? ""}
        only={advertiserShown.value === "" ? {} : { advertiser: advertiserShown.value }}
        onPick={(campaign) => setQuery({ campaign })}
      />
      <Checkbox
        label="Archived ones"
        checked={query.get("archived") === "true"}
        onChange={(archived) => setQuery({ archived: archived ? "true" : null })}
      />
      <ColumnChooser />
    </search>
  );
}

function Selected(props: {
  readonly selected: ReadonlySet<string>;
  readonly setSelected: (keys: ReadonlySet<string>) => void;
  readonly total: number | null;
  readonly reload: () => void;
  readonly onEdit: () => void;
  readonly onAll: () => Promise<void>;
}) {
  const { selected, setSelected, total, reload } = props;
  // Nothing may be done with half of what was asked for.
  const [busy, setBusy] = useState(false);
  const gather = (): void => {
    setBusy(true);
    void props.onAll().finally(() => setBusy(false));
  };
  const keys = [...selected];
  const run = (set: { paused?: boolean; archived?: boolean }, done: string): void => {
    void bulkAndSay(keys, set, done, reload);
  };
  const more = total !== null && total > selected.size;
  return (
    <section class="selected row" aria-label="Selected line items">
      <strong role="status">{countText(selected.size)} selected</strong>
      {more ? (
        <Button small look="quiet" busy={busy} onClick={gather}>
          {total > bulkMax
            ? `Select the first ${countText(bulkMax)} of ${countText(total)}`
            : `Select all ${countText(total)}`}
        </Button>
      ) : null}
      <Button small disabled={busy} onClick={() => run({ paused: true }, "paused")}>
        Pause
      </Button>
      <Button small disabled={busy} onClick={() => run({ paused: false }, "set running")}>
        Run
      </Button>
      <Button small disabled={busy} onClick={props.onEdit}>
        Edit…
      </Button>
      <Button
        small
        disabled={busy}
        onClick={() => {
          run({ archived: true }, "archived");
          setSelected(new Set());
        }}
      >
        Archive
      </Button>
      <Button small look="quiet" onClick={() => setSelected(new Set())}>
        Select none
      </Button>
    </section>
  );
}

const pageMax = 200;
async function keysOf(
  narrowing: Readonly<Record<string, string | null>>,
  max: number,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (let offset = 0; offset < max; offset += pageMax) {
    const path = listPath("line-items", { ...narrowing, limit: pageMax, offset });
    const answer = await get<Entities>(path);
    if (!answer.ok) {
      toast({ words: answer.problem.detail, bad: true });
      break;
    }
    for (const { key } of answer.value.items) keys.add(key);
    if (answer.value.items.length < pageMax) break;
  }
  return keys;
}

async function duplicate(item: Entity, reload: () => void): Promise<void> {
  const answer = await post<Entity>(`/line-items/${item.key}/duplicate`, {}, onceKey());
  if (!answer.ok) {
    toast({ words: `Not duplicated: ${answer.problem.detail}`, bad: true });
    return;
  }
  sayDone(`${nameOf(item)} is duplicated as a paused draft.`, answer.value, reload);
  go(`/line-items/${answer.value.key}/edit`);
}

const runShape = "M4 2.5v11l9-5.5z";
const pauseShape = "M4 3h3v10H4zM9 3h3v10H9z";
const duplicateShape = "M5 1h9v9h-2V3H5zM2 4h8v11H2z";
const Icon = ({ shape }: { readonly shape: string }) => (
  <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
    <path d={shape} fill="currentColor" />
  </svg>
);

const isPaused = (item: Entity): boolean => item.form["paused"] === true;
const actions = (reload: () => void): Column<Entity> => ({
  ...{ id: "actions", label: "Actions" },
  cell: (item) => (
    <span class="row">
      <Button
        small
        label={`${isPaused(item) ? "Run" : "Pause"} ${nameOf(item)}`}
        title={isPaused(item) ? "Run" : "Pause"}
        onClick={() => {
          const paused = !isPaused(item);
          void bulkAndSay([item.key], { paused }, paused ? "paused" : "set running", reload);
        }}
      >
        <Icon shape={isPaused(item) ? runShape : pauseShape} />
      </Button>
      <Button
        small
        look="quiet"
        label={`Duplicate ${nameOf(item)}`}
        title="Duplicate"
        onClick={() => void duplicate(item, reload)}
      >
        <Icon shape={duplicateShape} />
      </Button>
    </span>
  ),
});

function NoLineItems({ narrowed }: { readonly narrowed: boolean }) {
  if (narrowed) {
    return (
      <Empty title="No line item fits these filters">
        <Button
          onClick={() => {
            agencyShown.value = "";
            advertiserShown.value = "";
            go("/line-items", "replace");
          }}
        >
          Show all
        </Button>
      </Empty>
    );
  }
  return (
    <Empty title="No line item yet">
      <p>From nothing to the first bid: an advertiser, a campaign, a creative, a line item.</p>
      <ButtonLink look="main" href="/start">
        Start a campaign
      </ButtonLink>
    </Empty>
  );
}
