import type { AdminFacts, ExplainAsk } from "../admin-facts.js";
import type {
  ExplainResult,
  Explanation,
  ImpExplained,
  LineItemExplained,
} from "../explain-result.js";
import type { Caller } from "./access.js";
import type { Desk } from "./desk-parts.js";

/**
 * Explains to a caller what is the caller's: an agency sees its own line items, and nothing of the
 * others, neither how many there are nor that one of them won.
 */
export function explainFor(
  caller: Caller,
  desk: Desk | null,
  explain: AdminFacts["explain"],
  ask: ExplainAsk,
): ExplainResult | null {
  if (caller.agency === "" || desk === null) return explain(ask);
  const own = new Set(
    desk.book
      .all("lineItem")
      .filter(({ agency }) => agency === caller.agency)
      .map(({ key }) => Number(key)),
  );
  const wanted = ask.lineItems === null ? [...own] : ask.lineItems.filter((id) => own.has(id));
  const segments = ask.segments === null ? null : nameable(desk, caller.agency, ask.segments);
  const result = explain({ ...ask, segments, lineItems: wanted });
  return result === null || result.status !== 200 ? result : ownAlone(result, own);
}

/** Whether another agency has a private segment of some name must not show. */
function nameable(desk: Desk, agency: string, segments: readonly string[]): readonly string[] {
  const known = new Set(desk.audiences.segments(agency).map(({ name }) => name));
  return segments.map((name) => (known.has(name) ? name : "no-such-segment"));
}

function ownAlone(result: Explanation, own: ReadonlySet<number>): Explanation {
  const imps = result.imps.map((imp) => ownImp(imp, own));
  const offered = imps.some(({ outcome }) => outcome === "bid");
  const wasDecided = imps.length > 0;
  return {
    ...result,
    imps,
    ...(wasDecided ? outcomeOf(offered) : {}),
  };
}

const outcomeOf = (offered: boolean) =>
  offered
    ? { outcome: "bid", reason: "a line item of yours is offered" }
    : { outcome: "no_bid", reason: "no line item of yours is offered" };

function ownImp(imp: ImpExplained, own: ReadonlySet<number>): ImpExplained {
  const lineItems = imp.lineItems.filter(({ lineItem }) => own.has(lineItem));
  const outcomes: Record<string, number> = {};
  for (const { outcome } of lineItems) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const offered = lineItems.some((one) => one.offered);
  return {
    ...imp,
    ...outcomeOf(offered),
    outcomes,
    lineItems: lineItems.map(withoutRivals),
  };
}

/** An outbid line item's limit names those that bid more. */
const withoutRivals = (one: LineItemExplained): LineItemExplained => ({
  ...one,
  refusal: quiet(one.refusal),
  ways: one.ways.map((way) => ({ ...way, refusal: quiet(way.refusal) })),
});

const quiet = (refusal: LineItemExplained["refusal"]): LineItemExplained["refusal"] =>
  refusal?.rule === "outbid" ? { ...refusal, limit: "others bid more" } : refusal;
