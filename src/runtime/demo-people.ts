import { Hash64, mix32, type SipKey } from "../base/hash.js";
import { identifierHashInto, Namespace } from "../base/identifier.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { PartShifts } from "../index/format.js";
import { IndexBuilder, type IndexImage } from "../index/index-builder.js";
import { bandOf, planeCountOf, type SegmentEntry } from "../index/manifest.js";
import { demoAreas, demoBrands, demoSegments, stageRecencyDays, stages } from "./demo-segments.js";

/**
 * The people of the demo: everything about person n follows from (seed, n), so that a README, a
 * test and the generator speak of the same person without a file between them. People are 1..count;
 * n is the ordinal.
 */
export const demoPeopleVersion = 1;
export const demoSeed = 7;
export const demoPeopleCount = 2_000_000;

/** One identifier of a demo person, as a request would carry it in `device.ifa`. */
export type DemoIdentifier = { readonly namespace: Namespace; readonly value: string };

/** What is true of a demo person. */
export type DemoPerson = {
  readonly ordinal: Ordinal;
  readonly identifiers: readonly DemoIdentifier[];
  /**
   * Every segment that the person is in, also those below the crowd minimum, which no snapshot
   * holds.
   */
  readonly segments: readonly string[];
  readonly homeArea: string;
};

const identifiersMax = 3;
const leaningSteps = 16;
const saltOf = {
  identifier: 0x1000,
  leaning: 0x2000,
  segment: 0x3000,
  brand: 0x4000,
  area: 0x5000,
};

/** Candidate segments in dictionary order: brands by stage, then the others. */
const candidates: readonly Omit<SegmentEntry, "bandedPeople">[] = [
  ...demoBrands.flatMap((brand) =>
    stages.map((stage, s) => ({
      name: `aipl.${brand.name}.${stage}`,
      label: `${brand.label}: ${stage}`,
      source: "aipl",
      recencyDays: stageRecencyDays[s] ?? 15,
      method: "observed",
      agencies: [],
    })),
  ),
  ...demoSegments.map(({ name, label, source, recencyDays, method }) => ({
    ...{ name, label, source, recencyDays, method, agencies: [] },
  })),
];

/**
 * Draws below these make a member, by segment and leaning: the leaning moves a share between 0.6
 * and 1.4 times.
 */
const memberBelow = new Float64Array(demoSegments.length * leaningSteps);
for (const [s, { share }] of demoSegments.entries()) {
  for (let step = 0; step < leaningSteps; step++) {
    const tilt = 0.6 + (0.8 * step) / (leaningSteps - 1);
    memberBelow[s * leaningSteps + step] = share * tilt * 2 ** 32;
  }
}
const leaningOf = Uint8Array.from(demoSegments, ({ leaning }) => leaning);
const stageBelow = Float64Array.from(
  demoBrands.flatMap(({ shares }) =>
    stages.map((_, s) => shares.slice(0, s + 1).reduce((sum, share) => sum + share, 0) * 2 ** 32),
  ),
);

const personKey = (seed: number, n: number): number => mix32(mix32(seed, 0x0dd5eed), n);

/** Sets `out[i]` to 1 when the person is in candidate i, else 0. */
function membershipInto(key: number, out: Uint8Array): void {
  const brandCount = demoBrands.length;
  for (let b = 0; b < brandCount; b++) {
    const draw = mix32(key, saltOf.brand + b);
    let found = 0;
    for (let s = 0; s < stages.length; s++) {
      const inStage = found === 0 && draw < stageBelow[b * stages.length + s]! ? 1 : 0;
      out[b * stages.length + s] = inStage;
      found |= inStage;
    }
  }
  const lean = mix32(key, saltOf.leaning);
  const first = brandCount * stages.length;
  for (let s = 0; s < leaningOf.length; s++) {
    const step = (lean >>> (8 * leaningOf[s]!)) & (leaningSteps - 1);
    const below = memberBelow[s * leaningSteps + step]!;
    out[first + s] = mix32(key, saltOf.segment + s) < below ? 1 : 0;
  }
}

const areaOf = (key: number): number => 1 + (mix32(key, saltOf.area) % demoAreas.length);

/**
 * Even people carry iOS first, odd ones Android; a TV and a second Android device are others' luck.
 */
function namespacesOf(key: number, n: number): readonly Namespace[] {
  const draw = mix32(key, saltOf.identifier);
  const first = n % 2 === 0 ? Namespace.IDFA : Namespace.AAID;
  if (draw % 4 === 0) return [first, Namespace.TIFA, Namespace.OAID];
  return draw % 4 === 1 ? [first, Namespace.TIFA] : [first];
}

const hexDigits = Uint8Array.from("0123456789abcdef", (c) => c.charCodeAt(0));

/** The ASCII of a version 4 UUID, drawn from the person's key: the 36 bytes of `out`. */
function uuidInto(key: number, which: number, out: Uint8Array): void {
  let at = 0;
  for (let word = 0; word < 4; word++) {
    let bits = mix32(key, saltOf.identifier + 1 + which * 4 + word);
    for (let digit = 0; digit < 8; digit++) {
      if (at === 8 || at === 13 || at === 18 || at === 23) out[at++] = 45;
      let value = bits >>> 28;
      bits <<= 4;
      if (at === 14) value = 4;
      if (at === 19) value = 8 | (value & 3);
      out[at++] = hexDigits[value]!;
    }
  }
}

/** Identifier `which` (0 to 2) of person n as text; undefined when the person has fewer. */
export function demoIdentifier(seed: number, n: number, which = 0): DemoIdentifier | undefined {
  const key = personKey(seed, n);
  const namespace = namespacesOf(key, n)[which];
  if (namespace === undefined) return undefined;
  const bytes = new Uint8Array(36);
  uuidInto(key, which, bytes);
  const text = Buffer.from(bytes).toString("latin1");
  // Apple writes capitals; both spellings hash alike.
  return { namespace, value: namespace === Namespace.IDFA ? text.toUpperCase() : text };
}

/** The truth about person n: for explain, examples and tests. */
export function demoPerson(n: number, seed = demoSeed): DemoPerson {
  const key = personKey(seed, n);
  const membership = new Uint8Array(candidates.length);
  membershipInto(key, membership);
  const identifiers: DemoIdentifier[] = [];
  for (let which = 0; which < identifiersMax; which++) {
    const identifier = demoIdentifier(seed, n, which);
    if (identifier !== undefined) identifiers.push(identifier);
  }
  return {
    ordinal: n as Ordinal,
    identifiers,
    segments: candidates.filter((_, i) => membership[i] === 1).map(({ name }) => name),
    homeArea: demoAreas[areaOf(key) - 1] ?? "",
  };
}

export type DemoOptions = {
  readonly seed: number;
  readonly people: number;
  readonly epoch: Epoch;
  readonly identifierKey: SipKey;
  /** Another one than 100,000, and smaller parts: for tests only. */
  readonly crowdMinimum?: number;
  readonly shifts?: PartShifts;
};

export type DemoImage = {
  readonly image: IndexImage;
  readonly segments: readonly SegmentEntry[];
  readonly areas: readonly string[];
  /** Candidates below the crowd minimum: not in the image. */
  readonly dropped: readonly string[];
};

export type DemoStage = "count" | "people";
type Progress = (stage: DemoStage, done: number, total: number) => void;
const progressEveryPeople = 100_000;

/**
 * Builds the demo population's index: counts every candidate first, and leaves out what is below
 * the minimum.
 */
export function buildDemoImage(options: DemoOptions, onProgress: Progress = () => {}): DemoImage {
  const { people, epoch } = options;
  const sizes = countCandidates(options, onProgress);
  const minimum = options.crowdMinimum ?? crowdMinimumPeople;
  const kept = candidates.map((_, i) => i).filter((i) => sizes[i]! >= minimum);
  const segments = kept.map((i) => ({
    ...candidates[i]!,
    bandedPeople: bandOf(sizes[i]!, minimum),
  }));
  const builder = new IndexBuilder({
    ...{ epoch, ordinalMax: people, identifierCountMax: countIdentifiers(options) },
    planeCount: planeCountOf(kept.length),
    ...(options.shifts === undefined ? {} : { shifts: options.shifts }),
  });
  addPeople(builder, options, kept, onProgress);
  const dropped = candidates.filter((_, i) => !kept.includes(i)).map(({ name }) => name);
  return { image: builder.finish(), segments, areas: demoAreas, dropped };
}

function countCandidates({ seed, people }: DemoOptions, onProgress: Progress): Float64Array {
  const membership = new Uint8Array(candidates.length);
  const sizes = new Float64Array(candidates.length);
  for (let n = 1; n <= people; n++) {
    membershipInto(personKey(seed, n), membership);
    for (let i = 0; i < membership.length; i++) sizes[i] = sizes[i]! + membership[i]!;
    if (n % progressEveryPeople === 0) onProgress("count", n, people);
  }
  return sizes;
}

function countIdentifiers({ seed, people }: DemoOptions): number {
  let count = 0;
  for (let n = 1; n <= people; n++) count += namespacesOf(personKey(seed, n), n).length;
  return count;
}

function addPeople(
  builder: IndexBuilder,
  { seed, people, identifierKey }: DemoOptions,
  kept: readonly number[],
  onProgress: Progress,
): void {
  const membership = new Uint8Array(candidates.length);
  const row = new Uint32Array(planeCountOf(kept.length));
  const uuid = new Uint8Array(36);
  const hash = new Hash64();
  for (let n = 1; n <= people; n++) {
    const key = personKey(seed, n);
    const ordinal = n as Ordinal;
    for (const [which, namespace] of namespacesOf(key, n).entries()) {
      uuidInto(key, which, uuid);
      identifierHashInto(namespace, 0, identifierKey, uuid, 0, uuid.length, hash);
      builder.add(hash.lo, hash.hi, ordinal);
    }
    membershipInto(key, membership);
    row.fill(0);
    for (let bit = 0; bit < kept.length; bit++) {
      row[bit >>> 5] = row[bit >>> 5]! | (membership[kept[bit]!]! << (bit & 31));
    }
    builder.setRow(ordinal, row);
    builder.setHomeArea(ordinal, areaOf(key));
    if (n % progressEveryPeople === 0) onProgress("people", n, people);
  }
}
