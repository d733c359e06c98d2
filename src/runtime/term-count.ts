import { join } from "node:path";
import { clearBit, hasBit } from "../base/bitset.js";
import type { AgencyId, Epoch } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import type { AudienceTerm } from "../campaign/audience.js";
import { certify, type TermClause, TermCounter } from "../campaign/certify.js";
import { PartKind, segmentsPerPlane } from "../index/format.js";
import type { Manifest } from "../index/manifest.js";
import { mayUse } from "../index/projection.js";
import { type Refusal, refuse } from "../index/verify.js";
import { forgetLogStart, readForgetLog } from "./forget-log.js";
import {
  admitSnapshot,
  type PartFile,
  partFilesOf,
  readBytesMax,
  readVerified,
  type SnapshotTrust,
} from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** Terms to judge over one epoch; plain values, because it is sent to the counting process. */
export type CountRequest = {
  readonly snapshotsFolder: string;
  readonly forgetLog: string;
  readonly trust: SnapshotTrust;
  readonly epoch: Epoch;
  readonly nowMs: UnixMs;
  readonly terms: readonly AgencyTerm[];
  /** The snapshot that is meant (snapshot-read.ts); "" = the epoch's, whichever it is. */
  readonly manifestDigest: string;
};

/** A term as the audience of one agency: others' own segments do not exist for it. */
export type AgencyTerm = AudienceTerm & { readonly agency: AgencyId };

/**
 * A verdict and never a count: what is below the crowd minimum by one is as refused as what is
 * empty.
 */
export type TermVerdict = "certified" | "below_crowd_minimum" | "unknown_segment";

export type CountAnswer =
  | { readonly ok: true; readonly epoch: Epoch; readonly verdicts: readonly TermVerdict[] }
  | Refusal;

/** People of a block: its planes stay in a second level cache. */
const blockPeople = readBytesMax / 32;

/**
 * Counts every term exactly over the epoch's files and judges. Another crowd minimum is for tests
 * only.
 */
export function judgeTerms(request: CountRequest, crowdMinimum = crowdMinimumPeople): CountAnswer {
  const { epoch, trust, terms } = request;
  const folder = join(request.snapshotsFolder, epochFolderName(epoch));
  const admitted = admitSnapshot(folder, epoch, 0 as Epoch, request.nowMs, trust);
  if (!admitted.ok) return admitted;
  const { manifest, digest } = admitted;
  if (request.manifestDigest !== "" && request.manifestDigest !== digest) {
    return refuse("changed", `epoch ${epoch} is not the one that was loaded: it was exchanged`);
  }
  const positions = new Map(manifest.segments.map(({ name }, i) => [name, i]));
  const planes: number[] = [];
  const clauses = terms.map((term) => clausesOf(term, manifest.segments, positions, planes));
  const known = clauses.filter((term) => term !== null);
  const counts = countPeople(folder, manifest, planes, known, request.forgetLog);
  if ("ok" in counts) return counts;
  let next = 0;
  const verdicts = clauses.map((term): TermVerdict => {
    if (term === null) return "unknown_segment";
    return certify(counts[next++]!, crowdMinimum) ? "certified" : "below_crowd_minimum";
  });
  return { ok: true, epoch, verdicts };
}

/**
 * A term as demands on planes; planes not used before are appended. null: a segment is not in the
 * snapshot, or is other agencies' own, which is never counted.
 */
function clausesOf(
  term: AgencyTerm,
  segments: Manifest["segments"],
  positions: ReadonlyMap<string, number>,
  planes: number[],
): readonly TermClause[] | null {
  const byPlane = new Map<number, { ones: number; zeros: number }>();
  for (const [side, names] of [["ones", term.all] as const, ["zeros", term.none] as const]) {
    for (const name of names) {
      const position = positions.get(name);
      if (position === undefined) return null;
      if (!mayUse(segments[position]!.agencies, term.agency)) return null;
      const plane = Math.floor(position / segmentsPerPlane);
      const demand = byPlane.get(plane) ?? { ones: 0, zeros: 0 };
      demand[side] |= 1 << (position % segmentsPerPlane);
      byPlane.set(plane, demand);
    }
  }
  return [...byPlane].map(([plane, demand]) => {
    if (!planes.includes(plane)) planes.push(plane);
    return { plane: planes.indexOf(plane), ...demand };
  });
}

function countPeople(
  folder: string,
  manifest: Manifest,
  planes: readonly number[],
  terms: readonly (readonly TermClause[])[],
  forgetLog: string,
): Float64Array | Refusal {
  const counter = new TermCounter(terms, Math.max(blockPeople, 32));
  const planeFiles = partFilesOf(manifest, PartKind.PLANE);
  const forgotten = readForgetLog(forgetLog, forgetLogStart).records.filter(
    ({ sequence }) => sequence > manifest.forgetSequence,
  );
  for (const people of partFilesOf(manifest, PartKind.PEOPLE)) {
    const eligible = readEligible(folder, people);
    if ("ok" in eligible) return eligible;
    const { firstItem, itemCount, part } = people.header;
    for (const { ordinal } of forgotten) {
      const at = ordinal - firstItem;
      if (at >= 0 && at < itemCount && hasBit(eligible, at)) clearBit(eligible, at);
    }
    const files = planes.map(
      (plane) => planeFiles.find((f) => f.header.plane === plane && f.header.part === part)!,
    );
    const refusal = countPart(folder, files, eligible, itemCount, counter);
    if (refusal !== null) return refusal;
  }
  return counter.counts;
}

function readEligible(folder: string, people: PartFile): Uint32Array | Refusal {
  const bytes = new Uint8Array(Math.ceil(people.header.itemCount / 32) * 4);
  const read = readVerified(folder, [people], readBytesMax, (_, at, block) => bytes.set(block, at));
  return read.ok ? new Uint32Array(bytes.buffer) : read;
}

function countPart(
  folder: string,
  files: readonly PartFile[],
  eligible: Uint32Array,
  itemCount: number,
  counter: TermCounter,
): Refusal | null {
  const count = (planes: readonly Uint32Array[], first: number): void => {
    const people = Math.min(blockPeople, itemCount - first);
    counter.addBlock(planes, eligible.subarray(first / 32), people);
  };
  if (files.length === 0) {
    for (let first = 0; first < itemCount; first += blockPeople) count([], first);
    return null;
  }
  const planes = files.map(() => new Uint32Array(blockPeople));
  const read = readVerified(folder, files, blockPeople * 4, (file, at, block) => {
    new Uint8Array(planes[file]!.buffer).set(block);
    if (file === files.length - 1) count(planes, at / 4);
  });
  return read.ok ? null : read;
}
