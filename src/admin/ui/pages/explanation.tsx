import type {
  ExplainResult,
  ImpExplained,
  LineItemExplained,
  PriceExplained,
  WayExplained,
} from "../../explain-result.js";
import { countText, Empty, priceText, Time } from "../kit/say.js";
import { TextTable } from "./text-table.js";

/** An explanation to read: the request, then each place in it with what every line item came to. */
export function ExplanationView({ result }: { readonly result: ExplainResult }) {
  if (result.status !== 200) {
    return (
      <Empty title={result.outcome === "bad_request" ? "Answered 400" : "No such exchange"}>
        <p>{result.reason}</p>
      </Empty>
    );
  }
  const { consent, person } = result;
  const bids = result.outcome === "bid";
  return (
    <section aria-label="Explanation">
      <h2>
        <span class={`dot ${bids ? "good" : "bad"}`} aria-hidden="true" />{" "}
        {bids ? "A bid" : `No bid: ${wordsOf(result.outcome)}`}
      </h2>
      <p>{result.reason}</p>
      <dl class="facts">
        <dt>Consent</dt>
        <dd>
          {consent.decision}, by the rule {consent.rule} of market {consent.market}
        </dd>
        <dt>Person</dt>
        <dd>
          {person.words}
          {person.unknownPlaces.length === 0
            ? ""
            : ` Not in the data: the declared segments at ${person.unknownPlaces.join(", ")}.`}
        </dd>
        <dt>Decided by</dt>
        <dd>
          {result.exchange}, generation {result.generation}, data of epoch {result.epoch}, at{" "}
          <Time at={result.at} />
        </dd>
      </dl>
      {result.imps.map((imp) => (
        <Imp key={imp.imp} imp={imp} />
      ))}
    </section>
  );
}

const wordsOf = (outcome: string): string => outcome.replaceAll("_", " ");
const moneyOf = (amount: number, currency: string): string =>
  priceText(amount.toFixed(6).replace(/0{1,4}$/, ""), currency);

function Imp({ imp }: { readonly imp: ImpExplained }) {
  const counts = Object.entries(imp.outcomes).sort((a, b) => b[1] - a[1]);
  const what = [...imp.media, ...imp.formats].join(", ") || "no media that we know";
  return (
    <>
      <h3>
        Place {imp.imp}: {what}, bid floor {moneyOf(imp.floor.amount, imp.floor.currency)}
      </h3>
      <p>
        <strong>{wordsOf(imp.outcome)}</strong>: {imp.reason}
      </p>
      <p class="muted">
        Line items: {counts.map(([name, n]) => `${countText(n)} ${wordsOf(name)}`).join(", ")}
      </p>
      {imp.lineItems.length === 0 ? null : (
        <TextTable
          label={`Line items at place ${imp.imp}`}
          columns={["Line item", "Outcome", "Why", "Seen in the request", "Asked for by us"]}
          rows={imp.lineItems.map((one) => [
            <LineItemName key="name" one={one} />,
            one.offered ? (
              <span key="outcome" class="status">
                <span class="dot good" aria-hidden="true" /> offered
              </span>
            ) : (
              wordsOf(one.outcome)
            ),
            <Why key="why" one={one} />,
            one.refusal?.seen ?? "",
            one.refusal?.limit ?? "",
          ])}
        />
      )}
      {imp.leftOut === 0 ? null : <p class="muted">And {countText(imp.leftOut)} more.</p>}
    </>
  );
}

function LineItemName({ one }: { readonly one: LineItemExplained }) {
  return (
    <>
      <a href={`/line-items/${one.lineItem}/edit`}>{one.name}</a>{" "}
      <span class="muted">{one.advertiser}</span>
    </>
  );
}

function Why({ one }: { readonly one: LineItemExplained }) {
  const several = one.ways.length > 1;
  return (
    <>
      {one.refusal?.rule}
      {one.ways.map((way) => (
        <Way key={way.way} way={way} several={several} />
      ))}
      {one.notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
    </>
  );
}

function Way({ way, several }: { readonly way: WayExplained; readonly several: boolean }) {
  if (way.price === null) {
    if (!several || way.refusal === null) return null;
    const { rule, seen, limit } = way.refusal;
    return (
      <p>
        {way.way}: {rule} ({seen} against {limit})
      </p>
    );
  }
  return (
    <details open={way.offered}>
      <summary>
        {way.way}, creative {way.creative}: {way.offered ? "offered" : "could bid"}{" "}
        {moneyOf(way.price.bid.amount, way.price.bid.currency)}
      </summary>
      <PriceSteps price={way.price} />
    </details>
  );
}

/** How a price came about, a step a line. */
function PriceSteps({ price }: { readonly price: PriceExplained }) {
  const money = (amount: number): string => moneyOf(amount, price.currency);
  const steps: readonly (readonly [string, string])[] = price.agreed
    ? [["The deal's own price", money(price.final)]]
    : [
        ["Base price for 1,000", money(price.base)],
        ...price.modifiers.map(({ when, factor }) => [when, `× ${factor}`] as const),
        ["Context, within its bounds", `× ${price.contextFactor}`],
        ["Groups of the person", `× ${price.personFactor}`],
        ["Value", money(price.value)],
        [`Share that is bid (${price.strategy})`, `× ${price.share}`],
        ["Wanted", money(price.wanted)],
      ];
  return (
    <dl class="facts">
      {[
        ...steps,
        ["Bid floor", money(price.floor)] as const,
        ["Most", money(price.maximum)] as const,
        ["Bid", money(price.final)] as const,
      ].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
