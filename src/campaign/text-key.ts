import { Hash64, mix32, scopeKey, textKeyOf } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import type { Category } from "./model.js";
import type { TextForm } from "./targeting.js";

/** Text values as the dictionary keys that wire/decode makes of the same text in a request. */

/** "IAB17" is of taxonomy 1; "7/483" states its taxonomy. */
export function categoryFrom(text: string): Category {
  const slash = text.indexOf("/");
  if (slash < 0) return { taxonomy: 1, id: text };
  return { taxonomy: Number(text.slice(0, slash)), id: text.slice(slash + 1) };
}

/** The parents of a category that its id tells, nearest first: only IAB 1.0 ids do ("IAB25-3"). */
export function parentsOf(category: Category): readonly Category[] {
  const dash = category.id.lastIndexOf("-");
  if (category.taxonomy !== 1 || dash < 0) return [];
  const parent = { taxonomy: 1, id: category.id.slice(0, dash) };
  return [parent, ...parentsOf(parent)];
}

export function categoryKey(category: Category): Hash64 {
  const key = textKeyOf(category.id, KeyKind.CATEGORY);
  scopeKey(key, category.taxonomy);
  return key;
}

/** The key of a facet's value in the form that its facet has. */
export function facetKey(value: string, kind: KeyKind, form: TextForm): Hash64 {
  if (form === "byTaxonomy") return categoryKey(categoryFrom(value));
  if (form !== "byCountry") return textKeyOf(value, kind);
  const slash = value.indexOf("/");
  const inside = value.slice(slash + 1);
  // ISO 3166-2 codes lose their country in requests as well: "US-CA" is "CA".
  const text = kind === KeyKind.REGION ? inside.slice(inside.lastIndexOf("-") + 1) : inside;
  const key = textKeyOf(text, kind);
  scopeKey(key, packAlpha3(value.slice(0, slash)));
  return key;
}

/** A domain and its parents that still hold a dot, itself first. */
export function domainAndParents(domain: string): readonly string[] {
  const labels = domain.split(".");
  return labels.slice(0, -1).map((_, i) => labels.slice(i).join("."));
}

/** A seller of a supply chain, "asi/sid": its system and its account there. */
export function sellerKey(seller: string): Hash64 {
  const slash = seller.indexOf("/");
  const asi = textKeyOf(seller.slice(0, slash), KeyKind.SCHAIN_SELLER);
  const sid = textKeyOf(seller.slice(slash + 1), KeyKind.SCHAIN_SELLER);
  const key = new Hash64();
  key.lo = mix32(asi.lo, sid.lo);
  key.hi = mix32(asi.hi, sid.hi);
  if (key.lo === 0 && key.hi === 0) key.lo = 1;
  return key;
}
