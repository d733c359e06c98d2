import { expect, test } from "vitest";
import { differences, merged, valueAt, valueText, withValue } from "./form-path.js";

const form = {
  name: "Travel",
  price: { cpm: 2.4, modifiers: [{ factor: 0.9 }] },
  creatives: [{ id: 1 }, { id: 2 }],
};

test("a path of an error finds the value that it names", () => {
  expect(valueAt(form, "price.cpm")).toBe(2.4);
  expect(valueAt(form, "creatives[1].id")).toBe(2);
  expect(valueAt(form, "price.modifiers[0].factor")).toBe(0.9);
  expect(valueAt(form, "price.maxCpm")).toBeUndefined();
  expect(valueAt(form, "toString")).toBeUndefined();
});

test("a set value leaves the form that it came from as it was", () => {
  expect(withValue(form, "price.cpm", 3)["price"]).toEqual({ ...form.price, cpm: 3 });
  expect(withValue(form, "targeting.include.countries", ["FRA"])["targeting"]).toEqual({
    include: { countries: ["FRA"] },
  });
  expect(withValue(form, "creatives[0].weight", 5)["creatives"]).toEqual([
    { id: 1, weight: 5 },
    { id: 2 },
  ]);
  expect(form.price.cpm).toBe(2.4);
});

test("what is taken out takes the groups along that it leaves empty", () => {
  const targeted = { name: "a", targeting: { include: { countries: ["FRA"] } } };
  expect(withValue(targeted, "targeting.include.countries", undefined)).toEqual({ name: "a" });
  expect(withValue(form, "creatives[0]", undefined)["creatives"]).toEqual([{ id: 2 }]);
});

test("differences name the deepest group, and a list as one", () => {
  const after = { ...form, price: { ...form.price, cpm: 3, maxCpm: 6 }, creatives: [{ id: 2 }] };
  expect(differences(form, after)).toEqual([
    { path: "price.cpm", before: 2.4, after: 3 },
    { path: "price.maxCpm", before: undefined, after: 6 },
    { path: "creatives", before: [{ id: 1 }, { id: 2 }], after: [{ id: 2 }] },
  ]);
  expect(differences(form, form)).toEqual([]);
});

test("a merge takes their form, and ours where we say so, even where ours is nothing", () => {
  const mine = { name: "Mine", price: { cpm: 2 } };
  const theirs = { name: "Theirs", price: { cpm: 9, maxCpm: 10 } };
  expect(merged(theirs, mine, new Set(["price.cpm", "price.maxCpm"]))).toEqual({
    name: "Theirs",
    price: { cpm: 2 },
  });
});

test("values read as words", () => {
  expect(valueText(undefined)).toBe("nothing");
  expect(valueText(["FRA", "DEU"])).toBe("FRA, DEU");
  expect(valueText({ impressions: 3, per: "24h" })).toBe("impressions: 3; per: 24h");
  expect(valueText(false)).toBe("no");
});
