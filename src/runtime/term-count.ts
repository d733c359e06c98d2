import { join } from "node:path";
import { clearBit, hasBit } from "../base/bitset.js";
import type { SipKey } from "../base/hash.js";
import type { Epoch } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import { CrowdCounter } from "../campaign/crowd-counter.js";
import { type CountPlan, judgeCounted, planCount } from "../campaign/crowd-plan.js";
import { type AudienceJudged, type CrowdAudience, crowdRuleOf } from "../campaign/crowd-rule.js";
import { headerBytes, manifestVersion, PartKind } from "../index/format.js";
import type { Manifest } from "../index/manifest.js";
import { type Refusal, refuse } from "../index/verify.js";
import { type ForgetRecord, forgetLogStart, readForgetLog } from "./forget-log.js";
import { HomeMarks } from "./home-marks.js";
import {
  admitSnapshot,
  type PartFile,
  partFilesOf,
  readBytesMax,
  readVerified,
  type SnapshotTrust,
} from "./snapshot-read.js";
import { epochFolderName } from "./snapshot-write.js";

/** Audiences to judge over one epoch; plain values: it is sent to the counting process. */
export type CountRequest = {
  readonly snapshotsFolder: string;
  readonly forgetLog: string;
  readonly trust: SnapshotTrust;
  /** Seeds the noise of the crowd minimum. */
  readonly crowdKey: SipKey;
  readonly epoch: Epoch;
  readonly nowMs: UnixMs;
  /**
   * In the order of their precedence. As the audience of one agency: others' own segments do not
   * exist for it.
   */
  readonly audiences: readonly CrowdAudience[];
  /** The snapshot that is meant (snapshot-read.ts); "" = the epoch's, whichever it is. */
  readonly manifestDigest: string;
};

export type CountAnswer =
  | {
      readonly ok: true;
      readonly epoch: Epoch;
      /** Of the audiences that were to be judged, in their order. */
      readonly judged: readonly AudienceJudged[];
      /** Whoever is in the forget log up to here was not counted. */
      readonly forgetSequence: number;
    }
  | Refusal;

/** People of a block: its planes stay in a second level cache. */
const blockPeople = readBytesMax / 32;

/**
 * Counts every audience exactly over the epoch's files and judges by the noisy rule. Another crowd
 * minimum is for tests only.
 */
export function judgeAudiences(
  request: CountRequest,
  crowdMinimum = crowdMinimumPeople,
): CountAnswer {
  const { epoch, trust, audiences } = request;
  const folder = join(request.snapshotsFolder, epochFolderName(epoch));
  const admitted = admitSnapshot(folder, epoch, 0 as Epoch, request.nowMs, trust);
  if (!admitted.ok) return admitted;
  const { manifest, digest } = admitted;
  if (request.manifestDigest !== "" && request.manifestDigest !== digest) {
    return refuse("changed", `epoch ${epoch} is not the one that was loaded: it was exchanged`);
  }
  if (manifest.schema < manifestVersion) {
    // Who exists is not who counts: the epoch serves contextual line items until the next build.
    const judged = audiences.filter((one) => one.judged).map(() => refusedWithoutCount);
    return { ok: true, epoch, judged, forgetSequence: manifest.forgetSequence };
  }
  const plan = planCount(audiences, manifest.segments, manifest.areas);
  const forgotten = forgottenSince(manifest, request.forgetLog);
  const counter = countPeople(folder, manifest, plan, forgotten);
  if ("ok" in counter) return counter;
  const rule = crowdRuleOf(request.crowdKey, Math.floor(request.nowMs / msPerDay), crowdMinimum);
  const verdicts = judgeCounted(plan, counter, rule);
  const judged = audiences.flatMap((audience): AudienceJudged[] => {
    if (!audience.judged) return [];
    const place = plan.known.indexOf(audience);
    if (place < 0) return [{ verdict: "unknown_segment", bears: 0 }];
    return [verdicts[place]!];
  });
  const forgetSequence = forgotten.at(-1)?.sequence ?? manifest.forgetSequence;
  return { ok: true, epoch, judged, forgetSequence };
}

const msPerDay = 86_400_000;
const refusedWithoutCount: AudienceJudged = { verdict: "refused", bears: 0 };

const forgottenSince = (manifest: Manifest, forgetLog: string): readonly ForgetRecord[] =>
  readForgetLog(forgetLog, forgetLogStart).records.filter(
    ({ sequence }) => sequence > manifest.forgetSequence,
  );

function countPeople(
  folder: string,
  manifest: Manifest,
  { planes, order, areaSets }: CountPlan,
  forgotten: readonly ForgetRecord[],
): CrowdCounter | Refusal {
  const counter = new CrowdCounter(order, Math.max(blockPeople, 32));
  const planeFiles = partFilesOf(manifest, PartKind.PLANE);
  const homeFiles = areaSets.length === 0 ? [] : partFilesOf(manifest, PartKind.HOME);
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
    const homes = readHomes(folder, homeFiles[part]);
    if ("ok" in homes) return homes;
    const marks = new HomeMarks(homes, areaSets, blockPeople);
    const refusal = countPart(folder, files, { eligible, itemCount, marks }, counter);
    if (refusal !== null) return refusal;
  }
  return counter;
}

function readEligible(folder: string, people: PartFile): Uint32Array | Refusal {
  const bytes = new Uint8Array(Math.ceil(people.header.itemCount / 32) * 4);
  const read = readVerified(folder, [people], readBytesMax, (_, at, block) => bytes.set(block, at));
  return read.ok ? new Uint32Array(bytes.buffer) : read;
}

/** A part's home areas, 256 MB at the most; of no file none. */
function readHomes(folder: string, file: PartFile | undefined): Uint16Array | Refusal {
  if (file === undefined) return new Uint16Array(0);
  const bytes = new Uint8Array(file.entry.bytes - headerBytes);
  const read = readVerified(folder, [file], readBytesMax, (_, at, block) => bytes.set(block, at));
  return read.ok ? new Uint16Array(bytes.buffer) : read;
}

type CountedPart = {
  readonly eligible: Uint32Array;
  readonly itemCount: number;
  readonly marks: HomeMarks;
};

function countPart(
  folder: string,
  files: readonly PartFile[],
  { eligible, itemCount, marks }: CountedPart,
  counter: CrowdCounter,
): Refusal | null {
  const count = (planes: readonly Uint32Array[], first: number): void => {
    const people = Math.min(blockPeople, itemCount - first);
    counter.addBlock(planes, eligible.subarray(first / 32), people, marks.of(first, people));
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
