import type { AudienceExpression } from "../../src/campaign/model.js";

/**
 * The rule for audiences once more, written from its words alone and shared with nothing: people
 * are bits, sets are found by asking every person in turn, terms by multiplying out without any
 * short cut. Segments are named s0, s1, ...
 */
export type Crowd = {
  /** By person: bit k = in segment k; the two bits behind the segments are the home. */
  readonly people: Uint8Array;
  readonly segments: number;
};

/** 0 = not known, else an area. */
export const homeOf = ({ segments }: Crowd, bits: number): number => bits >> segments;

/** A wish and the places that it is aimed at: bit a = area a; null = anywhere. */
export type Aimed = { readonly expression: AudienceExpression; readonly areas: number | null };

const livesIn = (crowd: Crowd, areas: number | null, bits: number): boolean =>
  areas === null || ((areas >> homeOf(crowd, bits)) & 1) === 1;

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

export function setsOf(crowd: Crowd, audiences: readonly Aimed[]): readonly Sets[] {
  const terms = audiences.map(({ expression }) => termsOf(expression));
  const impliedBy = (g: number, h: number): boolean =>
    terms[g]!.every((one) => terms[h]!.some((other) => asksFor(one, other)));
  const areApart = (g: number, h: number): boolean =>
    terms[g]!.every((one) =>
      terms[h]!.every((other) => ((one & (other >> 8)) | (other & (one >> 8))) & 0xff),
    );
  const isAimedWithin = (g: number, h: number): boolean => {
    const [own, other] = [audiences[g]!.areas, audiences[h]!.areas];
    return other === null || (own !== null && (own & ~other) === 0);
  };
  /** People of g and not of h, as each is aimed; who is at home nowhere hides no area. */
  const without = (g: number, h: number): number =>
    countOf(
      crowd,
      (bits) =>
        isThere(crowd, audiences[g]!, bits) &&
        !isThere(crowd, audiences[h]!, bits) &&
        (audiences[h]!.areas === null || homeOf(crowd, bits) !== 0),
    );
  /** The same where both are asked about; in other places than those anywhere will do. */
  const withoutWhere = (g: number, h: number, where: number | null): number =>
    countOf(
      crowd,
      (bits) =>
        livesIn(crowd, where, bits) &&
        isMeant(audiences[g]!.expression, bits) &&
        !isMeant(audiences[h]!.expression, bits),
    );
  return audiences.map(({ areas }, later) => {
    const differences: [number, number][] = [];
    for (let earlier = 0; earlier < later; earlier++) {
      if (areApart(earlier, later)) continue;
      const other = audiences[earlier]!.areas;
      const shared = (areas ?? other ?? 0) & (other ?? areas ?? 0);
      const meet = areas === null || other === null || shared !== 0;
      for (const [g, h] of [
        [later, earlier],
        [earlier, later],
      ] as const) {
        if (meet && !(impliedBy(g, h) && isAimedWithin(g, h))) {
          differences.push([earlier, without(g, h)]);
        }
        if (areas !== other && !impliedBy(g, h)) {
          const where = shared === 0 ? null : shared;
          differences.push([earlier, withoutWhere(g, h, where)]);
        }
      }
    }
    const own = terms[later]!.map((way) =>
      countOf(crowd, (bits) => fits(way, bits) && livesIn(crowd, areas, bits)),
    );
    return { terms: own, differences };
  });
}

const isThere = (crowd: Crowd, { expression, areas }: Aimed, bits: number): boolean =>
  isMeant(expression, bits) && livesIn(crowd, areas, bits);

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
 * The bid path knows no homes: whoever asks names the place, and may name one that both are aimed
 * at, or one after the other. So both are looked at among all, and in the places that they share;
 * there one who excludes the other, whoever the people are, shows no more than it does alone.
 */
export function smallestShown(
  crowd: Crowd,
  audiences: readonly Aimed[],
  certified: readonly boolean[],
): number {
  const shown = audiences.filter((_, i) => certified[i]);
  const sizes = shown.map((one) => countOf(crowd, (bits) => isThere(crowd, one, bits)));
  const anybody = Array.from({ length: 1 << crowd.segments }, (_, bits) => bits);
  for (const one of shown) {
    for (const other of shown) {
      const isOnlyOne = (bits: number): boolean =>
        isMeant(one.expression, bits) && !isMeant(other.expression, bits);
      if (!anybody.some(isOnlyOne)) continue;
      sizes.push(countOf(crowd, isOnlyOne));
      const shared = (one.areas ?? other.areas ?? 0) & (other.areas ?? one.areas ?? 0);
      const isBoth = (bits: number): boolean =>
        isMeant(one.expression, bits) && isMeant(other.expression, bits);
      if (shared === 0 || !anybody.some(isBoth)) continue;
      sizes.push(countOf(crowd, (bits) => isOnlyOne(bits) && livesIn(crowd, shared, bits)));
    }
  }
  return Math.min(Number.POSITIVE_INFINITY, ...sizes);
}
