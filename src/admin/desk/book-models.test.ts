import fc from "fast-check";
import { expect, test } from "vitest";
import { readConfigFolder } from "../../runtime/config-folder.js";
import { emptyBook } from "../../testing/desk-book.js";
import { MemoryStore } from "../../testing/memory-store.js";
import type { DeskKind, JsonObject } from "../store/desk-store.js";
import { type BookEntry, type Entries, type Models, modelsOf } from "./book-models.js";
import { kindsInOrder } from "./entity.js";

const files = readConfigFolder("config/demo");
const { beside } = (await emptyBook(new MemoryStore(), {}, files)) as unknown as {
  readonly beside: Parameters<typeof modelsOf>[1];
};

const entry = (kind: DeskKind, key: string, form: JsonObject): BookEntry => {
  return { kind, key, form: { id: Number(key), ...form }, draft: false, archived: false };
};
const flight = { start: "2026-01-01", end: "2030-12-31" };
const html = { format: "html", sizes: ["300x250"], html: '<a href="{CLICK_URL}">x</a>' };
const first: readonly BookEntry[] = [
  ...["1", "2"].flatMap((key) => [
    entry("agency", key, { name: `Agency ${key}`, seats: {} }),
    entry("advertiser", key, {
      ...{ agency: Number(key), name: `Brand ${key}`, domains: [`brand-${key}.example`] },
      ...{ currency: "USD", timeZone: "UTC" },
    }),
    entry("audience", key, { agency: Number(key), name: `Saved ${key}`, audience: "keen" }),
    entry("campaign", key, {
      ...{ advertiser: Number(key), name: `Campaign ${key}`, flight },
      budget: { total: 100, daily: 10 },
    }),
    entry("creative", key, {
      ...{ advertiser: Number(key), name: `Banner ${key}`, approveAll: true, ...html },
      landingPage: `https://brand-${key}.example/`,
    }),
    entry("lineItem", key, {
      ...{ campaign: Number(key), name: `Line ${key}`, creatives: [{ id: Number(key) }] },
      ...{ price: { cpm: 2, maxCpm: 9 }, withoutId: "skip" },
      ...(key === "1" ? { audience: { saved: 1 } } : { withoutId: "contextual" }),
    }),
  ]),
];

const entriesOf = (all: readonly BookEntry[]): Map<DeskKind, Map<string, BookEntry>> =>
  new Map(
    kindsInOrder.map((kind) => [
      kind,
      new Map(all.filter((one) => one.kind === kind).map((one) => [one.key, one])),
    ]),
  );
/** All but the hints of messages, which name what there was when they were found. */
const said = ({ book, made }: Models) => [
  book,
  [...made].map(([kind, own]) => [
    kind,
    [...own]
      .map(([key, { issues, model }]) => {
        const words = issues.map(({ message, ...issue }) => [issue, message.split(":")[0]]);
        return { key, words, model };
      })
      .sort((a, b) => Number(a.key) - Number(b.key)),
  ]),
];

const edits: readonly ((one: BookEntry, value: number) => BookEntry)[] = [
  (one, value) => ({ ...one, form: { ...one.form, name: `name ${value}` } }),
  (one) => ({ ...one, archived: !one.archived }),
  (one) => ({ ...one, draft: !one.draft }),
  (one, value) => ({ ...one, form: { ...one.form, agency: 1 + (value % 2) } }),
  (one, value) => ({ ...one, form: { ...one.form, advertiser: 1 + (value % 2) } }),
  (one, value) => ({ ...one, form: { ...one.form, campaign: 1 + (value % 3) } }),
  (one, value) => ({ ...one, form: { ...one.form, creatives: [{ id: 1 + (value % 3) }] } }),
  (one, value) => ({ ...one, form: { ...one.form, audience: { saved: 1 + (value % 3) } } }),
  (one, value) => ({ ...one, form: { ...one.form, timeZone: value % 2 ? "UTC" : "Asia/Tokyo" } }),
  (one) => ({ ...one, form: { ...one.form, audience: "aware" } }),
];

test("looking at what an edit touches gives the book that looking at everything gives", () => {
  const edit = fc.tuple(fc.constantFrom(...edits), fc.nat(first.length - 1), fc.nat(9));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (made) => {
      const all = [...first];
      let models = modelsOf(entriesOf(all), beside, null);
      for (const [change, at, value] of made) {
        const next = change(all[at]!, value);
        all[at] = next;
        const { kind, key } = next;
        const entries: Entries = entriesOf(all);
        models = modelsOf(entries, beside, models, new Map([[kind, new Set([key])]]));
        expect(said(models)).toEqual(said(modelsOf(entries, beside, null)));
      }
    }),
    // A saved audience that goes to another agency takes its line items off the air.
    { numRuns: 60, examples: [[[[edits[3]!, 2, 3]]]] },
  );
});

test("an advertiser's other name leaves all that it has the very same objects", () => {
  const before = modelsOf(entriesOf(first), beside, null);
  expect(before.book.lineItems).toHaveLength(2);
  const named = first.map((one) =>
    one.kind === "advertiser" ? { ...one, form: { ...one.form, name: "other" } } : one,
  );
  const touched = new Map([["advertiser" as const, new Set(["1", "2"])]]);
  const { book } = modelsOf(entriesOf(named), beside, before, touched);
  expect(book.advertisers.map(({ name }) => name)).toEqual(["other", "other"]);
  expect(book.campaigns).toBe(before.book.campaigns);
  expect(book.creatives).toBe(before.book.creatives);
  expect(book.lineItems).toBe(before.book.lineItems);
});
