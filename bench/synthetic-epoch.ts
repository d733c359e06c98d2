import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Epoch } from "../src/base/ids.js";
import type { UnixMs } from "../src/base/units.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { writeSnapshot } from "../src/runtime/snapshot-write.js";
import { buildSyntheticIndex, syntheticSeed } from "../src/testing/synthetic-index.js";

const first = { epoch: 1, into: "snapshots" };
const lifeMs = 30 * 24 * 3600 * 1000;

/** An epoch of a data folder (the first where none is named) of generated people, if missing. */
export function writeSyntheticEpoch(
  dataFolder: string,
  people: number,
  nowMs: UnixMs,
  { epoch, into }: { readonly epoch: number; readonly into: string } = first,
): void {
  const snapshots = join(dataFolder, into);
  if (existsSync(join(snapshots, `epoch-${epoch}`))) return;
  const keys = openKeyFiles(dataFolder);
  const { identifierKey, identifierKeyId } = keys;
  const order = { seed: syntheticSeed, people, epoch: epoch as Epoch, identifierKey };
  const { image, segments, areas } = buildSyntheticIndex(order);
  const facts = {
    ...{ createdMs: nowMs, notAfterMs: (nowMs + lifeMs) as UnixMs, identifierKeyId },
    ...{ source: `synthetic people ${people}`, forgetSequence: 0, segments, areas },
  };
  writeSnapshot(snapshots, image, facts, keys.signing);
}
