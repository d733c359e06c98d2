import { assert } from "../base/assert.js";
import type { SharedState } from "./shared-state.js";

/**
 * What a cap counts for (a level, an id, a window) has a place in the shared rules, one i32:
 *
 *    -1   held: impressions of before are not counted yet, so nobody is bid for
 *     0   counted
 *     n   counted for people with an ordinal; before second n nobody is bid for who is known by an
 *         identifier alone, since whom they are was not kept over the start
 *
 * Main writes HELD with a rule's first place, the money thread the rest.
 */
const HELD = -1;

/** Before the World that has the rule. */
export const holdCapRule = (state: SharedState, place: number): void => {
  Atomics.store(state.capRules, place, HELD);
};

/** Of all places, used or not: nobody can tell what was shown to whom. */
export function holdAllCapRules(state: SharedState): void {
  for (let place = 0; place < state.capRules.length; place++) holdCapRule(state, place);
}

/** Everything of before is counted; second 0 = for people without an ordinal as well. */
export function openCapRule(state: SharedState, place: number, unknownFromSec: number): void {
  assert(unknownFromSec >= 0 && unknownFromSec < 2 ** 31);
  Atomics.store(state.capRules, place, unknownFromSec);
}

/** Whether impressions of this person may be counted by the rule now. */
export function isCapRuleOpen(
  state: SharedState,
  place: number,
  known: boolean,
  nowSec: number,
): boolean {
  const word = Atomics.load(state.capRules, place);
  return word === 0 || (word > 0 && (known || nowSec >= word));
}
