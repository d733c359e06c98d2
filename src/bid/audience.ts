import type { CampaignTable } from "../campaign/table.js";
import { NO_AUDIENCE } from "../campaign/table.js";
import type { Scratch } from "./scratch.js";

/**
 * True when the person's row meets the audience: any term of its disjunctive normal form. Every
 * term is evaluated, so that the work does not depend on the person; remembered for the request. An
 * audience without a certificate in this World is never true, nor is any audience for a person that
 * is not `known`.
 */
export function inAudience(
  table: CampaignTable,
  scratch: Scratch,
  audience: number,
  known: boolean,
): boolean {
  if (scratch.audienceStamp[audience] === scratch.requestStamp) {
    return scratch.audienceTrue[audience] === 1;
  }
  const start = table.audienceTermStart[audience]!;
  const met = anyTerm(table, scratch.row, start, table.audienceTermCount[audience]!);
  const truth = met & table.audienceLive[audience]! & (known ? 1 : 0);
  scratch.audienceStamp[audience] = scratch.requestStamp;
  scratch.audienceTrue[audience] = truth;
  return truth === 1;
}

/** 1 when a term holds. A term holds when no word misses a wanted bit or has an unwanted one. */
function anyTerm(table: CampaignTable, row: Uint32Array, start: number, count: number): number {
  let any = 0;
  for (let term = start; term < start + count; term++) {
    const first = table.termWordStart[term]!;
    let wrong = 0;
    for (let i = first; i < first + table.termWordCount[term]!; i++) {
      const word = row[table.termWord[i]!]!;
      wrong |= (~word & table.termOnes[i]!) | (word & table.termZeros[i]!);
    }
    any |= wrong === 0 ? 1 : 0;
  }
  return any;
}

/** The first arm of a line item whose audience is true; -1 = none. All arms are evaluated. */
export function armOf(
  table: CampaignTable,
  scratch: Scratch,
  lineItem: number,
  known: boolean,
): number {
  const start = table.lineItemArmStart[lineItem]!;
  let chosen = -1;
  for (let arm = start + table.lineItemArmCount[lineItem]! - 1; arm >= start; arm--) {
    const audience = table.armAudience[arm]!;
    if (audience === NO_AUDIENCE || inAudience(table, scratch, audience, known)) chosen = arm;
  }
  return chosen;
}
