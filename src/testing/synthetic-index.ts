import {
  demoAreas,
  demoBrands,
  demoSegments,
  stageRecencyDays,
  stages,
} from "../bank/generate/demo-segments.js";
import { personKeyOf, saltOf, uuidOf, uuidWordsInto } from "../bank/generate/draws.js";
import { candidateNames, membershipInto } from "../bank/generate/traits.js";
import { Hash64, mix32, type SipKey } from "../base/hash.js";
import { Namespace, packedIdentifierHashInto } from "../base/identifier.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { PartShifts } from "../index/format.js";
import { IndexBuilder, type IndexImage } from "../index/index-builder.js";
import { bandOf, planeCountOf, type SegmentEntry } from "../index/manifest.js";

/**
 * An index of generated people without the bank: straight from (seed, n) into the builder, n is the
 * ordinal. For benches and tests, which need people in seconds, of any number.
 */
export const syntheticSeed = 7;

/** One identifier of such a person, as a request would carry it in `device.ifa`. */
export type SyntheticIdentifier = { readonly namespace: Namespace; readonly value: string };

export type SyntheticPerson = {
  readonly ordinal: Ordinal;
  readonly identifiers: readonly SyntheticIdentifier[];
  /** Every segment that the person is in, also those below the crowd minimum. */
  readonly segments: readonly string[];
  readonly homeArea: string;
};

const identifiersMax = 3;

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

/** Identifier `which` (0 to 2) of person n as text; undefined when the person has fewer. */
export function syntheticIdentifier(
  seed: number,
  n: number,
  which = 0,
): SyntheticIdentifier | undefined {
  const key = personKeyOf(seed, n);
  const namespace = namespacesOf(key, n)[which];
  if (namespace === undefined) return undefined;
  const text = uuidOf(key, which);
  // Apple writes capitals; both spellings hash alike.
  return { namespace, value: namespace === Namespace.IDFA ? text.toUpperCase() : text };
}

export function syntheticPerson(n: number, seed = syntheticSeed): SyntheticPerson {
  const key = personKeyOf(seed, n);
  const membership = new Uint8Array(candidates.length);
  membershipInto(key, membership);
  const identifiers: SyntheticIdentifier[] = [];
  for (let which = 0; which < identifiersMax; which++) {
    const identifier = syntheticIdentifier(seed, n, which);
    if (identifier !== undefined) identifiers.push(identifier);
  }
  return {
    ordinal: n as Ordinal,
    identifiers,
    segments: candidateNames.filter((_, i) => membership[i] === 1),
    homeArea: demoAreas[areaOf(key) - 1] ?? "",
  };
}

const words = new Uint32Array(4);

/** The 16 bytes of a UUID's digits. */
function uuidBytesInto(key: number, which: number, out: Uint8Array): void {
  uuidWordsInto(key, which, words);
  for (let i = 0; i < 16; i++) out[i] = words[i >>> 2]! >>> (24 - 8 * (i & 3));
}

export type SyntheticOptions = {
  readonly seed: number;
  readonly people: number;
  readonly epoch: Epoch;
  readonly identifierKey: SipKey;
  /** Another one than 100,000, and smaller parts: for tests only. */
  readonly crowdMinimum?: number;
  readonly shifts?: PartShifts;
};

export type SyntheticImage = {
  readonly image: IndexImage;
  readonly segments: readonly SegmentEntry[];
  readonly areas: readonly string[];
  /** Candidates below the crowd minimum: not in the image. */
  readonly dropped: readonly string[];
};

export type SyntheticStage = "count" | "people";
type Progress = (stage: SyntheticStage, done: number, total: number) => void;
const progressEveryPeople = 100_000;

/**
 * Builds the index: counts every candidate first, and leaves out what is below
 * the minimum.
 */
export function buildSyntheticIndex(
  options: SyntheticOptions,
  onProgress: Progress = () => {},
): SyntheticImage {
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

function countCandidates({ seed, people }: SyntheticOptions, onProgress: Progress): Float64Array {
  const membership = new Uint8Array(candidates.length);
  const sizes = new Float64Array(candidates.length);
  for (let n = 1; n <= people; n++) {
    membershipInto(personKeyOf(seed, n), membership);
    for (let i = 0; i < membership.length; i++) sizes[i] = sizes[i]! + membership[i]!;
    if (n % progressEveryPeople === 0) onProgress("count", n, people);
  }
  return sizes;
}

function countIdentifiers({ seed, people }: SyntheticOptions): number {
  let count = 0;
  for (let n = 1; n <= people; n++) count += namespacesOf(personKeyOf(seed, n), n).length;
  return count;
}

function addPeople(
  builder: IndexBuilder,
  { seed, people, identifierKey }: SyntheticOptions,
  kept: readonly number[],
  onProgress: Progress,
): void {
  const membership = new Uint8Array(candidates.length);
  const row = new Uint32Array(planeCountOf(kept.length));
  const uuid = new Uint8Array(16);
  const hash = new Hash64();
  for (let n = 1; n <= people; n++) {
    const key = personKeyOf(seed, n);
    const ordinal = n as Ordinal;
    for (const [which, namespace] of namespacesOf(key, n).entries()) {
      uuidBytesInto(key, which, uuid);
      packedIdentifierHashInto(namespace, identifierKey, uuid, 0, hash);
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
