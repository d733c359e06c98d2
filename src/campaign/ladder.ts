/**
 * The coarse ladder of person-dependent price factors, in permille: powers of 1.08 around 1000, so
 * that a price says at most which step a certified group is on. 61 steps from 0.1 to 10.
 */
const stepRatio = 1.08;
const stepsEachWay = 30;

export const ladder: readonly number[] = Array.from({ length: 2 * stepsEachWay + 1 }, (_, i) =>
  Math.round(1000 * stepRatio ** (i - stepsEachWay)),
);

/** The nearest step by ratio; factors beyond the ladder give its first or last step. */
export function snapToLadder(factorPermille: number): number {
  if (factorPermille <= 0) return ladder[0]!;
  const step = Math.round(Math.log(factorPermille / 1000) / Math.log(stepRatio));
  const place = Math.min(Math.max(step, -stepsEachWay), stepsEachWay) + stepsEachWay;
  return ladder[place]!;
}
