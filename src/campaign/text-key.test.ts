import { describe, expect, test } from "vitest";
import { Hash64, textKeyOf } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import { sellerKeyInto } from "../wire/decode-source.js";
import { categoryFrom, domainAndParents, facetKey, parentsOf, sellerKey } from "./text-key.js";

describe("text keys", () => {
  test("a seller has the key that the decoder gives a node of a supply chain", () => {
    const key = new Hash64();
    const kind = KeyKind.SCHAIN_SELLER;
    sellerKeyInto(textKeyOf("seller.example", kind), textKeyOf("a/1", kind), key);
    expect(sellerKey("Seller.example/a/1")).toEqual(key);
  });

  test("regions lose their country as they do in requests, other values keep their text", () => {
    const region = facetKey("USA/CA", KeyKind.REGION, "byCountry");
    expect(facetKey("USA/US-CA", KeyKind.REGION, "byCountry")).toEqual(region);
    expect(facetKey("CAN/CA", KeyKind.REGION, "byCountry")).not.toEqual(region);
    const city = facetKey("DEU/Baden-Baden", KeyKind.CITY, "byCountry");
    expect(city).not.toEqual(facetKey("DEU/Baden", KeyKind.CITY, "byCountry"));
  });

  test("categories have parents in taxonomy 1 alone, domains keep two labels", () => {
    expect(parentsOf(categoryFrom("IAB9-30"))).toEqual([{ taxonomy: 1, id: "IAB9" }]);
    expect(parentsOf(categoryFrom("IAB9"))).toEqual([]);
    expect(parentsOf(categoryFrom("7/9-30"))).toEqual([]);
    expect(domainAndParents("a.b.example")).toEqual(["a.b.example", "b.example"]);
    expect(domainAndParents("b.example")).toEqual(["b.example"]);
  });
});
