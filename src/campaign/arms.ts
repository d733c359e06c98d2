import type { CanonicalAudience } from "./audience.js";
import { atHomeIn, normalise } from "./audience.js";
import { noHomeAreas } from "./home-areas.js";
import { snapToLadder } from "./ladder.js";
import type { AudienceExpression, HomeFinder, LineItem } from "./model.js";

/** One price step of a line item: for people of `audience`, or (null) for everybody. */
export type Arm = { readonly audience: CanonicalAudience | null; readonly factorPermille: number };

export type Arms =
  | { readonly ok: true; readonly arms: readonly Arm[] }
  | { readonly ok: false; readonly why: string };

const neutralPermille = 1000;

/**
 * The arms of a line item. Modifiers are an ordered list of which the first that is true counts, so
 * modifier k holds for: audience, and k, and none before it. Modifiers that snap to one ladder step
 * are one arm, because what leaves the bidder is the step. The rest of the audience has the step
 * 1000; without an audience the rest is everybody, unknown people too. Arms exclude each other, so
 * that their order does not matter. `areas` is where targeting lets their people live
 * (home-areas.ts), null = anywhere.
 */
export function armsOf(
  lineItem: Pick<LineItem, "audience" | "price">,
  areas: readonly string[] | null,
): Arms {
  const { audience, price } = lineItem;
  const base: readonly AudienceExpression[] = audience === null ? [] : [audience];
  const bySteps = new Map<number, AudienceExpression[]>();
  const before: AudienceExpression[] = [];
  for (const { when, factorPermille } of price.personModifiers) {
    const step = snapToLadder(factorPermille);
    const none = before.length === 0 ? [] : [{ none: [...before] }];
    const parts = [...base, when, ...none];
    bySteps.set(step, [...(bySteps.get(step) ?? []), { all: parts }]);
    before.push(when);
  }
  const rest = bySteps.get(neutralPermille) ?? [];
  bySteps.delete(neutralPermille);
  const arms: Arm[] = [];
  for (const [factorPermille, any] of [...bySteps].sort(([a], [b]) => a - b)) {
    const normal = normalise({ any });
    if (!normal.ok) return normal;
    if (normal.audience.terms.length === 0) continue;
    arms.push({ audience: atHomeIn(normal.audience, areas), factorPermille });
  }
  if (audience === null) {
    return { ok: true, arms: [...arms, { audience: null, factorPermille: neutralPermille }] };
  }
  const none = before.length === 0 ? [] : [{ none: before }];
  const normal = normalise({ any: [{ all: [...base, ...none] }, ...rest] });
  if (!normal.ok) return normal;
  if (normal.audience.terms.length > 0) {
    arms.push({
      audience: atHomeIn(normal.audience, areas),
      factorPermille: neutralPermille,
    });
  }
  return { ok: true, arms };
}

/** The arms of a line item where its targeting puts them. */
export function armsAtHome(lineItem: LineItem, homeAreas: HomeFinder = noHomeAreas): Arms {
  const clause = homeAreas.clauseOf(lineItem);
  return clause.ok ? armsOf(lineItem, clause.areas) : clause;
}
