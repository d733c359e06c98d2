import type { LineItemNow, StopKind } from "../desk/desk.js";
import type { DeskKind, Json, JsonObject, Revision, Role } from "../store/desk-store.js";

/** What /api/v1 answers, as the page reads it. */

export type Problem = {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Of a 412: the thing as it stands now. */
  readonly current?: Entity;
};
export type FieldError = { readonly field: string; readonly message: string };

export type SessionAnswer = {
  readonly state: "first-run" | "signed-out" | "signed-in";
  readonly user?: SignedIn;
  /** Why the store does not answer, "" = it does. */
  readonly trouble: string;
  readonly demo: boolean;
};
export type SignedIn = {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  /** "" = the house. */
  readonly agency: string;
  readonly agencyName: string;
  readonly role: Role;
};

export type Link = { readonly key: string; readonly name: string };
export type AdvertiserLink = Link & { readonly currency: string; readonly timeZone: string };
export type Entity<Form = JsonObject> = {
  readonly kind: DeskKind;
  readonly key: string;
  readonly version: number;
  readonly draft: boolean;
  readonly archived: boolean;
  readonly agency: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly form: Form;
  readonly links: {
    readonly advertiser?: AdvertiserLink;
    readonly campaign?: Link;
    readonly agency?: Link;
  };
  readonly now?: LineItemNow;
};
export type Listing<Item> = { readonly items: readonly Item[]; readonly total: number };

export type Finding = {
  readonly severity: "error" | "warning";
  readonly field: string;
  readonly message: string;
};
export type BulkRow = {
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly changes: readonly {
    readonly field: string;
    readonly before: Json;
    readonly after: Json;
  }[];
  readonly error?: string;
};
export type BulkAnswer = {
  readonly changed: number;
  readonly rows: readonly BulkRow[];
  readonly change?: number;
};
export type ChangeEntry = {
  readonly change: number;
  readonly at: string;
  readonly actor: { readonly name: string };
  readonly way: string;
  readonly note: string;
  readonly undoable: boolean;
  readonly revisions: readonly Revision[];
};
export type StopEntry = {
  readonly kind: StopKind;
  readonly key: string;
  readonly agency: string;
  readonly since: string;
  readonly by: string;
};

/** The part of an address that names a kind, as in /api/v1/line-items. */
export const kindPaths: Readonly<Record<DeskKind, string>> = {
  agency: "agencies",
  advertiser: "advertisers",
  campaign: "campaigns",
  lineItem: "line-items",
  creative: "creatives",
  audience: "audiences",
  deal: "deals",
};

/** What a person reads for a thing: its name, or its id where it has none yet. */
export const nameOf = (entity: Entity): string => {
  const name = entity.form["name"];
  return typeof name === "string" && name !== "" ? name : `#${entity.key}`;
};
