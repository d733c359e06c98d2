import { useMemo } from "preact/hooks";
import type { Entity } from "../answers.js";
import { withQuery } from "../api.js";
import { useFetched } from "../fetched.js";
import { ProblemNote } from "../kit/error-summary.js";
import { Picker } from "../kit/picker.js";
import { Plot } from "../kit/plot.js";
import { Empty, Loading, moneyText, percentText, timeText } from "../kit/say.js";
import { place, setQuery } from "../route.js";
import { advertiserShown, may } from "../session.js";
import { Choice } from "./choice.js";
import type { LatencyAnswer, SeriesAnswer } from "./desk-answers.js";
import { columnsOf } from "./series-columns.js";
import "../css/desk.css";

const everyMs = 30_000;
const spans = ["6 hours", "14 days"] as const;
type Span = (typeof spans)[number];

/** Spend, win rate and price of a line item or an advertiser over time; latency for the house. */
export default function PlotsPage() {
  const { query } = place.value;
  const lineItem = query.get("lineItem") ?? "";
  const advertiser = lineItem === "" ? (query.get("advertiser") ?? advertiserShown.value) : "";
  const span: Span = query.get("span") === "14 days" ? "14 days" : "6 hours";
  const one = lineItem === "" ? `/advertisers/${advertiser}` : `/line-items/${lineItem}`;
  const entity = useFetched<Entity>(lineItem + advertiser === "" ? null : one);
  const zone = entity.value?.links.advertiser?.timeZone ?? textOf(entity.value?.form["timeZone"]);
  const currency =
    entity.value?.links.advertiser?.currency ?? textOf(entity.value?.form["currency"]);
  return (
    <>
      <h1>Plots</h1>
      <div class="row end">
        <Picker
          label="Advertiser"
          kind="advertiser"
          value={advertiser}
          onPick={(key) => setQuery({ advertiser: key, lineItem: null })}
        />
        <Picker
          label="Line item"
          kind="lineItem"
          value={lineItem}
          onPick={(key) => setQuery({ lineItem: key, advertiser: null })}
        />
        <Choice
          label="Time"
          options={spans.map((value) => ({ value, label: value }))}
          value={span}
          onChoose={(value) => setQuery({ span: value })}
        />
      </div>
      {lineItem + advertiser === "" ? (
        <Empty title="Choose an advertiser or a line item">
          <p>Money of several currencies is not added up.</p>
        </Empty>
      ) : (
        <MoneyPlots {...{ lineItem, advertiser, span, zone, currency }} />
      )}
      {may("viewer", "house") ? <Latency /> : null}
    </>
  );
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

function MoneyPlots(props: {
  readonly lineItem: string;
  readonly advertiser: string;
  readonly span: Span;
  readonly zone: string | undefined;
  readonly currency: string | undefined;
}) {
  const { lineItem, advertiser, span, zone, currency = "" } = props;
  const series = useFetched<SeriesAnswer>(withQuery("/series", { lineItem, advertiser }), everyMs);
  const points = series.value?.points;
  const columns = useMemo(() => columnsOf(points ?? [], span), [points, span]);
  const shared = useMemo(
    () => ({
      atMs: columns.atSec.map((at) => at * 1000),
      timeOf: (atMs: number) => timeText(atMs, zone),
      zone,
    }),
    [columns, zone],
  );
  const lines = useMemo(() => {
    const money = (value: number | null) =>
      value === null ? "–" : moneyText(value.toFixed(2), currency);
    return {
      spend: [{ label: "Spend", values: columns.spend, text: money }],
      wins: [{ label: "Win rate", values: columns.winPercent, text: percentText }],
      cpm: [{ label: "Price for 1,000", values: columns.cpm, text: money }],
    };
  }, [columns, currency]);
  if (series.problem !== null) {
    return <ProblemNote problem={series.problem} onRetry={series.reload} />;
  }
  if (points === undefined) return <Loading what="the plots" />;
  if (points.length === 0) return <Empty title="Nothing was bid yet in this time" />;
  const step = span === "6 hours" ? "a minute" : "an hour";
  return (
    <div class="plots">
      <Plot title={`Spend ${step}, ${currency}`} series={lines.spend} {...shared} />
      <Plot title="Win rate, % of bids" series={lines.wins} {...shared} />
      <Plot title={`Clearing price for 1,000, ${currency}`} series={lines.cpm} {...shared} />
      <p class="hint">Times are in {zone ?? "this browser's zone"}.</p>
    </div>
  );
}

function Latency() {
  const { value, problem, reload } = useFetched<LatencyAnswer>("/latency", everyMs);
  const plot = useMemo(() => {
    const points = value?.points ?? [];
    const ms = (us: number | null) => (us === null ? null : us / 1000);
    const text = (one: number | null) => (one === null ? "–" : `${one.toFixed(2)} ms`);
    return {
      atMs: points.map(({ at }) => Date.parse(at)),
      timeOf: (atMs: number) => timeText(atMs),
      series: [
        { label: "p50", values: points.map(({ p50Us }) => ms(p50Us)), text },
        { label: "p99", values: points.map(({ p99Us }) => ms(p99Us)), text },
      ],
    };
  }, [value]);
  if (problem !== null) return <ProblemNote problem={problem} onRetry={reload} />;
  if (value === null) return <Loading what="latency" />;
  if (value.points.length === 0) return null;
  return <Plot title="Time to answer a bid request, milliseconds" {...plot} />;
}
