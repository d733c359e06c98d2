import type { Json, JsonObject } from "../../store/desk-store.js";

/**
 * An audience as the builder shows it: people in any part of each group, and in no part of
 * `exclude`. The forms nest without end; most of those that people write fit in here.
 */
export type Groups = {
  readonly groups: readonly (readonly Part[])[];
  readonly exclude: readonly Part[];
};
/** The name of a segment, or a saved audience by its id. */
export type Part = string | { readonly saved: number };
export type Expression = string | JsonObject;

export const noGroups: Groups = { groups: [], exclude: [] };

const isPart = (value: Json): value is Part =>
  typeof value === "string" ||
  (typeof value === "object" && value !== null && "saved" in value && !Array.isArray(value));

type Node = { readonly kind: "all" | "any" | "none"; readonly parts: readonly Json[] };

function nodeOf(value: Json): Node | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  for (const kind of ["all", "any", "none"] as const) {
    const parts = (value as JsonObject)[kind];
    if (Array.isArray(parts)) return { kind, parts };
  }
  return null;
}

/** What any of is enough, where nothing but `any` nests in `any`; else null. */
function anyOf(value: Json): readonly Part[] | null {
  if (isPart(value)) return [value];
  const node = nodeOf(value);
  if (node === null || (node.kind !== "any" && node.parts.length !== 1)) return null;
  if (node.kind === "none") return null;
  const parts = node.parts.map(anyOf);
  return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
}

/** null: nests in a way that groups do not show; the text of the form does. */
export function groupsOf(value: Json | undefined): Groups | null {
  if (value === undefined || value === null) return noGroups;
  const node = nodeOf(value);
  if (node?.kind === "all") {
    const parts = node.parts.map(groupsOf);
    if (parts.includes(null)) return null;
    return {
      groups: parts.flatMap((part) => part?.groups ?? []),
      exclude: parts.flatMap((part) => part?.exclude ?? []),
    };
  }
  if (node?.kind === "none") {
    const exclude = anyOf({ any: node.parts });
    return exclude === null ? null : { groups: [], exclude };
  }
  const group = anyOf(value);
  return group === null ? null : { groups: [group], exclude: [] };
}

/** The shortest form that says the same; undefined = everybody. Empty groups say nothing. */
export function expressionOf({ groups, exclude }: Groups): Expression | undefined {
  const parts: Expression[] = groups
    .filter((group) => group.length > 0)
    .map((group) => (group.length === 1 ? group[0]! : { any: group }));
  if (exclude.length > 0) parts.push({ none: exclude });
  return parts.length > 1 ? { all: parts } : parts[0];
}

export const partKey = (part: Part): string =>
  typeof part === "string" ? part : `saved ${part.saved}`;

/** The groups with `part` put into one of them (-1 = exclude); a group that is new may be named. */
export function withPart(from: Groups, at: number, part: Part): Groups {
  const add = (parts: readonly Part[]) =>
    parts.some((one) => partKey(one) === partKey(part)) ? parts : [...parts, part];
  if (at < 0) return { ...from, exclude: add(from.exclude) };
  const groups = at < from.groups.length ? from.groups : [...from.groups, []];
  return { ...from, groups: groups.map((group, i) => (i === at ? add(group) : group)) };
}

/** Without the part; a group that is empty then goes as well. */
export function withoutPart(from: Groups, at: number, key: string): Groups {
  const drop = (parts: readonly Part[]) => parts.filter((part) => partKey(part) !== key);
  if (at < 0) return { ...from, exclude: drop(from.exclude) };
  const groups = from.groups.map((group, i) => (i === at ? drop(group) : group));
  return { ...from, groups: groups.filter((group, i) => i !== at || group.length > 0) };
}

/** "any of a, b; and c; but none of d" */
export function groupsText({ groups, exclude }: Groups): string {
  const texts = groups.map((group) => {
    const names = group.map(partKey).join(", ");
    return group.length > 1 ? `any of ${names}` : names;
  });
  if (exclude.length > 0) texts.push(`none of ${exclude.map(partKey).join(", ")}`);
  return texts.join("; and ") || "everybody";
}

/** 100,000 to 150,000 as "100 k - 150 k": bands have two digits, more would be made up. */
export function bandText(low: number | null, high: number | null): string {
  if (low === null && high === null) return "not published";
  if (low === null || low === 0) return high === null ? "any" : `up to ${roughly(high)}`;
  if (high === null) return `${roughly(low)} or more`;
  return low === high ? roughly(low) : `${roughly(low)} \u2013 ${roughly(high)}`;
}

function roughly(people: number): string {
  const units = [
    [1e9, "bn"],
    [1e6, "m"],
    [1e3, "k"],
  ] as const;
  const unit = units.find(([size]) => people >= size);
  if (unit === undefined) return String(people);
  return `${Number((people / unit[0]).toPrecision(2))}\u00a0${unit[1]}`;
}
