import { z } from "zod";
import type { EntityRecord, Json, JsonObject } from "../store/desk-store.js";
import type { Caller } from "./access.js";
import type { Desk } from "./desk-parts.js";
import { nameOf, seenOf } from "./entity-view.js";
import { changesOf, valueAt, withValue } from "./line-item-columns.js";
import type { RowPlan } from "./line-item-rows.js";
import { member } from "./refs.js";

/** One edit for many line items. */

const amountText = z.union([z.number().positive(), z.string().regex(/^\d{1,10}(?:\.\d{1,6})?$/)]);
const percent = z.number().min(-99).max(1000).multipleOf(0.01);
const amount = z
  .strictObject({ to: amountText.optional(), byPercent: percent.optional() })
  .refine(({ to, byPercent }) => (to === undefined) !== (byPercent === undefined), {
    error: "needs one of `to` and `byPercent`",
  })
  .optional();
const id = z.int().min(1).max(0xffff_ffff).optional();

export const bulkBody = z.strictObject({
  keys: z.array(z.string().max(20)).min(1).max(1000),
  set: z.strictObject({
    ...{ paused: z.boolean().optional(), archived: z.boolean().optional() },
    ...{ cpm: amount, maxCpm: amount, budgetTotal: amount, budgetDaily: amount },
    ...{ addCreative: id, removeCreative: id },
  }),
  preview: z.boolean().default(false),
});
export type BulkSet = z.output<typeof bulkBody>["set"];

const amounts = {
  cpm: "price.cpm",
  maxCpm: "price.maxCpm",
  budgetTotal: "budget.total",
  budgetDaily: "budget.daily",
} as const;
type AmountName = keyof typeof amounts;
const amountNames = Object.keys(amounts) as AmountName[];

export function bulkPlans(
  desk: Desk,
  caller: Caller,
  keys: readonly string[],
  set: BulkSet,
): readonly RowPlan[] {
  return [...new Set(keys)].map((key): RowPlan => {
    const before = seenOf(desk, caller, "lineItem", key);
    return before === null
      ? { key, name: "", version: 0, changes: [], wish: null, error: "there is no such line item" }
      : planOf(before, set);
  });
}

function planOf(before: EntityRecord, set: BulkSet): RowPlan {
  const { key, version } = before;
  const edited = editedForm(before.form, set);
  const archived = set.archived ?? before.archived;
  const row = { key, name: nameOf(before), version };
  if (typeof edited === "string") return { ...row, changes: [], wish: null, error: edited };
  const moved =
    archived === before.archived
      ? []
      : [{ field: "archived", before: before.archived, after: archived }];
  return {
    ...row,
    changes: [...changesOf(before.form, edited), ...moved],
    wish: { kind: "lineItem", key, before, form: edited, draft: before.draft, archived },
  };
}

/** The form after the edit, or why it cannot have it. */
function editedForm(before: JsonObject, set: BulkSet): JsonObject | string {
  let form = before;
  for (const name of amountNames) {
    const wanted = set[name];
    if (wanted === undefined) continue;
    const path = amounts[name].split(".");
    if (name === "cpm" && valueAt(form, ["price", "goal"]) !== undefined) {
      return "price.cpm: it is bought by a goal and has no price";
    }
    const value =
      wanted.to === undefined
        ? scaled(valueAt(form, path), wanted.byPercent ?? 0)
        : Number(wanted.to);
    if (value === null) return `${amounts[name]}: there is none to change by a percentage`;
    form = withValue(form, path, value);
  }
  if (set.paused !== undefined && (form["paused"] === true) !== set.paused) {
    form = withValue(form, ["paused"], set.paused ? true : undefined);
  }
  return withCreatives(form, set);
}

function withCreatives(form: JsonObject, { addCreative, removeCreative }: BulkSet) {
  const list = form["creatives"];
  const had = Array.isArray(list) ? (list as readonly Json[]) : [];
  const isOne = (id: number | undefined) => (one: Json) => member(one, "id") === id;
  let creatives = had;
  if (removeCreative !== undefined) creatives = had.filter((one) => !isOne(removeCreative)(one));
  if (addCreative !== undefined && !creatives.some(isOne(addCreative))) {
    creatives = [...creatives, { id: addCreative }];
  }
  if (creatives.length === 0 && had.length > 0) return "creatives: it would have none left";
  return creatives.length === had.length && addCreative === undefined
    ? form
    : withValue(form, ["creatives"], creatives);
}

const amountMax = 1e9;
/** In millionths, rounded half up; null = there is no amount. */
function scaled(value: Json | undefined, byPercent: number): number | null {
  // A draft may hold any number.
  if (typeof value !== "number" || !(Math.abs(value) <= amountMax)) return null;
  const micros = BigInt(Math.round(value * 1e6));
  const parts = 10_000n + BigInt(Math.round(byPercent * 100));
  return Number((micros * parts + 5_000n) / 10_000n) / 1e6;
}
