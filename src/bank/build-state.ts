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
};

/** The build that a killed run left, null when none. A file that is no such thing is none. */
export function readBuildState(folders: BankFolders): BuildState | null {
  if (!existsSync(folders.build)) return null;
  try {
    const state = JSON.parse(readFileSync(folders.build, "utf8")) as Partial<BuildState>;
    const { epoch, inputs } = state;
    return typeof epoch === "number" && typeof inputs === "string" ? { epoch, inputs } : null;
  } catch {
    return null;
  }
}

export const writeBuildState = (folders: BankFolders, state: BuildState): void =>
  writeDurably(folders.build, `${JSON.stringify(state)}\n`);

export const clearBuildState = (folders: BankFolders): void =>
  rmSync(folders.build, { force: true });

/** A digest of everything that identity reads: batch files as they stand, the config, the day. */
export function inputsDigest(folders: BankFolders, config: BankConfig, asOfSec: number): string {
  const digest = createHash("sha256").update(`${asOfSec}\n`);
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
