import { Outcome, outcomeLabel } from "../base/outcome.js";
import { openCandidates, takeCandidate } from "../bid/candidates.js";
import { considerLineItem } from "../bid/decide.js";
import type { Offers } from "../bid/offer.js";
import { resolveImp } from "../bid/values.js";
import type { ExplainCase } from "./explain-case.js";
import { formatsOf, mediaNames } from "./explain-creative.js";
import { explainLineItem, labelOf, type Won } from "./explain-line-item.js";
import type { ImpExplained, LineItemExplained } from "./explain-result.js";
import { moneyOf } from "./explain-words.js";

export type ImpLimits = {
  /** Line items that are listed at most. */
  readonly rows: number;
  /** Ids of the only line items that are asked for; null = all. */
  readonly only: ReadonlySet<number> | null;
};

const usDollar = 0x555344;

/**
 * One imp after `decide`: its candidates, then every other line item, through the same
 * `considerLineItem`, so that what was never a candidate has a reason too. What is offered is what
 * `decide` has offered.
 */
export function explainImp(
  at: ExplainCase,
  impIndex: number,
  offers: Offers,
  limits: ImpLimits,
): ImpExplained {
  const { decision } = at;
  const { request, table, scratch, exchange } = decision;
  const imp = request.imps[impIndex]!;
  decision.imp = imp;
  if (imp.usable !== 1) return unusable(at, impIndex);
  if (!resolveImp(table, scratch, request, impIndex)) {
    const reason = "more values in one dimension than the decision reads";
    return { ...blankImp(at, impIndex), outcome: labelOf(Outcome.TOO_LARGE, false), reason };
  }
  const outcomes = new Uint8Array(table.lineItemId.length).fill(unasked);
  const furthest = considerCandidates(at, outcomes);
  considerOthers(at, outcomes);
  const offered = offers.items
    .slice(0, offers.count)
    .filter((offer) => offer.impIndex === impIndex);
  const keys = new Set(offered.map(({ lineItem, dealIndex }) => `${lineItem} ${dealIndex}`));
  const full = offered.length === 0 && offers.count >= exchange.maxBids;
  const won: Won = {
    isOffered: (lineItem, deal) => keys.has(`${lineItem} ${deal}`),
    lineItems: offered.map(({ lineItem }) => table.lineItemId[lineItem]!),
    advertisers: offered.map(({ lineItem }) => table.lineItemAdvertiser[lineItem]!),
    full,
  };
  const offeredItems = new Set<number>(offered.map(({ lineItem }) => lineItem));
  const shown = rank(at, outcomes, offeredItems, limits);
  const lineItems = shown.list.map((index) =>
    explainLineItem(at, index, outcomes[index] as Outcome, won),
  );
  return {
    ...blankImp(at, impIndex),
    outcome: impOutcome(at, offered.length, full, furthest),
    reason: reasonOf(offered.length, full, exchange.maxBids),
    outcomes: tally(at, outcomes, offeredItems),
    lineItems: sortOffers(lineItems, won.lineItems),
    leftOut: shown.total - shown.list.length,
  };
}

function impOutcome(at: ExplainCase, offered: number, full: boolean, furthest: Outcome): string {
  if (offered > 0) return outcomeLabel(Outcome.BID);
  return labelOf(full ? Outcome.OUTBID_INTERNALLY : furthest, at.declared);
}

/** No outcome has this number. */
const unasked = 255;

function considerCandidates({ decision }: ExplainCase, outcomes: Uint8Array): Outcome {
  const { table, scratch, request, imp } = decision;
  openCandidates(table, scratch, request, imp);
  scratch.entryCount = scratch.heapCount = 0;
  let furthest: Outcome = Outcome.NO_CANDIDATE;
  for (;;) {
    const lineItem = takeCandidate(table, scratch);
    if (lineItem < 0) break;
    const outcome = considerLineItem(decision, lineItem);
    outcomes[lineItem] = outcome;
    if (outcome > furthest) furthest = outcome;
  }
  return furthest;
}

/** Line items that no posting list of this imp has led to. */
function considerOthers({ decision }: ExplainCase, outcomes: Uint8Array): void {
  const { scratch } = decision;
  for (let lineItem = 0; lineItem < outcomes.length; lineItem++) {
    if (outcomes[lineItem] !== unasked) continue;
    scratch.entryCount = scratch.heapCount = 0;
    const outcome = considerLineItem(decision, lineItem);
    // It is posted under values that this imp does not have, so the bid path never meets it.
    outcomes[lineItem] = outcome === Outcome.BID ? Outcome.NO_CANDIDATE : outcome;
  }
}

const blankImp = ({ decision }: ExplainCase, impIndex: number): ImpExplained => {
  const { imp } = decision;
  const currency = imp.bidFloorCurrency === 0 ? usDollar : imp.bidFloorCurrency;
  return {
    imp: impIndex + 1,
    media: mediaNames(imp.mediaMask),
    formats: formatsOf({ decision }),
    floor: moneyOf(imp.bidFloorMicros, currency),
    outcome: "",
    reason: "",
    outcomes: {},
    lineItems: [],
    leftOut: 0,
  };
};

function unusable(at: ExplainCase, impIndex: number): ImpExplained {
  const reason = "another imp has the same id, or its qty.multiplier is beyond all screens";
  return { ...blankImp(at, impIndex), outcome: labelOf(Outcome.NO_USABLE_IMP, false), reason };
}

function reasonOf(offered: number, full: boolean, maxBids: number): string {
  if (offered > 0) return `${offered} offered`;
  if (full) return `the answer holds ${maxBids} bids already, the exchange's limit`;
  return "no line item can bid; the furthest refusal names the outcome";
}

/**
 * Those asked for: offered first, then those that could bid, then by how far they came; ties by id.
 */
function rank(
  { decision: { table } }: ExplainCase,
  outcomes: Uint8Array,
  offered: ReadonlySet<number>,
  { rows, only }: ImpLimits,
): { readonly list: readonly number[]; readonly total: number } {
  const asked = Array.from(outcomes.keys()).filter(
    (index) => only === null || only.has(table.lineItemId[index]!),
  );
  const place = (index: number): number => {
    if (offered.has(index)) return 1000;
    return outcomes[index] === Outcome.BID ? 500 : outcomes[index]!;
  };
  const { lineItemId } = table;
  asked.sort((a, b) => place(b) - place(a) || lineItemId[a]! - lineItemId[b]!);
  return { list: asked.slice(0, rows), total: asked.length };
}

/** Offered line items in the order of their offers. */
function sortOffers(
  lineItems: readonly LineItemExplained[],
  order: readonly number[],
): LineItemExplained[] {
  const place = ({ offered, lineItem }: LineItemExplained): number =>
    offered ? order.indexOf(lineItem) : order.length;
  return [...lineItems].sort((a, b) => place(a) - place(b));
}

function tally(
  at: ExplainCase,
  outcomes: Uint8Array,
  offered: ReadonlySet<number>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [index, outcome] of outcomes.entries()) {
    const isOutbid = outcome === Outcome.BID && !offered.has(index);
    const label = labelOf((isOutbid ? Outcome.OUTBID_INTERNALLY : outcome) as Outcome, at.declared);
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}
