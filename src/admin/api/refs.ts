import type { DeskBook } from "../desk/desk.js";
import type { DeskKind, Json, JsonObject } from "../store/desk-store.js";

/** What a form names of other things, by field; forms may be half and of any shape. */
export type Ref = { readonly field: string; readonly kind: DeskKind; readonly key: string };

export function refsOf(kind: DeskKind, form: JsonObject): readonly Ref[] {
  const one = (field: string, of: DeskKind): readonly Ref[] => refTo(field, of, form[field]);
  switch (kind) {
    case "agency":
      return [];
    case "advertiser":
      return one("agency", "agency");
    case "audience":
      return [...one("agency", "agency"), ...savedIn("audience", form["audience"], 0)];
    case "campaign":
    case "creative":
      return one("advertiser", "advertiser");
    case "lineItem":
      return [
        ...one("campaign", "campaign"),
        ...entriesOf(form["creatives"]).flatMap((creative, i) =>
          refTo(`creatives[${i}].id`, "creative", member(creative, "id")),
        ),
        ...savedIn("audience", form["audience"], 0),
      ];
    case "deal":
      return entriesOf(form["inviteOnly"]).flatMap((id, i) =>
        refTo(`inviteOnly[${i}]`, "advertiser", id),
      );
  }
}

const refTo = (field: string, kind: DeskKind, value: Json | undefined): readonly Ref[] =>
  typeof value === "number" || typeof value === "string"
    ? [{ field, kind, key: String(value) }]
    : [];

const entriesOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

export const member = (value: Json | undefined, key: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)[key]
    : undefined;

const audienceDepthMax = 32;

/** Saved audiences inside an expression: `{saved: 12}`, alone or in groups. */
function savedIn(field: string, value: Json | undefined, depth: number): readonly Ref[] {
  if (depth > audienceDepthMax) return [];
  const saved = refTo(`${field}.saved`, "audience", member(value, "saved"));
  const groups = ["all", "any", "none"].flatMap((group) =>
    entriesOf(member(value, group)).flatMap((inner, i) =>
      savedIn(`${field}.${group}[${i}]`, inner, depth + 1),
    ),
  );
  return [...saved, ...groups];
}

/**
 * The agency that a thing of this form belongs to; "" = of several, or of none yet; null = what it
 * hangs on is not there.
 */
export function agencyOfForm(
  book: DeskBook,
  kind: DeskKind,
  key: string,
  form: JsonObject,
): string | null {
  switch (kind) {
    case "agency":
      return key;
    case "deal":
      return "";
    case "advertiser":
    case "audience": {
      const agency = form["agency"];
      return agency === undefined ? null : String(agency);
    }
    case "campaign":
    case "creative":
      return book.get("advertiser", String(form["advertiser"]))?.agency ?? null;
    case "lineItem":
      return book.get("campaign", String(form["campaign"]))?.agency ?? null;
  }
}
