import { z } from "zod";
import { mapSteps, type Steps } from "../../base/steps.js";
import { type LineItemNow, lineItemStates } from "../desk/desk.js";
import type { DeskKind, EntityRecord } from "../store/desk-store.js";
import type { Caller } from "./access.js";
import type { Desk } from "./desk-parts.js";
import { entityOf, nameOf, seen } from "./entity-view.js";

/** Lists of things: sought, filtered and sorted in memory, 10,000 line items within 20 ms. */

const flagText = z.enum(["true", "false"]).transform((text) => text === "true");
const id = z.string().max(20);
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
};
const nowKeys = [
  ...(["spendToday", "spendTotal", "impressionsToday", "impressionsTotal"] as const),
  ...(["bidsToday", "clicksTotal", "winRatePercent", "ecpm", "ctrPercent"] as const),
  ...(["daysLeft", "bidLow", "bidHigh"] as const),
] as const;
type NowKey = (typeof nowKeys)[number];
const sortKeys = ["id", "name", "updatedAt", "state", ...nowKeys] as const;

export const listQuery = z.strictObject({
  ...pageQuery,
  search: z.string().max(200).default(""),
  agency: id.optional(),
  advertiser: id.optional(),
  campaign: id.optional(),
  /** One or several states of line items, with commas between. */
  state: z
    .string()
    .max(200)
    .refine((text) => statesIn(text).every((one) => known.has(one)), {
      error: `is no state: ${lineItemStates.join(", ")} are`,
    })
    .optional(),
  archived: flagText.default(false),
  sort: z
    .string()
    .refine((text) => (sortKeys as readonly string[]).includes(text.replace(/^-/, "")), {
      error: `is nothing to sort by: ${sortKeys.join(", ")} are, with - before for descending`,
    })
    .default("id"),
});
export type ListQuery = z.output<typeof listQuery>;
const known = new Set<string>(lineItemStates);
const statesIn = (text: string): readonly string[] => text.split(",");

type Now = ReadonlyMap<number, LineItemNow>;
type Facts = Pick<Desk, "book" | "facts" | "inSlices">;

type Sought = Omit<ListQuery, "limit" | "offset">;

/** All that match, in order. */
export async function foundOf(
  desk: Facts,
  caller: Caller,
  kind: DeskKind,
  query: Sought,
): Promise<readonly EntityRecord[]> {
  const now: Now = kind === "lineItem" ? await desk.facts.lineItems() : new Map();
  return desk.inSlices(foundSteps(desk, caller, kind, query, now));
}

function* foundSteps(
  desk: Facts,
  caller: Caller,
  kind: DeskKind,
  query: Sought,
  now: Now,
): Steps<readonly EntityRecord[]> {
  const matching = yield* matchingSteps(desk, caller, kind, query, now);
  yield;
  return yield* sortedSteps(matching, query.sort, now);
}

export async function listOf(desk: Facts, caller: Caller, kind: DeskKind, query: ListQuery) {
  const found = await foundOf(desk, caller, kind, query);
  const page = found.slice(query.offset, query.offset + query.limit);
  return { items: page.map((one) => entityOf(desk, caller, one)), total: found.length };
}

function* matchingSteps(
  desk: Facts,
  caller: Caller,
  kind: DeskKind,
  query: Sought,
  now: Now,
): Steps<readonly EntityRecord[]> {
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const states = query.state === undefined ? null : new Set(statesIn(query.state));
  const isOfAdvertiser = ofAdvertiser(desk, query.advertiser, kind);
  const matches = (record: EntityRecord): boolean => {
    if (record.archived !== query.archived || !seen(desk, caller, record)) return false;
    if (query.agency !== undefined && record.agency !== query.agency) return false;
    if (isOfAdvertiser !== null && !isOfAdvertiser(record)) return false;
    if (query.campaign !== undefined && String(record.form["campaign"]) !== query.campaign) {
      return false;
    }
    if (states !== null && !states.has(stateOf(record, now))) return false;
    const text = words.length === 0 ? "" : searchTextOf(record);
    return words.every((word) => text.includes(word));
  };
  const found: EntityRecord[] = [];
  for (const [i, record] of desk.book.all(kind).entries()) {
    if (i % recordsAStep === recordsAStep - 1) yield;
    if (matches(record)) found.push(record);
  }
  return found;
}

/** Some 2 us each. */
const recordsAStep = 256;

/** Of an advertiser: what names it, and line items by way of their campaign. */
function ofAdvertiser({ book }: Facts, advertiser: string | undefined, kind: DeskKind) {
  if (advertiser === undefined) return null;
  if (kind === "advertiser") return ({ key }: EntityRecord) => key === advertiser;
  const isOf = ({ form }: EntityRecord): boolean => String(form["advertiser"]) === advertiser;
  if (kind !== "lineItem") return isOf;
  const own = new Set(
    book
      .all("campaign")
      .filter(isOf)
      .map(({ key }) => key),
  );
  return ({ form }: EntityRecord): boolean => own.has(String(form["campaign"]));
}

const stateOf = ({ key, draft }: EntityRecord, now: Now): string =>
  now.get(Number(key))?.state ?? (draft ? "draft" : "");

/** Records are never changed in place: what is sought in them is made once. */
const searchTexts = new WeakMap<EntityRecord, string>();
function searchTextOf(record: EntityRecord): string {
  const known = searchTexts.get(record);
  if (known !== undefined) return known;
  const text = `${record.key} ${nameOf(record)}`.toLowerCase();
  searchTexts.set(record, text);
  return text;
}

function* sortedSteps(
  records: readonly EntityRecord[],
  sort: string,
  now: Now,
): Steps<readonly EntityRecord[]> {
  const down = sort.startsWith("-");
  const by = down ? sort.slice(1) : sort;
  // The book gives them in order of their ids.
  if (by === "id") return down ? [...records].reverse() : records;
  const make = (record: EntityRecord, i: number) => ({
    i,
    record,
    value: sortValue(record, by, now),
  });
  const values = yield* mapSteps(records, make, recordsAStep);
  yield;
  const sign = down ? -1 : 1;
  values.sort((a, b) => {
    if (a.value === b.value) return a.i - b.i;
    // What has no value stands last, whichever way.
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -sign : sign;
  });
  return values.map(({ record }) => record);
}

function sortValue(record: EntityRecord, by: string, now: Now): string | number | null {
  if (by === "name") return nameOf(record).toLowerCase();
  if (by === "updatedAt") return record.updatedMs;
  if (by === "state") return stateOf(record, now);
  const value = now.get(Number(record.key))?.[by as NowKey] ?? null;
  return value === null ? null : Number(value);
}
