import type { AgencyId } from "../../base/ids.js";
import { below, type Findings, type Place } from "./findings.js";
import type { AiplRules, Behaviour, Rule, SegmentRule } from "./model.js";
import { sensitiveTopicOf } from "./sensitive.js";

/** A segment before what follows from its rule is known, and where it stands. */
export type PlacedRule = {
  readonly segment: SegmentRule;
  readonly place: Place;
  /** Its file says so. */
  readonly sensitive: boolean;
};

type Leaf = Exclude<Rule, { readonly kind: "all" | "any" | "none" }>;

/** What a rule says of its members: null source = no touch-point of its own, null readers = all. */
type Origin = {
  readonly source: string | null;
  readonly recencyDays: number;
  readonly readers: ReadonlySet<AgencyId> | null;
  /** What made the readers few: for the message. */
  readonly because: string;
  /** Why it may tell nobody outside, as words that end a sentence; "" = it may. */
  readonly sensitive: string;
};

const anybody: Origin = {
  ...{ source: null, recencyDays: 0, readers: null, because: "", sensitive: "" },
};

/**
 * The segments with source and recency of everything that they rest on. Findings: circles, and what
 * is private to an agency inside a segment that others may use (lists and stages are an agency's
 * own data; DESIGN section 5 keeps them isolated), and outward segments that tell of something
 * sensitive, by themselves or by what they rest on.
 */
export function deriveLabels(
  rules: readonly PlacedRule[],
  aipl: ReadonlyMap<number, AiplRules>,
  findings: Findings,
): readonly SegmentRule[] {
  const leaves = new Map(rules.map(({ segment }) => [segment.name, leavesOf(segment.rule)]));
  const order = inOrder(rules, leaves, findings);
  const origins = new Map<string, Origin>();
  for (const rule of order) {
    const { segment, place } = rule;
    const origin = (leaves.get(segment.name) ?? [])
      .map((leaf) => originOf(leaf, origins, aipl))
      .reduce(joined, { ...anybody, sensitive: sensitiveAlone(rule) });
    checkReaders(segment, place, origin, findings);
    checkSensitive(segment, place, origin, findings);
    origins.set(segment.name, { ...origin, readers: readersOf(segment, origin) });
  }
  return rules.map(({ segment }) => {
    const origin = origins.get(segment.name) ?? anybody;
    return { ...segment, source: origin.source ?? "mixed", recencyDays: origin.recencyDays };
  });
}

function leavesOf(rule: Rule): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const open: Rule[] = [rule];
  while (open.length > 0) {
    const next = open.pop()!;
    if ("of" in next) open.push(...next.of);
    else leaves.push(next);
  }
  return leaves;
}

const segmentsOf = (leaves: readonly Leaf[]): readonly string[] =>
  leaves.flatMap((leaf) => (leaf.kind === "segment" ? [leaf.name] : []));

/** Every segment after those that its rule names (Kahn), without those in or after a circle. */
function inOrder(
  rules: readonly PlacedRule[],
  leaves: ReadonlyMap<string, readonly Leaf[]>,
  findings: Findings,
): readonly PlacedRule[] {
  const byName = new Map(rules.map((rule) => [rule.segment.name, rule]));
  const needs = new Map<string, Set<string>>();
  const usedBy = new Map<string, string[]>();
  for (const name of byName.keys()) {
    const needed = segmentsOf(leaves.get(name) ?? []).filter((other) => byName.has(other));
    needs.set(name, new Set(needed));
    for (const other of needs.get(name)!) {
      const users = usedBy.get(other) ?? [];
      users.push(name);
      usedBy.set(other, users);
    }
  }
  const open = [...byName.keys()].filter((name) => needs.get(name)!.size === 0);
  for (let i = 0; i < open.length; i++) {
    for (const user of usedBy.get(open[i]!) ?? []) {
      const left = needs.get(user)!;
      left.delete(open[i]!);
      if (left.size === 0) open.push(user);
    }
  }
  reportCircles(byName, needs, findings);
  return open.map((name) => byName.get(name)!);
}

/** `needs` holds what is unresolved: following any of it from anywhere ends in a circle. */
function reportCircles(
  byName: ReadonlyMap<string, PlacedRule>,
  needs: ReadonlyMap<string, ReadonlySet<string>>,
  findings: Findings,
): void {
  const seen = new Set<string>();
  for (const [start, left] of needs) {
    if (left.size === 0 || seen.has(start)) continue;
    const path: string[] = [];
    const placeOf = new Map<string, number>();
    let name = start;
    while (!seen.has(name)) {
      seen.add(name);
      placeOf.set(name, path.push(name) - 1);
      [name = start] = needs.get(name) ?? [];
    }
    const from = placeOf.get(name);
    if (from === undefined) continue;
    const circle = [...path.slice(from), name].slice(-12).join(" -> ");
    findings.error(below(byName.get(name)!.place, "rule"), "circle", () => {
      return `the segments use each other in a circle (${circle}): take one reference away`;
    });
  }
}

function originOf(
  leaf: Leaf,
  origins: ReadonlyMap<string, Origin>,
  aipl: ReadonlyMap<number, AiplRules>,
): Origin {
  switch (leaf.kind) {
    case "did":
      return behaviourOrigin(leaf.behaviour);
    case "segment": {
      const origin = origins.get(leaf.name) ?? anybody;
      const because = origin.readers === null ? origin.because : leaf.name;
      const sensitive = origin.sensitive === "" ? "" : `rests on ${leaf.name}, which is sensitive`;
      return { ...origin, because, sensitive };
    }
    case "stage": {
      const rules = aipl.get(leaf.advertiser);
      if (rules === undefined) return anybody;
      const rows = leaf.stages.flatMap((stage) => rules.stages[stage]);
      const origin = rows.map(behaviourOrigin).reduce(joined, anybody);
      const because = `the stages of advertiser ${leaf.advertiser}`;
      return { ...origin, readers: new Set([rules.agency]), because };
    }
    case "list":
      return {
        ...anybody,
        ...{ readers: new Set([leaf.agency]), because: `the list ${leaf.name}` },
        sensitive: toldBy("the list", leaf.name),
      };
    case "area":
    case "market":
      return anybody;
  }
}

const toldBy = (what: string, text: string): string => {
  const topic = sensitiveTopicOf(text);
  return topic === null ? "" : `tells of ${topic} (${what} "${text}")`;
};

const firstOf = (words: readonly string[]): string => words.find((one) => one !== "") ?? "";

/** What a segment tells by itself, its rule not looked at. */
const sensitiveAlone = ({ segment: { name, label }, sensitive }: PlacedRule): string =>
  sensitive ? "is marked sensitive" : firstOf([toldBy("name", name), toldBy("label", label)]);

const behaviourOrigin = ({ touchpoints, categories, withinDays }: Behaviour): Origin => ({
  ...anybody,
  sensitive: firstOf(categories.map((category) => toldBy("category", category))),
  source: touchpoints.length === 1 ? touchpoints[0]! : "mixed",
  recencyDays: withinDays,
});

function joined(a: Origin, b: Origin): Origin {
  const one = a.source === null || b.source === null || a.source === b.source;
  return {
    source: one ? (a.source ?? b.source) : "mixed",
    recencyDays: Math.max(a.recencyDays, b.recencyDays),
    readers: common(a.readers, b.readers),
    because: a.readers === null ? b.because : a.because,
    sensitive: a.sensitive === "" ? b.sensitive : a.sensitive,
  };
}

type Readers = Origin["readers"];
function common(a: Readers, b: Readers): Readers {
  if (a === null || b === null) return a ?? b;
  return new Set([...a].filter((agency) => b.has(agency)));
}

const readersOf = ({ agencies }: SegmentRule, origin: Origin): Readers =>
  common(agencies.length === 0 ? null : new Set(agencies), origin.readers);

/** Of an outward segment: nobody may use it who may not use all that it rests on. */
function checkReaders(
  { agencies, outward }: SegmentRule,
  place: Place,
  { readers, because }: Origin,
  findings: Findings,
): void {
  if (!outward || readers === null) return;
  if (agencies.length > 0 && agencies.every((agency) => readers.has(agency))) return;
  const at = agencies.length > 0 ? below(place, "agencies") : place;
  findings.error(at, "readers", () => {
    const whose = [...readers].slice(0, 8).join(", ");
    return readers.size === 0
      ? "its rule mixes what is private to different agencies: make a segment for each"
      : `its rule uses ${because}, private to agency ${whose}: write agencies: [${whose}]`;
  });
}

function checkSensitive(
  { outward }: SegmentRule,
  place: Place,
  { sensitive }: Origin,
  findings: Findings,
): void {
  if (!outward || sensitive === "") return;
  findings.error(place, "sensitive", () => {
    return `${sensitive}: no such segment leaves the bank; write outward: false, or drop it`;
  });
}
