import type { EntityState, Json, JsonObject } from "../../store/desk-store.js";

/** A field of a form that a change set anew; "" = it was not there. */
export type FieldChange = {
  readonly field: string;
  readonly before: string;
  readonly after: string;
};

const listedMax = 12;

/** What differs between two states, by field in order of the names. */
export function changedFields(
  before: EntityState | null,
  after: EntityState | null,
): readonly FieldChange[] {
  const [from, to] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...from.keys(), ...to.keys()])].sort().flatMap((field): FieldChange[] => {
    const [left, right] = [from.get(field), to.get(field)];
    if (JSON.stringify(left) === JSON.stringify(right)) return [];
    if (Array.isArray(left) && Array.isArray(right)) return [listChange(field, left, right)];
    const text = field.startsWith("budget.") ? amountText : textOf;
    return [{ field, before: text(left), after: text(right) }];
  });
}

/** Of lists of words only what went and what came: they may be 100,000 long. */
function listChange(field: string, left: readonly Json[], right: readonly Json[]): FieldChange {
  const [had, has] = [new Set(left), new Set(right)];
  const gone = left.filter((one) => !has.has(one));
  const come = right.filter((one) => !had.has(one));
  if (gone.length + come.length === 0) return { field, before: textOf(left), after: textOf(right) };
  const only = (parts: readonly Json[], mark: string) =>
    parts.length === 0 ? "" : `${mark} ${textOf(parts)}`;
  return { field, before: only(gone, "\u2212"), after: only(come, "+") };
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isScalar = (value: Json): boolean => typeof value !== "object" || value === null;

/** Leaves by path: `price.cpm`, `creatives.20000.weight` (things with ids go by the id). */
function fieldsOf(state: EntityState | null): ReadonlyMap<string, Json> {
  const fields = new Map<string, Json>();
  if (state === null) return fields;
  const walk = (value: Json, path: string): void => {
    if (isScalar(value) || (isList(value) && value.every(isScalar))) {
      fields.set(path, value);
    } else if (isList(value)) {
      value.forEach((one, i) => walk(one, `${path}.${String((one as JsonObject)?.["id"] ?? i)}`));
    } else {
      const within = path === "" ? "" : `${path}.`;
      for (const [name, one] of Object.entries(value as JsonObject)) walk(one, within + name);
    }
  };
  walk(state.form, "");
  if (state.draft) fields.set("(draft)", true);
  if (state.archived) fields.set("(archived)", true);
  return fields;
}

const form = new Intl.NumberFormat(undefined, { maximumFractionDigits: 9 });
const amountText = (value: Json | undefined): string =>
  typeof value === "number" ? form.format(value) : textOf(value);

function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  if (!isList(value)) return typeof value === "string" ? value : JSON.stringify(value);
  const first = value.slice(0, listedMax).map(textOf).join(", ");
  return value.length > listedMax ? `${first} and ${value.length - listedMax} more` : first;
}
