import type { Entity } from "../answers.js";
import { nameOf } from "../answers.js";
import { countText, Money, percentText, priceText, Time } from "../kit/say.js";
import { PaceBar, Status } from "../kit/status.js";
import type { Column } from "../kit/table.js";
import { keptSignal } from "../session.js";

/** What a list of line items can show, in order; `usual` are there until somebody chooses. */
type Choice = Column<Entity> & { readonly usual: boolean };

const currencyOf = (item: Entity): string => item.links.advertiser?.currency ?? "";
export const editPath = (item: Pick<Entity, "key">, field = ""): string =>
  `/line-items/${item.key}/edit${field === "" ? "" : `#${field}`}`;

const money = (amount: (item: Entity) => string | null | undefined) => (item: Entity) => (
  <Money amount={amount(item)} currency={currencyOf(item)} />
);

export function StatusOf({ item }: { readonly item: Entity }) {
  const { now } = item;
  if (now === undefined) return <Status state={item.draft ? "draft" : "checking"} reason="" />;
  const href = now.field === "" ? "" : editPath(item, now.field);
  return <Status state={now.state} reason={now.reason} href={href} />;
}

export const bidRangeText = ({ now, ...item }: Entity): string => {
  if (now === undefined || now.bidHigh === "") return "–";
  const currency = item.links.advertiser?.currency ?? "";
  const [low, high] = [priceText(now.bidLow, currency), priceText(now.bidHigh, currency)];
  return low === high ? low : `${low} to ${high}`;
};

const shown: readonly Choice[] = [
  {
    ...{ id: "name", label: "Line item", sort: "name", usual: true },
    cell: (item) => (
      <>
        <a href={`/line-items/${item.key}`} title={nameOf(item)}>
          {nameOf(item)}
        </a>
        <br />
        <span class="muted">{item.links.campaign?.name ?? `#${item.key}`}</span>
      </>
    ),
  },
  {
    ...{ id: "status", label: "Status", sort: "state", usual: true },
    cell: (item) => <StatusOf item={item} />,
  },
  {
    ...{ id: "pace", label: "Spent today", sort: "spendToday", usual: true },
    cell: (item) =>
      item.now === undefined ? "–" : <PaceBar now={item.now} currency={currencyOf(item)} />,
  },
  {
    ...{ id: "delivered", label: "Delivered", sort: "impressionsTotal", usual: true, digits: true },
    cell: ({ now }) => countText(now?.impressionsTotal),
  },
  {
    ...{ id: "days", label: "Days left", sort: "daysLeft", usual: true, digits: true },
    cell: ({ now }) => countText(now?.daysLeft),
  },
  {
    ...{ id: "ecpm", label: "eCPM", sort: "ecpm", usual: true, digits: true },
    cell: money(({ now }) => now?.ecpm),
  },
  {
    ...{ id: "winRate", label: "Win rate", sort: "winRatePercent", usual: true, digits: true },
    cell: ({ now }) => percentText(now?.winRatePercent),
  },
  {
    ...{ id: "ctr", label: "CTR", sort: "ctrPercent", usual: false, digits: true },
    cell: ({ now }) => percentText(now?.ctrPercent),
  },
  {
    ...{ id: "bid", label: "Bid (CPM)", sort: "bidHigh", usual: false, digits: true },
    cell: bidRangeText,
  },
  {
    ...{ id: "spent", label: "Spent in all", sort: "spendTotal", usual: false, digits: true },
    cell: money(({ now }) => now?.spendTotal),
  },
  {
    ...{ id: "budget", label: "Budget", usual: false, digits: true },
    cell: money(({ now }) => now?.totalBudget),
  },
  {
    ...{ id: "bids", label: "Bids today", sort: "bidsToday", usual: false, digits: true },
    cell: ({ now }) => countText(now?.bidsToday),
  },
  {
    ...{ id: "clicks", label: "Clicks", sort: "clicksTotal", usual: false, digits: true },
    cell: ({ now }) => countText(now?.clicksTotal),
  },
  {
    ...{ id: "advertiser", label: "Advertiser", usual: false },
    cell: ({ links }) => links.advertiser?.name ?? "–",
  },
  { ...{ id: "number", label: "Number", sort: "id", usual: false }, cell: ({ key }) => key },
  {
    ...{ id: "updated", label: "Changed", sort: "updatedAt", usual: false },
    cell: ({ updatedAt, updatedBy, links }) => (
      <>
        <Time at={updatedAt} zone={links.advertiser?.timeZone} />
        <br />
        <span class="muted">{updatedBy}</span>
      </>
    ),
  },
];

const usual = shown.filter((choice) => choice.usual).map(({ id }) => id);
const chosen = keptSignal("crowdbid.columns", usual.join(" "));

/** The name, and after it what was chosen. */
export function chosenColumns(): readonly Column<Entity>[] {
  const ids = new Set(chosen.value.split(" "));
  return shown.filter(({ id }) => id === "name" || ids.has(id));
}

export function ColumnChooser() {
  const ids = new Set(chosen.value.split(" "));
  return (
    <details class="account">
      <summary class="button">Columns</summary>
      <fieldset class="menu">
        <legend class="unseen">Columns shown</legend>
        {shown.slice(1).map(({ id, label }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={ids.has(id)}
              onChange={(event) => {
                if (event.currentTarget.checked) ids.add(id);
                else ids.delete(id);
                chosen.value = [...ids].join(" ");
              }}
            />{" "}
            {label}
          </label>
        ))}
        <button
          type="button"
          class="button small"
          onClick={() => {
            chosen.value = usual.join(" ");
          }}
        >
          The usual ones
        </button>
      </fieldset>
    </details>
  );
}
