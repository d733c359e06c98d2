import { z } from "zod";
import { lineItemStates } from "../desk/desk.js";
import {
  type DeskKind,
  type EntityRecord,
  entityKinds,
  type Json,
  type JsonObject,
} from "../store/desk-store.js";
import { type Caller, maySee } from "./access.js";
import type { Desk } from "./desk-parts.js";

/** A thing of the desk as the API shows it. */

const link = z.object({ key: z.string(), name: z.string() });
const now = z.object({
  ...{ id: z.int(), state: z.enum(lineItemStates), reason: z.string(), field: z.string() },
  ...{ spendToday: z.string(), spendTotal: z.string(), idealToday: z.string().nullable() },
  ...{ dayBudget: z.string().nullable(), totalBudget: z.string().nullable() },
  ...{ impressionsToday: z.number(), impressionsTotal: z.number() },
  ...{ bidsToday: z.number(), clicksTotal: z.number(), winRatePercent: z.number().nullable() },
  ...{ ecpm: z.string().nullable(), ctrPercent: z.number().nullable(), daysLeft: z.number() },
  ...{ bidLow: z.string(), bidHigh: z.string() },
});

export const entityReply = z.object({
  ...{ kind: z.enum(entityKinds), key: z.string(), version: z.int() },
  ...{ draft: z.boolean(), archived: z.boolean(), agency: z.string() },
  ...{ createdAt: z.string(), updatedAt: z.string(), updatedBy: z.string() },
  form: z.record(z.string(), z.unknown()),
  links: z.object({
    advertiser: link.extend({ currency: z.string(), timeZone: z.string() }).optional(),
    campaign: link.optional(),
    agency: link.optional(),
  }),
  now: now.optional(),
});

/** Whether a thing exists for the caller. A deal is there for those that it lets in. */
export function seen({ book }: Pick<Desk, "book">, caller: Caller, record: EntityRecord): boolean {
  if (record.kind !== "deal") return maySee(caller, record.agency);
  const invited = record.form["inviteOnly"];
  if (caller.agency === "" || !Array.isArray(invited)) return true;
  return invited.some((id) => book.get("advertiser", String(id))?.agency === caller.agency);
}

/** The thing, or null where it does not exist for the caller. */
export function seenOf(
  desk: Pick<Desk, "book">,
  caller: Caller,
  kind: DeskKind,
  key: string,
): EntityRecord | null {
  const record = desk.book.get(kind, key);
  return record !== null && seen(desk, caller, record) ? record : null;
}

const textAt = (form: JsonObject, key: string): string => {
  const value = form[key];
  return typeof value === "string" ? value : "";
};

export const nameOf = ({ form }: Pick<EntityRecord, "form">): string => textAt(form, "name");

const linkTo = (record: EntityRecord | null) =>
  record === null ? undefined : { key: record.key, name: nameOf(record) };

/** The advertiser that a thing is of, by way of its campaign. */
export function advertiserOf({ book }: Pick<Desk, "book">, record: EntityRecord) {
  const campaign = record.kind === "lineItem" ? campaignOf({ book }, record) : null;
  const key = (campaign ?? record).form["advertiser"];
  return record.kind === "advertiser" || key === undefined
    ? null
    : book.get("advertiser", String(key));
}

const campaignOf = ({ book }: Pick<Desk, "book">, { form }: EntityRecord) =>
  book.get("campaign", String(form["campaign"]));

export function entityOf(desk: Pick<Desk, "book" | "facts">, caller: Caller, record: EntityRecord) {
  const { kind, key, version, draft, archived, agency } = record;
  const advertiser = advertiserOf(desk, record);
  const campaign = kind === "lineItem" ? linkTo(campaignOf(desk, record)) : undefined;
  const ofAgency = kind === "agency" ? undefined : linkTo(desk.book.get("agency", agency));
  const facts = kind === "lineItem" ? desk.facts.lineItem(Number(key)) : undefined;
  return {
    ...{ kind, key, version, draft, archived, agency },
    createdAt: new Date(record.createdMs).toISOString(),
    updatedAt: new Date(record.updatedMs).toISOString(),
    updatedBy: record.updatedBy,
    form: formFor(desk, caller, kind, record.form),
    links: {
      ...(advertiser === null
        ? {}
        : {
            advertiser: {
              ...{ key: advertiser.key, name: nameOf(advertiser) },
              currency: textAt(advertiser.form, "currency"),
              timeZone: textAt(advertiser.form, "timeZone"),
            },
          }),
      ...(campaign === undefined ? {} : { campaign }),
      ...(ofAgency === undefined ? {} : { agency: ofAgency }),
    },
    ...(facts === undefined ? {} : { now: facts }),
  };
}

/** Who else is let into a deal is no agency's business. */
export function formFor(
  { book }: Pick<Desk, "book">,
  caller: Caller,
  kind: DeskKind,
  form: JsonObject,
): JsonObject {
  const invited = form["inviteOnly"];
  if (kind !== "deal" || caller.agency === "" || !Array.isArray(invited)) return form;
  const own = (invited as readonly Json[]).filter(
    (id) => book.get("advertiser", String(id))?.agency === caller.agency,
  );
  return { ...form, inviteOnly: own };
}

export const etagOf = ({ version }: Pick<EntityRecord, "version">): string => `"${version}"`;
