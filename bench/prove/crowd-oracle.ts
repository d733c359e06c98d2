import type { AudienceExpression } from "../../src/campaign/model.js";

/**
 * The rule for audiences once more, written from its words alone and shared with nothing: people
 * are bits, sets are found by asking every person in turn, terms by multiplying out without any
 * short cut. Segments are named s0, s1, ...
 */
export type Crowd = {
  /** By person: bit k = in segment k. */
  readonly people: Uint8Array;
  readonly segments: number;
};

const segmentOf = (name: string): number => Number(name.slice(1));

/** Whether somebody with these bits is meant. */
export function isMeant(expression: AudienceExpression, bits: number): boolean {
  if (typeof expression === "string") return ((bits >> segmentOf(expression)) & 1) === 1;
  if ("all" in expression) return expression.all.every((part) => isMeant(part, bits));
  if ("any" in expression) return expression.any.some((part) => isMeant(part, bits));
  return !expression.none.some((part) => isMeant(part, bits));
}

/** A term: bit k = in segment k, bit 8 + k = not in segment k. */
type Mask = number;

function waysOf(expression: AudienceExpression, negated: boolean): Mask[] {
  if (typeof expression === "string") return [1 << (segmentOf(expression) + (negated ? 8 : 0))];
  if ("none" in expression) {
    return "none" in expression && !negated
      ? crossed(expression.none.map((part) => waysOf(part, true)))
      : expression.none.flatMap((part) => waysOf(part, false));
  }
  const isAll = "all" in expression;
  const parts = (isAll ? expression.all : expression.any).map((part) => waysOf(part, negated));
  return isAll === negated ? parts.flat() : crossed(parts);
}

const crossed = (parts: Mask[][]): Mask[] =>
  parts.reduce<Mask[]>((ways, part) => ways.flatMap((way) => part.map((one) => way | one)), [0]);

/** The terms of the normal form: possible, and no other one asks for less. */
export function termsOf(expression: AudienceExpression): readonly Mask[] {
  const possible = [...new Set(waysOf(expression, false))].filter(
    (way) => (way & (way >> 8) & 0xff) === 0,
  );
  return possible.filter((way) => !possible.some((other) => other !== way && asksFor(way, other)));
}

/** Everything that `other` asks for, `way` asks for too. */
const asksFor = (way: Mask, other: Mask): boolean => (way & other) === other;

const fits = (way: Mask, bits: number): boolean =>
  (bits & way & 0xff) === (way & 0xff) && (bits & (way >> 8)) === 0;

export function countOf({ people }: Crowd, holds: (bits: number) => boolean): number {
  let count = 0;
  for (const bits of people) if (holds(bits)) count++;
  return count;
}

/** People of every set that the rule asks for, when one audience comes after others. */
export type Sets = {
  readonly terms: readonly number[];
  /** By the place of the other audience. */
  readonly differences: readonly (readonly [other: number, people: number])[];
};

export function setsOf(crowd: Crowd, audiences: readonly AudienceExpression[]): readonly Sets[] {
  const terms = audiences.map(termsOf);
  const within = (g: number, h: number): boolean =>
    terms[g]!.every((one) => terms[h]!.some((other) => asksFor(one, other)));
  const areApart = (g: number, h: number): boolean =>
    terms[g]!.every((one) =>
      terms[h]!.every((other) => ((one & (other >> 8)) | (other & (one >> 8))) & 0xff),
    );
  const without = (g: number, h: number): number =>
    countOf(crowd, (bits) => isMeant(audiences[g]!, bits) && !isMeant(audiences[h]!, bits));
  return audiences.map((_, later) => {
    const differences: [number, number][] = [];
    for (let earlier = 0; earlier < later; earlier++) {
      if (areApart(earlier, later)) continue;
      if (!within(later, earlier)) differences.push([earlier, without(later, earlier)]);
      if (!within(earlier, later)) differences.push([earlier, without(earlier, later)]);
    }
    const own = terms[later]!.map((way) => countOf(crowd, (bits) => fits(way, bits)));
    return { terms: own, differences };
  });
}

/** Who is certified, in turn; `isCrowd` says it of a number of people. */
export function certifiedOf(
  sets: readonly Sets[],
  isCrowd: (people: number) => boolean,
): readonly boolean[] {
  const certified: boolean[] = [];
  for (const { terms, differences } of sets) {
    const apart = differences.every(([other, people]) => !certified[other] || isCrowd(people));
    certified.push(terms.length > 0 && terms.every(isCrowd) && apart);
  }
  return certified;
}

/**
 * What the promise forbids, whatever the rule: people of a certified audience, or of one without
 * another, who are fewer than the minimum; nobody at all only where logic says so for any people.
 */
export function smallestShown(
  crowd: Crowd,
  audiences: readonly AudienceExpression[],
  certified: readonly boolean[],
): number {
  const shown = audiences.filter((_, i) => certified[i]);
  const sizes = shown.map((one) => countOf(crowd, (bits) => isMeant(one, bits)));
  for (const one of shown) {
    for (const other of shown) {
      const isOnlyOne = (bits: number): boolean => isMeant(one, bits) && !isMeant(other, bits);
      const anybody = Array.from({ length: 1 << crowd.segments }, (_, bits) => bits);
      if (anybody.some(isOnlyOne)) sizes.push(countOf(crowd, isOnlyOne));
    }
  }
  return Math.min(Number.POSITIVE_INFINITY, ...sizes);
}
