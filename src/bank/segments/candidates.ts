import type { AgencyId } from "../../base/ids.js";
import {
  type AiplRules,
  type BankConfig,
  type SegmentRule,
  type Stage,
  stages,
} from "../config/model.js";
import { sensitiveTopicOf } from "../config/sensitive.js";
import type { MatchedList } from "./lists.js";

/**
 * Every segment that may come out, in the order of a snapshot's dictionary: those of the config,
 * then the private ones side by side by agency, so that an agency's projection needs few planes.
 */
export function candidatesOf(config: BankConfig, lists: Iterable<MatchedList>): SegmentRule[] {
  const privateOnes = [
    ...config.aipl.flatMap((rules) => stages.map((stage) => stageSegment(rules, stage))),
    ...Array.from(lists, listSegment),
  ];
  // Sorting is stable: within an agency stages come in config order, then lists by name.
  privateOnes.sort((a, b) => a.agencies[0]! - b.agencies[0]!);
  return [...config.segments, ...privateOnes];
}

function stageSegment(rules: AiplRules, stage: Stage): SegmentRule {
  const { advertiser, agency, word, label } = rules;
  const behaviours = rules.stages[stage];
  const touchpoints = new Set(behaviours.flatMap((behaviour) => behaviour.touchpoints));
  return {
    name: `aipl.${word}.${stage}`,
    label: `${label}: ${stage}`,
    source: touchpoints.size === 1 ? [...touchpoints][0]! : "mixed",
    recencyDays: Math.max(0, ...behaviours.map(({ withinDays }) => withinDays)),
    method: "observed",
    outward: true,
    agencies: [agency],
    rule: { kind: "stage", advertiser, stages: [stage] },
  };
}

const listSegment = ({ agency, name, lifetimeDays }: MatchedList): SegmentRule => ({
  name: `list.${agency}.${name}`,
  label: `List ${name}`,
  source: "list",
  recencyDays: lifetimeDays,
  method: "declared",
  // Taken in before the name was looked at.
  outward: sensitiveTopicOf(name) === null,
  agencies: [agency as AgencyId],
  rule: { kind: "list", agency: agency as AgencyId, name },
});
