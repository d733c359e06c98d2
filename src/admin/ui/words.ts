import type { LineItemState } from "../desk/desk.js";
import type { Option } from "./kit/field.js";

/** Names of closed lists as people read them; the types keep them complete. */

const stateWords: Readonly<Record<LineItemState, string>> = {
  ...{ live: "Live", warming: "Warming up", checking: "Checking", draft: "Draft" },
  ...{ paused: "Paused", stopped: "Stopped", held: "Held", refused: "Refused" },
  ...{ "no creative": "No creative", error: "Error", "not started": "Not started" },
  ...{ ended: "Ended", "budget spent": "Budget spent" },
};

export const optionsOf = <Name extends string>(
  words: Readonly<Record<Name, string>>,
): readonly Option[] =>
  (Object.entries(words) as [Name, string][]).map(([value, label]) => ({ value, label }));

export const lineItemStateNames = optionsOf(stateWords);
export const stateWord = (state: LineItemState): string => stateWords[state];
