import { expect, test } from "vitest";
import type { JsonObject } from "../../store/desk-store.js";
import { changedFields } from "./change-fields.js";

const state = (form: JsonObject, more = {}) => ({ draft: false, archived: false, form, ...more });

test("only fields that differ are told, by path, with creatives by their id", () => {
  const before = state({ name: "A", price: { cpm: 2.5, maxCpm: 6 }, creatives: [{ id: 7 }] });
  const after = state({ name: "A", price: { cpm: 3 }, creatives: [{ id: 9 }, { id: 7 }] });
  expect(changedFields(before, after)).toEqual([
    { field: "creatives.9.id", before: "", after: "9" },
    { field: "price.cpm", before: "2.5", after: "3" },
    { field: "price.maxCpm", before: "6", after: "" },
  ]);
});

test("of a list of words only what went and what came is told, cut at twelve", () => {
  const many = Array.from({ length: 20 }, (_, i) => `site${i}.example`);
  const [change] = changedFields(state({ sites: ["a", "b"] }), state({ sites: ["b", ...many] }));
  expect(change?.before).toBe("\u2212 a");
  expect(change?.after).toMatch(/^\+ site0\.example, .* and 8 more$/);
  const [order] = changedFields(state({ sites: ["a", "b"] }), state({ sites: ["b", "a"] }));
  expect(order).toEqual({ field: "sites", before: "a, b", after: "b, a" });
});

test("a thing that is new shows all its fields, an archived one that alone", () => {
  expect(changedFields(null, state({ name: "A", domains: [] }))).toEqual([
    { field: "domains", before: "", after: "" },
    { field: "name", before: "", after: "A" },
  ]);
  const gone = state({ name: "A" }, { archived: true });
  expect(changedFields(state({ name: "A" }), gone)).toEqual([
    { field: "(archived)", before: "", after: "true" },
  ]);
});
