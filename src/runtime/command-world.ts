import { indexOfNobody } from "../admin/anonymous-request.js";
import type { Generation } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { audiencesNeeded, segmentsWanted } from "../campaign/compile.js";
import { hasErrors, issueText } from "../campaign/issue.js";
import type { LoadedConfig } from "../campaign/load.js";
import { type Absent, type Places, projectionOf } from "../index/projection.js";
import { readCertificateFile } from "./certificate-file.js";
import { Certificates, utcDayOf } from "./certificates.js";
import { readCommandConfig } from "./command-config.js";
import { newestEpoch } from "./command-epoch.js";
import { judgeAudiences } from "./term-count.js";
import { buildWorld, nobody, type People } from "./world-build.js";
import { type ServedWorld, servedWorldFrom } from "./world-parts.js";

export type CommandWorldOptions = {
  readonly configFolder: string;
  /**
   * Its store gives what is bought, its newest good snapshot segments and certificates; null, or
   * none there: the config folder's campaigns, epoch 0.
   */
  readonly dataFolder: string | null;
  readonly nowMs: UnixMs;
};

/**
 * A World for explain and replay: the segments and certificates of an epoch, and none of its
 * people.
 */
export type CommandWorld = {
  readonly served: ServedWorld;
  readonly config: LoadedConfig;
  readonly places: Places;
  readonly absent: Absent;
  /** What the caller should know, a line each. */
  readonly warnings: readonly string[];
};

export type CommandWorldOutcome =
  | { readonly ok: true; readonly world: CommandWorld }
  | { readonly ok: false; readonly lines: readonly string[] };

/** Certified people would be of no use here: no identifier is looked up, so none is loaded. */
type Epochs = { readonly people: People; readonly certificates: ReadonlySet<string> };

/**
 * Reads the config, judges the audiences against the newest snapshot's files, and builds the World.
 */
export async function buildCommandWorld(
  options: CommandWorldOptions,
): Promise<CommandWorldOutcome> {
  const { configFolder, dataFolder, nowMs } = options;
  const warnings: string[] = [];
  const warn = (line: string): void => void warnings.push(line);
  const { config, privacy, issues } = readCommandConfig(configFolder, dataFolder, nowMs, warn);
  if (config === null || privacy === null || hasErrors(issues)) {
    return { ok: false, lines: issues.map(issueText) };
  }
  warnings.push(...issues.map(issueText));
  const { people, certificates } = await epochOf(options, config, warnings);
  const { parts } = buildWorld({
    generation: 1 as Generation,
    config,
    privacy,
    people,
    certificates,
    roster: null,
    placeOf: () => 0,
    publicUrl: "https://bidder.invalid",
    retired: [],
  });
  const { places, absent } = people;
  const served = servedWorldFrom(parts);
  return { ok: true, world: { served, config, places, absent, warnings } };
}

async function epochOf(
  { dataFolder, nowMs }: CommandWorldOptions,
  config: LoadedConfig,
  warnings: string[],
): Promise<Epochs> {
  const none: Epochs = { people: nobody(), certificates: new Set() };
  const newest = newestEpoch(dataFolder, nowMs, warnings);
  if (newest === null) return none;
  const { manifest, manifestDigest, ...counted } = newest;
  const { epoch, segments, rowCount } = manifest;
  const projected = projectionOf(segments, segmentsWanted(config.book), rowCount);
  if (!projected.ok) {
    warnings.push(`epoch ${epoch}: ${projected.words}`);
    return none;
  }
  const { planes, ...names } = projected.projection;
  // Only looks: what a bidder remembers counts, and no check is spent.
  const certificates = new Certificates(
    (request) => Promise.resolve(judgeAudiences(request)),
    { ...counted, nowMs: () => nowMs },
    readCertificateFile(dataFolder ?? "", utcDayOf(nowMs)),
  );
  const snapshot = { epoch, manifestDigest };
  const certified = await certificates.certify(snapshot, audiencesNeeded(config.book));
  if (!certified.ok) {
    warnings.push(`epoch ${epoch}: no audience is certified: ${certified.words}`);
  }
  const parts = indexOfNobody(planes.length, epoch).parts;
  const people = { parts, ...names, manifestDigest };
  return { people, certificates: certificates.certified(snapshot) };
}
