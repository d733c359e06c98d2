/**
 * A log-linear histogram of whole microseconds in a caller's Float64Array: below 16 one bucket a
 * value, above 16 buckets an octave, so a bucket is at most 1/16 of its value wide. The last one
 * also takes everything from 2^24 us (16.8 s) on.
 *
 *   bucket   0 .. 15 | 16 .. 31 | 32 .. 47 | ...
 *   value    0 .. 15 | 16 .. 31 | 32 .. 63 | ... two values a bucket, then four, ...
 */
const octaveBits = 4;
const perOctave = 1 << octaveBits;
const octavesMax = 24;
export const histogramBuckets = (octavesMax - octaveBits + 1) * perOctave;

/** The bucket of a duration; what is no duration counts as 0. */
export function bucketOf(durationUs: number): number {
  if (!(durationUs >= perOctave)) return durationUs > 0 ? Math.floor(durationUs) : 0;
  if (durationUs >= 2 ** octavesMax) return histogramBuckets - 1;
  const exponent = 31 - Math.clz32(durationUs);
  const step = (durationUs >>> (exponent - octaveBits)) & (perOctave - 1);
  return (exponent - octaveBits + 1) * perOctave + step;
}

/** The first microsecond above a bucket. */
export function bucketEndUs(bucket: number): number {
  if (bucket < perOctave) return bucket + 1;
  const exponent = (bucket >>> octaveBits) + octaveBits - 1;
  const step = bucket & (perOctave - 1);
  return 2 ** exponent + (step + 1) * 2 ** (exponent - octaveBits);
}

/** The duration that a share of all counts stays below (0.99 = p99), 0 without counts. */
export function quantileUs(counts: Float64Array, share: number): number {
  let total = 0;
  for (let i = 0; i < histogramBuckets; i++) total += counts[i]!;
  if (total === 0) return 0;
  const wanted = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let i = 0; i < histogramBuckets; i++) {
    seen += counts[i]!;
    if (seen >= wanted) return bucketEndUs(i);
  }
  return bucketEndUs(histogramBuckets - 1);
}

/** Counts of durations below `limitUs`; exact where the limit ends a bucket (powers of two do). */
export function countBelow(counts: Float64Array, limitUs: number): number {
  let count = 0;
  for (let i = 0; i < histogramBuckets && bucketEndUs(i) <= limitUs; i++) count += counts[i]!;
  return count;
}
