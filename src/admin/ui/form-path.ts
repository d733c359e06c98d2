import type { Json, JsonObject } from "../store/desk-store.js";

/**
 * Forms by the names that the API's errors use: `price.maxCpm`, `creatives[0].id`. Values are never
 * changed in place.
 */

const partsOf = (path: string): readonly string[] =>
  path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(form: Json | undefined, path: string): Json | undefined {
  let value = form;
  for (const part of partsOf(path)) {
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(part)];
    else if (isObject(value) && Object.hasOwn(value, part)) value = value[part];
    else return undefined;
  }
  return value;
}

/** With `undefined` the key goes, and with it what it leaves empty: an empty group says nothing. */
export function withValue(form: JsonObject, path: string, value: Json | undefined): JsonObject {
  return (changed(form, partsOf(path), value) ?? {}) as JsonObject;
}

function changed(
  whole: Json | undefined,
  [part = "", ...rest]: readonly string[],
  value: Json | undefined,
): Json | undefined {
  if (Array.isArray(whole)) {
    const list: (Json | undefined)[] = [...(whole as readonly Json[])];
    const at = Number(part);
    list[at] = rest.length === 0 ? value : changed(list[at], rest, value);
    const left = list.filter((entry): entry is Json => entry !== undefined);
    return left.length === 0 ? undefined : left;
  }
  const group: Record<string, Json> = isObject(whole) ? { ...whole } : {};
  const inner = rest.length === 0 ? value : changed(group[part], rest, value);
  if (inner === undefined) delete group[part];
  else group[part] = inner;
  return Object.keys(group).length === 0 ? undefined : group;
}

export type Difference = {
  readonly path: string;
  /** undefined = it was not there. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
};

/** Where two forms differ, by the deepest group; a list is one value. */
export function differences(before: Json | undefined, after: Json | undefined): Difference[] {
  return between("", before, after);
}

function between(path: string, before: Json | undefined, after: Json | undefined): Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      between(path === "" ? name : `${path}.${name}`, before[name], after[name]),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

/**
 * What to save when somebody else saved meanwhile: their form with ours of the paths in `ours`.
 */
export function merged(
  theirs: JsonObject,
  mine: JsonObject,
  ours: ReadonlySet<string>,
): JsonObject {
  let form = theirs;
  for (const path of ours) form = withValue(form, path, valueAt(mine, path));
  return form;
}

/** A value in a sentence or a cell. */
export function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return (value as readonly Json[]).map(valueText).join(", ");
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${valueText(inner)}`)
      .join("; ");
  }
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}
