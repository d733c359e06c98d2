import { createHash } from "node:crypto";
import { BankError } from "../bank.js";
import { type BankConfig, type Rule, type SegmentRule, stages } from "../config/model.js";
import { behaviourKey } from "./count-plan.js";
import { listKey, type MatchedList } from "./lists.js";

/**
 * The canonical form of a rule: two rules that say the same in another order, under another name or
 * through other segments have one digest. The crowd minimum's noise hangs on it, so that to ask for
 * a set again is to hear the same answer.
 */
export type Canonical = {
  readonly digest: Uint8Array;
  /** False when the rule needs a list that is not there or has expired: then it holds nobody. */
  readonly available: boolean;
};

type Node = {
  readonly kind: "leaf" | "all" | "any" | "none";
  readonly digest: string;
  /** Digests of the children, sorted, each once. */
  readonly of: readonly string[];
  readonly available: boolean;
};

type Sources = {
  readonly config: BankConfig;
  readonly lists: ReadonlyMap<string, MatchedList>;
};

/** By name of the segment. Refuses an unknown segment in a rule, and rules that go in a circle. */
export function canonicalForms(
  segments: readonly SegmentRule[],
  sources: Sources,
): Map<string, Canonical> {
  const rules = new Map(segments.map(({ name, rule }) => [name, rule]));
  const nodes = new Map<string, Node>();
  const path: string[] = [];
  const nodeOfSegment = (name: string): Node => {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const rule = rules.get(name);
    if (rule === undefined) {
      // The config is checked before: a segment that it lacks is a list's that has expired.
      if (name.startsWith("list.")) return missing;
      throw new BankError(`segment ${path.at(-1)}: there is no segment ${name} for its rule`);
    }
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(" -> ");
      throw new BankError(`segments refer to each other in a circle: ${circle}`);
    }
    path.push(name);
    const node = nodeOf(rule, sources, nodeOfSegment);
    path.pop();
    nodes.set(name, node);
    return node;
  };
  return new Map(
    segments.map(({ name }) => {
      const { digest, available } = nodeOfSegment(name);
      return [name, { digest: Buffer.from(digest, "hex"), available }];
    }),
  );
}

function nodeOf(rule: Rule, sources: Sources, nodeOfSegment: (name: string) => Node): Node {
  switch (rule.kind) {
    case "did":
      return leaf(["did", behaviourKey(rule.behaviour)]);
    case "segment":
      return nodeOfSegment(rule.name);
    case "list": {
      const list = sources.lists.get(listKey(rule.agency, rule.name));
      return list === undefined ? missing : leaf(["list", list.fingerprint]);
    }
    case "stage": {
      const stageRules = stageRulesText(sources.config, rule.advertiser);
      return group(
        "any",
        rule.stages.map((stage) => leaf(["stage", stageRules, stage])),
      );
    }
    case "area":
      return group("any", rule.areas.map(areaLeaf));
    case "market":
      return group(
        "any",
        rule.markets.map((market) => leaf(["market", market])),
      );
    default:
      return group(
        rule.kind,
        rule.of.map((child) => nodeOf(child, sources, nodeOfSegment)),
      );
  }
}

/** All four stages together: which one a person is in depends on the others. */
function stageRulesText(config: BankConfig, advertiser: number): string {
  const rules = config.aipl.find((aipl) => aipl.advertiser === advertiser);
  if (rules === undefined) throw new BankError(`no AIPL rules for advertiser ${advertiser}`);
  return JSON.stringify(stages.map((stage) => rules.stages[stage].map(behaviourKey).sort()));
}

const sha256 = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex");

const leaf = (value: unknown): Node => ({
  ...({ kind: "leaf", of: [], available: true } as const),
  digest: sha256(value),
});

const areaLeaf = (area: string): Node => leaf(["area", area]);

/** Of everybody at home in an area, as of a rule that says no more. */
export const areaDigest = (area: string): Uint8Array => Buffer.from(areaLeaf(area).digest, "hex");

const missing: Node = { kind: "leaf", digest: sha256(["missing"]), of: [], available: false };

/** "none" is the complement of "any", so groups within take the form of the one outside. */
function group(kind: "all" | "any" | "none", children: readonly Node[]): Node {
  const inner = kind === "all" ? "all" : "any";
  const flat = children.flatMap((child) => (child.kind === inner ? child.of : [child.digest]));
  const of = [...new Set(flat)].sort();
  const available = children.every((child) => child.available);
  if (kind !== "none" && of.length === 1) {
    const only = children.find((child) => child.digest === of[0]);
    if (only !== undefined) return { ...only, available };
  }
  return { kind, digest: sha256([kind, of]), of, available };
}
