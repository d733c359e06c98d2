import { assert } from "./assert.js";
import { DiscreteLaplace } from "./discrete-laplace.js";
import { Hash64, type SipKey } from "./hash.js";
import { sipHash24Into } from "./siphash.js";

/**
 * The crowd minimum as a one-sided noisy threshold: a set of n people is admitted iff
 *
 *   n + Z >= F + m        Z in [-m, m], P(Z = z) proportional to e^(-epsilon |z|)
 *
 * so that a set below F is never admitted, one of F + 2 m always, and whoever adds or takes one
 * person learns from the verdict at most (epsilon, delta). Z is drawn from a PRF over the set's
 * canonical digest and the day of the draw: the same set has the same noise, and to ask again is to
 * hear the same again.
 */
export const crowdEpsilonInverse = 10;
export const crowdDelta = 1e-9;

/**
 * Half of the width that the noise needs. One person more moves the noise by one, which a verdict
 * betrays with certainty only where Z was at its end: P(Z = m) <= delta. With q = e^-epsilon,
 *
 *   P(Z = m) = q^m (1 - q) / (1 + q - 2 q^(m + 1)) <= delta
 *      <=    m >= (1 / epsilon) ln(1 + (e^epsilon - 1) / (2 delta))
 *
 * The bound is that of the truncated continuous Laplace distribution, and larger than the exact one
 * by ln((e^epsilon + 1) / 2) / epsilon: half a person.
 */
export function crowdMargin(epsilon: number, delta: number): number {
  assert(epsilon > 0 && delta > 0 && delta < 1, "epsilon above 0, delta between 0 and 1");
  return Math.ceil(Math.log1p(Math.expm1(epsilon) / (2 * delta)) / epsilon);
}

/** 178: the noise lies in [-178, 178]. */
export const crowdMarginPeople = crowdMargin(1 / crowdEpsilonInverse, crowdDelta);
assert(crowdMarginPeople === 178);

/** A draw is kept for so long, and what fell below stays out for as long. */
export const crowdDrawDays = 30;
export const crowdReturnDays = 30;

/** Sets that an agency may have judged for the first time on one day (UTC). */
export const crowdChecksADay = 50;

/** The whole rule: `people` are exact, `minimum` is F. */
export const admitsCrowd = (people: number, noise: number, minimum: number): boolean =>
  people + noise >= minimum + crowdMarginPeople;

const laplace = new DiscreteLaplace(crowdEpsilonInverse, crowdMarginPeople);

/** The probability of one value of the noise, for those who check it. */
export const noiseProbability = (noise: number): number => laplace.probability(noise);

/** Tells this use of the key from every other one. */
const domain = 0x63;
const digestBytesMax = 64;
const message = new Uint8Array(1 + 4 + digestBytesMax);
const hash = new Hash64();

/**
 * The noise of a set: `digest` is of its canonical form, `drawDay` in days since 1970. The inverse
 * of the cumulative weights at 64 uniform bits.
 */
export function crowdNoise(key: SipKey, digest: Uint8Array, drawDay: number): number {
  assert(digest.length > 0 && digest.length <= digestBytesMax, "a digest of 1 to 64 bytes");
  message[0] = domain;
  for (let i = 0; i < 4; i++) message[1 + i] = drawDay >>> (8 * i);
  message.set(digest, 5);
  sipHash24Into(key, message, 0, 5 + digest.length, hash);
  return noiseAt((BigInt(hash.hi) << 32n) | BigInt(hash.lo));
}

/** The noise at a uniform number of 64 bits: rising from -m at 0 to m at the end. */
export const noiseAt = (uniform: bigint): number => laplace.at(uniform);
