import type { CanonicalAudience } from "./audience.js";
import { normalise } from "./audience.js";
import { snapToLadder } from "./ladder.js";
import type { AudienceExpression, LineItem } from "./model.js";

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
 * that their order does not matter.
 */
export function armsOf(lineItem: Pick<LineItem, "audience" | "price">): Arms {
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
    if (normal.audience.terms.length > 0) arms.push({ audience: normal.audience, factorPermille });
  }
  if (audience === null) {
    return { ok: true, arms: [...arms, { audience: null, factorPermille: neutralPermille }] };
  }
  const none = before.length === 0 ? [] : [{ none: before }];
  const normal = normalise({ any: [{ all: [...base, ...none] }, ...rest] });
  if (!normal.ok) return normal;
  if (normal.audience.terms.length > 0) {
    arms.push({ audience: normal.audience, factorPermille: neutralPermille });
  }
  return { ok: true, arms };
}
