import { demoSegments } from "../src/bank/generate/demo-segments.js";
import { Hash64, mix32, type SipKey } from "../src/base/hash.js";
import { identifierHashInto } from "../src/base/identifier.js";
import { crowdMinimumPeople } from "../src/base/limits.js";
import { insertBlockMax } from "../src/index/identifier-table.js";
import type { IndexBuilder } from "../src/index/index-builder.js";
import { bandOf, planeCountOf, type SegmentEntry } from "../src/index/manifest.js";
import { PeopleFill, type PeopleShare } from "../src/index/people-fill.js";
import { syntheticIdentifier, syntheticSeed } from "../src/testing/synthetic-index.js";

/**
 * A population that exists only as arithmetic: person n's identifiers, row and home area follow
 * from (seed, n), so that 630 million people need no file. An identifier is its 64-bit hash at
 * once, two mixes and not SipHash, whose cost is printed apart. Ordinals are 1..people.
 */
export type ScaleStream = {
  readonly seed: number;
  readonly people: number;
  readonly identifiersEach: number;
  readonly segments: number;
  /** People with an identifier that a bid request can carry; null: nobody. */
  readonly reachable: Reachable | null;
};

/** Person `every` x k has demo identifier k, hashed as the bidder does. */
export type Reachable = { readonly every: number; readonly key: SipKey };

const rowSalt = 0x5e60_0000;
const areaSalt = 0xa4ea_0000;
const areaCount = 100;

export const scaleAreas: readonly string[] = Array.from(
  { length: areaCount },
  (_, i) => `area ${i}`,
);

/**
 * The hash of identifier `i`, lo and hi, to `out[at]` and `out[at + 1]`. One mix of a counter never
 * gives a value twice, which would spare the table every collision; two mixed once more do.
 */
export function scaleHashInto(seed: number, i: number, out: Uint32Array, at: number): void {
  const x = mix32(seed, i);
  const y = mix32(~seed, i);
  out[at] = mix32(x, y);
  out[at + 1] = mix32(y, x);
}

/** The number of person n's first identifier; the others follow. */
export const firstIdentifierOf = (stream: ScaleStream, n: number): number =>
  (n - 1) * stream.identifiersEach;

/** Each bit is set for half of the people. */
export const rowWordOf = (seed: number, plane: number, n: number): number =>
  mix32(mix32(seed ^ rowSalt, plane), n);

export const homeAreaOf = (seed: number, n: number): number =>
  1 + (mix32(seed ^ areaSalt, n) % areaCount);

/** The dictionary: the demo's names first, so that a book of the demo's segments fits. */
export function scaleSegments({ people, segments }: ScaleStream): SegmentEntry[] {
  const bandedPeople = Math.max(crowdMinimumPeople, bandOf(people / 2));
  return Array.from({ length: segments }, (_, i) => {
    const name = demoSegments[i]?.name ?? `scale.s${i}`;
    const label = demoSegments[i]?.label ?? `Scale ${i}`;
    const facts = { source: "scale", recencyDays: 30, method: "observed", agencies: [] };
    return { name, label, ...facts, bandedPeople };
  });
}

const hash = new Hash64();
const encoder = new TextEncoder();

function reachableHashInto(
  { every, key }: Reachable,
  n: number,
  out: Uint32Array,
  at: number,
): void {
  const identifier = syntheticIdentifier(syntheticSeed, n / every);
  if (identifier === undefined) return;
  const bytes = encoder.encode(identifier.value);
  identifierHashInto(identifier.namespace, 0, key, bytes, 0, bytes.length, hash);
  out[at] = hash.lo;
  out[at + 1] = hash.hi;
}

type Progress = (done: number, total: number) => void;

/** Adds every identifier, in blocks. `onSlice` is called twenty times, the last at the end. */
export function fillIdentifiers(
  builder: IndexBuilder,
  stream: ScaleStream,
  onSlice: Progress,
): void {
  const { seed, people, identifiersEach, reachable } = stream;
  const total = people * identifiersEach;
  const slice = Math.ceil(total / 20);
  const hashes = new Uint32Array(2 * insertBlockMax);
  const ordinals = new Uint32Array(insertBlockMax);
  let nextSlice = slice;
  for (let first = 0; first < total; first += insertBlockMax) {
    const count = Math.min(insertBlockMax, total - first);
    for (let i = 0; i < count; i++) {
      const number = first + i;
      const n = 1 + Math.floor(number / identifiersEach);
      ordinals[i] = n;
      scaleHashInto(seed, number, hashes, 2 * i);
      if (reachable === null || n % reachable.every !== 0) continue;
      if (number % identifiersEach === 0) reachableHashInto(reachable, n, hashes, 2 * i);
    }
    builder.addBlock(hashes, ordinals, count);
    if (first + count < Math.min(nextSlice, total)) continue;
    nextSlice += slice;
    onSlice(first + count, total);
  }
}

/** Gives everyone their row and home area. */
export function fillPeople(share: PeopleShare, { seed, people, segments }: ScaleStream): void {
  const fill = new PeopleFill(share);
  const row = new Uint32Array(planeCountOf(segments));
  for (let n = 1; n <= people; n++) {
    for (let plane = 0; plane < row.length; plane++) row[plane] = rowWordOf(seed, plane, n);
    fill.setRow(n, row);
    fill.setHomeArea(n, homeAreaOf(seed, n));
  }
}
