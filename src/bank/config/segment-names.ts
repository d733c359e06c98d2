import type { AgencyId } from "../../base/ids.js";
import { type AiplRules, type BankConfig, type Stage, stages } from "./model.js";

/** The segments that an advertiser's stages are, in order of stage. */
export const stageSegmentNames = ({
  word,
}: Pick<AiplRules, "word">): readonly { readonly stage: Stage; readonly name: string }[] =>
  stages.map((stage) => ({ stage, name: `aipl.${word}.${stage}` }));

/** A segment that a snapshot may hold, and the agencies that may use it; none named = all. */
export type SegmentName = { readonly name: string; readonly agencies: readonly AgencyId[] };

/**
 * The segments that the bank gives to bidders, AIPL stages first; a snapshot leaves out those below
 * the crowd minimum.
 */
export const bankSegmentNames = ({ aipl, segments }: BankConfig): readonly SegmentName[] => [
  ...aipl.flatMap((rules) =>
    stageSegmentNames(rules).map(({ name }) => ({ name, agencies: [rules.agency] })),
  ),
  ...segments.filter(({ outward }) => outward).map(({ name, agencies }) => ({ name, agencies })),
];
