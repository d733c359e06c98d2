import { createHash } from "node:crypto";
import type { DeskKind, EntityRecord, Json, JsonObject } from "../store/desk-store.js";

/** Where a kind stands in a campaign file. */
export const listOfKind = {
  agency: "agencies",
  advertiser: "advertisers",
  campaign: "campaigns",
  lineItem: "lineItems",
  creative: "creatives",
  audience: "audiences",
  deal: "deals",
} as const satisfies Record<DeskKind, string>;

/** What is referred to before what refers to it. */
export const kindsInOrder = [
  ...(["agency", "advertiser", "audience", "campaign", "creative", "deal", "lineItem"] as const),
] as const satisfies readonly DeskKind[];

export const placeOf = (kind: DeskKind, key: string): string => `${kind} ${key}`;

/** The key of a form: its id, or of a deal `exchange/deal`; "" = it has none yet. */
export function keyOfForm(kind: DeskKind, form: JsonObject): string {
  const { id, exchange, deal } = form;
  if (kind !== "deal") return typeof id === "number" ? String(id) : "";
  return typeof exchange === "string" && typeof deal === "string" ? `${exchange}/${deal}` : "";
}

export type RecordReader = (kind: DeskKind, key: string) => Pick<EntityRecord, "form"> | null;

/** The agency that a form belongs to by what it refers to; "" = of none, or of several. */
export function agencyOfForm(kind: DeskKind, form: JsonObject, read: RecordReader): string {
  const above = (other: DeskKind, id: Json | undefined): string => {
    const record = id === undefined ? null : read(other, String(id));
    return record === null ? "" : agencyOfForm(other, record.form, read);
  };
  switch (kind) {
    case "agency":
      return String(form["id"] ?? "");
    case "advertiser":
    case "audience":
      return String(form["agency"] ?? "");
    case "campaign":
    case "creative":
      return above("advertiser", form["advertiser"]);
    case "lineItem":
      return above("campaign", form["campaign"]);
    case "deal": {
      const letIn = Array.isArray(form["inviteOnly"]) ? (form["inviteOnly"] as Json[]) : [];
      const agencies = new Set(letIn.map((id) => above("advertiser", id)));
      return agencies.size === 1 ? ([...agencies][0] ?? "") : "";
    }
  }
}

/** What a form names, as far as it is one. */
export function referencesOf(
  kind: DeskKind,
  form: JsonObject,
): readonly { readonly kind: DeskKind; readonly key: string }[] {
  const one = (other: DeskKind): { kind: DeskKind; key: string }[] =>
    form[other] === undefined ? [] : [{ kind: other, key: String(form[other]) }];
  const entries = (field: string): readonly Json[] =>
    Array.isArray(form[field]) ? (form[field] as readonly Json[]) : [];
  switch (kind) {
    case "agency":
      return [];
    case "advertiser":
    case "audience":
      return one("agency");
    case "campaign":
    case "creative":
      return one("advertiser");
    case "deal":
      return entries("inviteOnly").map((id) => ({ kind: "advertiser", key: String(id) }));
    case "lineItem": {
      const creatives = entries("creatives").map((entry) => String((entry as JsonObject)?.["id"]));
      return [
        ...one("campaign"),
        ...creatives.map((key) => ({ kind: "creative" as const, key })),
        ...savedOf(form["audience"]).map((key) => ({ kind: "audience" as const, key })),
      ];
    }
  }
}

function savedOf(value: Json | undefined): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(savedOf);
  if (typeof value !== "object" || value === null) return [];
  const { saved, ...parts } = value as JsonObject;
  return [
    ...(saved === undefined ? [] : [String(saved)]),
    ...Object.values(parts).flatMap(savedOf),
  ];
}

const digests = new WeakMap<JsonObject, string>();

/** Of what a form says, whatever the order of its keys. */
export function formDigest(form: JsonObject): string {
  const known = digests.get(form);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(canonicalJson(form)).digest("hex");
  digests.set(form, digest);
  return digest;
}

function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as JsonObject).filter(([, one]) => one !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join()}}`;
}

/** In order of ids; texts behind them. */
export const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  Number(a.key) - Number(b.key) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
