import type { Exchange } from "../../campaign/exchange.js";
import type { CampaignBook, CreativeModel, LineItem } from "../../campaign/model.js";
import type { Stop, StopKind } from "./desk.js";

/** Exchange.queriesPerSecMax of one that gets 204 for every request. */
const noQueries = -1;

// What is stopped is the same object in every World, so that it is compiled once.
const pausedOf = new WeakMap<LineItem, LineItem>();
const unusedOf = new WeakMap<CreativeModel, CreativeModel>();
const silentOf = new WeakMap<Exchange, Exchange>();

/**
 * A book and its exchanges with stops applied: line items of a stopped advertiser paused, creatives
 * approved by nobody, exchanges without a request that is let in. What no stop touches is the same
 * object as before.
 */
export function withStops(
  book: CampaignBook,
  exchanges: readonly Exchange[],
  stops: readonly Stop[],
): { readonly book: CampaignBook; readonly exchanges: readonly Exchange[] } {
  if (stops.length === 0) return { book, exchanges };
  const keysOf = (kind: StopKind): ReadonlySet<string> =>
    new Set(stops.filter((stop) => stop.kind === kind).map(({ key }) => key));
  const advertisers = keysOf("advertiser");
  const stoppedCampaigns = new Set(
    book.campaigns.filter((one) => advertisers.has(String(one.advertiser))).map(({ id }) => id),
  );
  const [ids, creatives, names] = [keysOf("lineItem"), keysOf("creative"), keysOf("exchange")];
  const isStopped = ({ id, campaign }: LineItem): boolean =>
    ids.has(String(id)) || stoppedCampaigns.has(campaign);
  return {
    book: {
      ...book,
      lineItems: book.lineItems.map((one) => (isStopped(one) ? paused(one) : one)),
      creatives: book.creatives.map((one) => (creatives.has(String(one.id)) ? unused(one) : one)),
    },
    exchanges: exchanges.map((one) => (names.has(one.name) ? silent(one) : one)),
  };
}

const paused = (one: LineItem): LineItem =>
  one.paused ? one : kept(pausedOf, one, () => ({ ...one, paused: true }));
const unused = (one: CreativeModel): CreativeModel =>
  kept(unusedOf, one, () => ({ ...one, approvedBy: [] }));
const silent = (one: Exchange): Exchange =>
  kept(silentOf, one, () => ({ ...one, queriesPerSecMax: noQueries }));

function kept<T extends object>(map: WeakMap<T, T>, one: T, make: () => T): T {
  const known = map.get(one);
  if (known !== undefined) return known;
  const made = make();
  map.set(one, made);
  return made;
}
