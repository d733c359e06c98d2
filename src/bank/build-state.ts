import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BankConfig } from "./config/model.js";
import { writeDurably } from "./durable.js";
import type { BankFolders } from "./folders.js";

/**
 * `build.json`: the build under way. A killed one goes on under the same epoch: batches that were
 * taken in stay so, and the people of that epoch are used again when nothing that made them
 * changed.
 */
export type BuildState = {
  readonly epoch: number;
  /** Digest of what the people are made of. */
  readonly inputs: string;
  /** The day that this build gave its labels, null = they were there before. */
  readonly labelledDay: string | null;
};

/** The build that a killed run left, null when none. A file that is no such thing is none. */
export function readBuildState(folders: BankFolders): BuildState | null {
  if (!existsSync(folders.build)) return null;
  try {
    const state = JSON.parse(readFileSync(folders.build, "utf8")) as Partial<BuildState>;
    const { epoch, inputs, labelledDay = null } = state;
    if (typeof epoch !== "number" || typeof inputs !== "string") return null;
    return { epoch, inputs, labelledDay };
  } catch {
    return null;
  }
}

export const writeBuildState = (folders: BankFolders, state: BuildState): void =>
  writeDurably(folders.build, `${JSON.stringify(state)}\n`);

export const clearBuildState = (folders: BankFolders): void =>
  rmSync(folders.build, { force: true });

/**
 * Gives a build up whose people are found anew: its epoch was never published, so its ordinals may
 * go to others, and the day's labels name people by them.
 */
export function abandonBuild(folders: BankFolders): void {
  const labelledDay = readBuildState(folders)?.labelledDay ?? null;
  if (labelledDay !== null) rmSync(folders.aiplOf(labelledDay), { force: true });
  clearBuildState(folders);
}

/** Of the files of `people/`: 2 has who counts. */
const peopleForm = 2;

/** A digest of everything that identity reads: batch files as they stand, the config, the day. */
export function inputsDigest(folders: BankFolders, config: BankConfig, asOfSec: number): string {
  const digest = createHash("sha256").update(`${peopleForm} ${asOfSec}\n`);
  digest.update(JSON.stringify([config.identity, [...config.touchpoints], [...config.markets]]));
  for (const touchpoint of listed(folders.batches)) {
    for (const batch of listed(folders.batchesOf(touchpoint))) {
      const folder = join(folders.batchesOf(touchpoint), batch);
      for (const name of listed(folder)) {
        const { size, mtimeMs } = statSync(join(folder, name));
        digest.update(`${touchpoint}/${batch}/${name} ${size} ${mtimeMs}\n`);
      }
    }
  }
  return digest.digest("hex").slice(0, 32);
}

const listed = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
