import { assert } from "../base/assert.js";
import type { AgencyId, ExchangeId, LineItemId } from "../base/ids.js";
import { lineItemsMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import { finish, type Steps } from "../base/steps.js";
import type { SegmentWanted } from "../index/projection.js";
import { segmentsOf } from "./audience.js";
import { bestFirst } from "./best-first.js";
import type { AudienceNeeded } from "./compile-audiences.js";
import { Audiences } from "./compile-audiences.js";
import { creativeSteps } from "./compile-creatives.js";
import type { Compiled, CompileInput } from "./compile-input.js";
import { LineItems } from "./compile-line-items.js";
import type { CompileMemory } from "./compile-memory.js";
import { Predicates } from "./compile-predicates.js";
import type { CampaignBook, CampaignBudget, Deal, LineItem } from "./model.js";
import { placesOf } from "./roster.js";
import { packTableSteps } from "./table.js";
import type { GrowingColumns } from "./table-columns.js";
import { Dictionary, emptyColumns, entryOf, Postings } from "./table-columns.js";

export type { AudienceNeeded } from "./compile-audiences.js";
export type { Compiled, CompileInput } from "./compile-input.js";

/**
 * A book as columns (table.ts). Cold and pure: the same input gives the same bytes. Line items are
 * in the order of campaign/best-first, creatives and agencies in that of the book.
 */
export const compile = (input: CompileInput): Compiled => finish(compileSteps(input));

/** 15 to 25 us a line item (2 cores, Node 20.20.2). */
const lineItemsAStep = 128;

/**
 * The same in steps of a few milliseconds, between which others may have the thread. `memory` is of
 * the tables before, and knows this one from then on.
 */
export function* compileSteps(input: CompileInput, memory?: CompileMemory): Steps<Compiled> {
  const known = memory === undefined ? null : yield* memory.compiled(input);
  if (known !== null) return known;
  const { book, exchanges } = input;
  assert(book.lineItems.length <= lineItemsMax, "more line items than a table holds");
  const columns = emptyColumns();
  const dictionary = new Dictionary();
  const postings = new Postings();
  const audiences = new Audiences(book.homeAreas);
  const exchangeIds = new Map<string, number>(exchanges.map(({ name, id }) => [name, id]));
  const predicates = new Predicates(columns, dictionary, exchangeIds);
  yield* creativeSteps(book.creatives, exchanges, input.usable ?? null, dictionary, columns);
  const lineItems = new LineItems({ input, columns, postings, audiences, predicates });
  for (let i = 0; i < book.lineItems.length; i++) {
    lineItems.add(book.lineItems[i]!);
    if (i % lineItemsAStep === lineItemsAStep - 1) yield;
  }
  audiences.writeTo(columns, input);
  yield;
  predicates.writeZones(book.campaigns);
  writeAgencies(input, dictionary, columns);
  writeDeals(book.deals, dictionary, columns);
  dictionary.writeTo(columns);
  yield;
  const order = yield* bestFirst(columns, input.rates);
  postings.writeTo(columns, order.placeOf);
  yield;
  const compiled: Compiled = {
    table: yield* packTableSteps(columns),
    creatives: book.creatives,
    agencies: book.agencies,
    audiencesNeeded: audiences.list(),
    budgets: budgetsOf(book),
    problems: lineItems.problems,
  };
  yield;
  memory?.note(input, compiled, { order, unpaused: lineItems.unpaused });
  return compiled;
}

/** Every audience that the book needs certified, without compiling it. Broken ones are left out. */
export function audiencesNeeded(book: CampaignBook): readonly AudienceNeeded[] {
  const audiences = new Audiences(book.homeAreas);
  const agencyOf = agencyFinder(book);
  for (const lineItem of book.lineItems) {
    const agency = agencyOf(lineItem);
    const arms = audiences.armsOf(lineItem);
    if (agency === undefined || !arms.ok) continue;
    for (const { audience } of arms.arms) {
      if (audience !== null) audiences.add(agency, audience, lineItem.id);
    }
  }
  return audiences.list();
}

/** The agency of each line item of a book; undefined where a link is missing. */
function agencyFinder(book: CampaignBook): (lineItem: LineItem) => AgencyId | undefined {
  const advertiserOf = new Map(book.campaigns.map(({ id, advertiser }) => [id, advertiser]));
  const agencyOf = new Map(book.advertisers.map(({ id, agency }) => [id, agency]));
  return ({ campaign }) => {
    const advertiser = advertiserOf.get(campaign);
    return advertiser === undefined ? undefined : agencyOf.get(advertiser);
  };
}

/** The names of every segment that the book speaks of, sorted. */
export function segmentNames(book: CampaignBook): readonly string[] {
  const names = new Set<string>();
  for (const lineItem of book.lineItems) segmentsNamedBy(lineItem, names);
  return [...names].sort();
}

/** What an index must project for the book: each agency's segments once, sorted. */
export function segmentsWanted(book: CampaignBook): readonly SegmentWanted[] {
  const byAgency = new Map<AgencyId, Set<string>>();
  const agencyOf = agencyFinder(book);
  for (const lineItem of book.lineItems) {
    const agency = agencyOf(lineItem);
    if (agency === undefined) continue;
    segmentsNamedBy(
      lineItem,
      entryOf(byAgency, agency, () => new Set<string>()),
    );
  }
  return [...byAgency]
    .sort(([a], [b]) => a - b)
    .flatMap(([agency, names]) => [...names].sort().map((name) => ({ name, agency })));
}

function segmentsNamedBy({ audience, price }: LineItem, into: Set<string>): void {
  if (audience !== null) segmentsOf(audience, into);
  for (const { when } of price.personModifiers) segmentsOf(when, into);
}

function writeAgencies(
  { book: { agencies }, exchanges, roster }: CompileInput,
  dictionary: Dictionary,
  columns: GrowingColumns,
): void {
  for (const { id } of agencies) {
    columns.agencyId.push(id);
    columns.agencyPlaces.push(placesOf(roster, id));
  }
  for (const { name } of exchanges) {
    for (const { seats } of agencies) {
      const seat = Object.hasOwn(seats, name) ? (seats[name] ?? "") : "";
      columns.seatValue.push(seat === "" ? 0 : dictionary.idOf(seat, KeyKind.SEAT));
    }
  }
}

function writeDeals(deals: readonly Deal[], dictionary: Dictionary, columns: GrowingColumns): void {
  const rows = deals.map((deal) => ({ deal, value: dictionary.idOf(deal.deal, KeyKind.DEAL) }));
  rows.sort((a, b) => a.value - b.value || a.deal.exchange - b.deal.exchange);
  for (const { deal, value } of rows) {
    columns.inviteDeal.push(value);
    columns.inviteExchange.push(deal.exchange satisfies ExchangeId);
    columns.inviteStart.push(columns.inviteAdvertiser.length);
    columns.inviteCount.push(deal.inviteOnly.length);
    columns.inviteAdvertiser.push(...deal.inviteOnly);
    columns.inviteFloorMicros.push(deal.floorMicros);
    columns.inviteFloorCurrency.push(deal.floorCurrency);
  }
}

function budgetsOf(book: CampaignBook): readonly CampaignBudget[] {
  const lineItemsOf = new Map<number, LineItemId[]>();
  for (const { id, campaign } of book.lineItems) {
    const list = lineItemsOf.get(campaign);
    if (list === undefined) lineItemsOf.set(campaign, [id]);
    else list.push(id);
  }
  const advertisers = new Map(book.advertisers.map((advertiser) => [advertiser.id, advertiser]));
  return book.campaigns.flatMap((campaign) => {
    const advertiser = advertisers.get(campaign.advertiser);
    if (advertiser === undefined) return [];
    return {
      campaign: campaign.id,
      advertiser: advertiser.id,
      agency: advertiser.agency,
      currency: advertiser.currency,
      timeZone: campaign.timeZone,
      startMs: campaign.startMs,
      endMs: campaign.endMs,
      budget: campaign.budget,
      ...(campaign.pacing === undefined ? {} : { pacing: campaign.pacing }),
      lineItems: lineItemsOf.get(campaign.id) ?? [],
    };
  });
}
