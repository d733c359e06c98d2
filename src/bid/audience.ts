import type { CampaignTable } from "../campaign/table.js";
import { Demand, NO_AUDIENCE } from "../campaign/table.js";
import { isAsked } from "./asking.js";
import type { Decision } from "./decision.js";

/**
 * True when the person's row meets the audience: any term of its disjunctive normal form. Every
 * term is evaluated, so that the work does not depend on the person; remembered for the request. An
 * audience without a certificate in this World is never true, nor is any audience for a person that
 * is not `known`, nor one that is not asked about the person today.
 */
function inAudience(decision: Decision, audience: number): boolean {
  const { table, scratch } = decision;
  if (scratch.audienceStamp[audience] === scratch.requestStamp) {
    return scratch.audienceTrue[audience] === 1;
  }
  const met = meetsAudience(table, scratch.row, audience);
  const open = table.audienceLive[audience]! & isAsked(decision, audience);
  const truth = met & open & (decision.known ? 1 : 0);
  scratch.audienceStamp[audience] = scratch.requestStamp;
  scratch.audienceTrue[audience] = truth;
  return truth === 1;
}

/**
 * 1 when a term holds, else 0. A term holds when no word misses a wanted bit or has an unwanted
 * one. No step but the end of the audience depends on anything: who is asked costs nothing more.
 */
export function meetsAudience(table: CampaignTable, row: Uint32Array, audience: number): number {
  const { demand } = table;
  let any = 0;
  let wrong = 0;
  let at = table.audienceDemand[audience]!;
  for (let marks = 0; (marks & Demand.LAST_OF_AUDIENCE) === 0; at += 3) {
    marks = demand[at]!;
    const word = row[marks & Demand.WORD]!;
    wrong |= (~word & demand[at + 1]!) | (word & demand[at + 2]!);
    const isLast = (marks >>> 8) & 1;
    any |= isLast & (((wrong | -wrong) >>> 31) ^ 1);
    wrong &= isLast - 1;
  }
  return any;
}

/** The first arm of a line item whose audience is true; -1 = none. All arms are evaluated. */
export function armOf(decision: Decision, lineItem: number): number {
  const { table } = decision;
  const start = table.lineItemArmStart[lineItem]!;
  let chosen = -1;
  for (let arm = start + table.lineItemArmCount[lineItem]! - 1; arm >= start; arm--) {
    const audience = table.armAudience[arm]!;
    if (audience === NO_AUDIENCE || inAudience(decision, audience)) chosen = arm;
  }
  return chosen;
}
