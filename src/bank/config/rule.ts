import type { AdvertiserId, AgencyId } from "../../base/ids.js";
import { suggestion } from "../../campaign/issue.js";
import { wordPattern } from "../../campaign/schema-market.js";
import { behaviourOf, type Known, wordsAt } from "./behaviour.js";
import { below, type Place } from "./findings.js";
import type { AiplRules, Rule } from "./model.js";
import type { RuleForm } from "./schema-segments.js";
import { stageSegmentNames } from "./segment-names.js";
import { filled, type Words } from "./template.js";

/** What rules of segments may name beside what every behaviour may. */
export type KnownSegments = Known & {
  readonly segments: ReadonlySet<string>;
  readonly aipl: ReadonlyMap<number, AiplRules>;
};

/** A rule with its words filled in and everything that it names looked up. */
export function ruleOf(form: RuleForm, words: Words, place: Place, known: KnownSegments): Rule {
  const { did, within, segment, stage, list, area, market } = form;
  if (did !== undefined) {
    const behaviour = behaviourOf({ ...form, did, within: within ?? 1 }, words, place, known);
    return { kind: "did", behaviour };
  }
  if (segment !== undefined) {
    const name = filled(segment, words);
    checkSegment(name, below(place, "segment"), known);
    return { kind: "segment", name };
  }
  if (stage !== undefined) {
    const advertiser = stage.advertiser as AdvertiserId;
    checkStage(advertiser, below(place, "stage", "advertiser"), known);
    return { kind: "stage", advertiser, stages: [...new Set(stage.in)] };
  }
  if (list !== undefined) {
    const name = filled(list.name, words);
    if (!wordPattern.test(name)) {
      known.findings.error(below(place, "list", "name"), name, () => {
        return `"${name}" is no list's name: write lower-case words with dots and hyphens`;
      });
    }
    return { kind: "list", agency: list.agency as AgencyId, name };
  }
  if (area !== undefined) return areaRule(area, words, below(place, "area"), known);
  for (const kind of ["all", "any", "none"] as const) {
    const parts = form[kind];
    if (parts === undefined) continue;
    return {
      kind,
      of: parts.map((part, i) => ruleOf(part, words, below(place, kind, i), known)),
    };
  }
  const markets = wordsAt(market, words, below(place, "market"));
  for (const [name, at] of markets) {
    if (known.markets.has(name)) continue;
    known.findings.error(at, name, () => {
      return `there is no market "${name}": ${suggestion(name, known.markets.keys())}`;
    });
  }
  return { kind: "market", markets: markets.map(([name]) => name) };
}

function checkSegment(name: string, place: Place, known: KnownSegments): void {
  if (known.segments.has(name)) return;
  known.findings.error(place, name, () => {
    for (const rules of known.aipl.values()) {
      const stage = stageSegmentNames(rules).find((one) => one.name === name)?.stage;
      if (stage === undefined) continue;
      const written = `{stage: {advertiser: ${rules.advertiser}, in: [${stage}]}}`;
      return `"${name}" is a stage: write ${written} in place of \`segment\``;
    }
    return `there is no segment "${name}": ${suggestion(name, known.segments)}`;
  });
}

function checkStage(advertiser: number, place: Place, { aipl, findings }: KnownSegments): void {
  if (aipl.has(advertiser)) return;
  findings.error(place, String(advertiser), () => {
    const known = [...aipl.keys()].slice(0, 8).join(", ");
    const there = known === "" ? "there is none yet" : `known: ${known}`;
    return `advertiser ${advertiser} has no stages: add it under \`aipl\`; ${there}`;
  });
}

function areaRule(
  form: string | readonly string[],
  words: Words,
  place: Place,
  { areas, smallAreas, findings }: Known,
): Rule {
  const named = wordsAt(form, words, place);
  for (const [name, at] of named) {
    if (areas.has(name)) continue;
    findings.error(at, name, () =>
      smallAreas.has(name)
        ? `"${name}" is below the crowd minimum and no area: drop it`
        : `no market has the area "${name}": ${suggestion(name, areas)}`,
    );
  }
  return { kind: "area", areas: named.map(([name]) => name) };
}
