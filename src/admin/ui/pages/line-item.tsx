import type { LineItemNow } from "../../desk/desk.js";
import { type Entity, nameOf } from "../answers.js";
import { bulkAndSay } from "../changes.js";
import { useFetched } from "../fetched.js";
import { Button, ButtonLink } from "../kit/button.js";
import { ProblemNote } from "../kit/error-summary.js";
import { countText, Loading, moneyText, percentText, Time } from "../kit/say.js";
import { PaceBar } from "../kit/status.js";
import type { PageProps } from "../route.js";
import { may } from "../session.js";
import { bidRangeText, StatusOf } from "./line-item-columns.js";
import { StopStrip } from "./stops.js";

const refreshMs = 5_000;

/** One line item as it runs: its state and why, its figures, and the ways on. */
export default function LineItem({ part }: PageProps) {
  const key = part["key"] ?? "";
  const { value: item, problem, reload } = useFetched<Entity>(`/line-items/${key}`, refreshMs);
  if (item === null) {
    return problem === null ? (
      <Loading what="the line item" />
    ) : (
      <ProblemNote problem={problem} onRetry={reload} />
    );
  }
  const paused = item.form["paused"] === true;
  const toggle = (): void => {
    const done = paused ? "set running" : "paused";
    void bulkAndSay([key], { paused: !paused }, done, reload);
  };
  return (
    <>
      <div class="spread">
        <div>
          <h1>{nameOf(item)}</h1>
          <p class="muted">
            #{key} of {item.links.campaign?.name}, {item.links.advertiser?.name}
          </p>
        </div>
        <div class="row">
          {may("trader") ? <Button onClick={toggle}>{paused ? "Run" : "Pause"}</Button> : null}
          <ButtonLink href={`/line-items/${key}/funnel`}>Why it spends or not</ButtonLink>
          <ButtonLink href={`/plots?lineItem=${key}`}>Plots</ButtonLink>
          <ButtonLink href={`/history?kind=lineItem&key=${key}`}>History</ButtonLink>
          <ButtonLink look="main" href={`/line-items/${key}/edit`}>
            Edit
          </ButtonLink>
        </div>
      </div>
      <StopStrip />
      <div class="sheet">
        <StatusOf item={item} />
      </div>
      {item.now === undefined ? null : <Figures item={item} now={item.now} />}
      <p class="muted">
        Changed <Time at={item.updatedAt} zone={item.links.advertiser?.timeZone} /> by{" "}
        {item.updatedBy}. Figures are asked for again every few seconds.
      </p>
    </>
  );
}

function Figures({ item, now }: { readonly item: Entity; readonly now: LineItemNow }) {
  const currency = item.links.advertiser?.currency ?? "";
  const of = (budget: string | null): string =>
    budget === null ? "" : ` of ${moneyText(budget, currency)}`;
  const figures: readonly (readonly [string, string])[] = [
    ["Spent in all", `${moneyText(now.spendTotal, currency)}${of(now.totalBudget)}`],
    ["Delivered today", countText(now.impressionsToday)],
    ["Delivered in all", countText(now.impressionsTotal)],
    ["Bids today", countText(now.bidsToday)],
    ["Win rate", percentText(now.winRatePercent)],
    ["eCPM", moneyText(now.ecpm, currency)],
    ["Clicks", countText(now.clicksTotal)],
    ["CTR", percentText(now.ctrPercent)],
    ["Bid (CPM)", bidRangeText(item)],
    ["Days left", countText(now.daysLeft)],
  ];
  return (
    <dl class="figures">
      <div>
        <dt>Spent today</dt>
        <dd>
          <PaceBar now={now} currency={currency} />
        </dd>
      </div>
      {figures.map(([label, text]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd class="digits">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
