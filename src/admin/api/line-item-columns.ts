import type { Json, JsonObject } from "../store/desk-store.js";
import { member } from "./refs.js";

/** The form of a line item as columns of a CSV: every field has one, an empty cell = not there. */

export type Column = {
  readonly name: string;
  readonly path: readonly string[];
  readonly write: (value: Json) => string;
  /** undefined = the cell is not of its kind. */
  readonly read: (cell: string) => Json | undefined;
  /** What a cell is to hold. */
  readonly words: string;
};

const text = { write: (value: Json) => String(value), read: (cell: string) => cell, words: "text" };
const number = {
  write: (value: Json) => String(value),
  read: (cell: string) => (/^\d{1,15}(?:\.\d{1,9})?$/.test(cell) ? Number(cell) : undefined),
  words: "a number such as 2.50",
};
const flag = {
  write: (value: Json) => String(value),
  read: (cell: string) => (/^(?:true|false)$/i.test(cell) ? /^t/i.test(cell) : undefined),
  words: "true or false",
};
const json = {
  write: (value: Json) => JSON.stringify(value),
  read: (cell: string): Json | undefined => {
    try {
      return JSON.parse(cell) as Json;
    } catch {
      return undefined;
    }
  },
  words: "JSON",
};
/** A segment's name stands bare, an expression as JSON. */
const audience = {
  write: (value: Json) =>
    typeof value === "string" && !/^[[{"]/.test(value) ? value : json.write(value),
  read: (cell: string) => (/^[[{"]/.test(cell) ? json.read(cell) : cell),
  words: "a segment's name, or an expression as JSON",
};
/** `1111;1112:3`: ids with their weights. */
const creatives = {
  write: (value: Json): string =>
    Array.isArray(value)
      ? (value as readonly Json[])
          .map((one) => {
            const weight = member(one, "weight");
            const id = String(member(one, "id"));
            return weight === undefined ? id : `${id}:${String(weight)}`;
          })
          .join(";")
      : json.write(value),
  read: (cell: string): Json | undefined => {
    const parts = cell.split(";").map((part) => /^\s*(\d{1,10})(?::(\d{1,7}))?\s*$/.exec(part));
    if (parts.some((part) => part === null)) return undefined;
    return parts.map((part) => {
      const [, id, weight] = part!;
      return weight === undefined ? { id: Number(id) } : { id: Number(id), weight: Number(weight) };
    });
  },
  words: "ids of creatives such as 12;13:2",
};

const at = (name: string, path: string, kind: Omit<Column, "name" | "path">): Column => ({
  ...{ name, path: path.split("."), ...kind },
});

export const columns: readonly Column[] = [
  at("name", "name", text),
  at("campaign", "campaign", number),
  at("paused", "paused", flag),
  at("cpm", "price.cpm", number),
  at("goalCpc", "price.goal.cpc", number),
  at("goalCpm", "price.goal.cpm", number),
  at("strategy", "price.strategy", text),
  at("maxCpm", "price.maxCpm", number),
  at("modifiers", "price.modifiers", json),
  at("bounds", "price.bounds", json),
  at("budgetTotal", "budget.total", number),
  at("budgetDaily", "budget.daily", number),
  at("impressions", "budget.impressions", number),
  at("dailyImpressions", "budget.dailyImpressions", number),
  at("pacing", "pacing", text),
  at("frequency", "frequency", json),
  at("audience", "audience", audience),
  at("withoutId", "withoutId", text),
  at("targeting", "targeting", json),
  at("openAuction", "openAuction", flag),
  at("creatives", "creatives", creatives),
];

export const columnNames: ReadonlyMap<string, Column> = new Map(
  columns.map((one) => [one.name, one]),
);

export function valueAt(form: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = form;
  for (const step of path) value = member(value, step);
  return value;
}

/** The form with another value there; undefined takes it away, and groups that are empty then. */
export function withValue(
  form: JsonObject,
  [step, ...rest]: readonly string[],
  value: Json | undefined,
): JsonObject {
  if (step === undefined) return form;
  const inner =
    rest.length === 0 ? value : emptied(withValue(groupOf(member(form, step)), rest, value));
  if (inner !== undefined) return { ...form, [step]: inner };
  const { [step]: _, ...others } = form;
  return others;
}

const groupOf = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

const emptied = (group: JsonObject): JsonObject | undefined =>
  Object.keys(group).length === 0 ? undefined : group;

export const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

export type FieldChange = {
  readonly field: string;
  /** null = it is not there. */
  readonly before: Json;
  readonly after: Json;
};

/** What differs between two forms of a line item, by column; `paused` left out is false. */
export const changesOf = (before: JsonObject, after: JsonObject): readonly FieldChange[] =>
  columns.flatMap(({ path }) => {
    const [was, is] = [valueAt(before, path), valueAt(after, path)];
    if (sameJson(was, is)) return [];
    return [{ field: path.join("."), before: was ?? null, after: is ?? null }];
  });
