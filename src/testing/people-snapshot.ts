import { identifierHashOf, Namespace } from "../base/identifier.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { IndexBuilder } from "../index/index-builder.js";
import { snapshotsFolderOf } from "../runtime/data-folder.js";
import type { KeyFiles } from "../runtime/key-files.js";
import { writeSnapshot } from "../runtime/snapshot-write.js";
import { smallFacts } from "./small-snapshot.js";

/** Epoch 1 of a data folder: person n has the nth iOS identifier and 16 segments. */
export function writePeopleSnapshot(
  dataFolder: string,
  keys: KeyFiles,
  idfas: readonly string[],
  nowMs: number,
): void {
  const builder = new IndexBuilder({
    ...{ epoch: 1 as Epoch, identifierCountMax: idfas.length + 8, ordinalMax: idfas.length },
    planeCount: 1,
  });
  for (const [n, idfa] of idfas.entries()) {
    const hash = identifierHashOf(Namespace.IDFA, idfa, 0, keys.identifierKey);
    if (hash === null) throw new Error("not an identifier");
    const ordinal = (n + 1) as Ordinal;
    builder.add(hash.lo, hash.hi, ordinal);
    builder.setRow(ordinal, Uint32Array.of(0xffff));
    builder.setHomeArea(ordinal, 2);
  }
  const life = { createdMs: nowMs as UnixMs, notAfterMs: (nowMs + 86_400_000) as UnixMs };
  const facts = smallFacts(20, { ...life, identifierKeyId: keys.identifierKeyId });
  writeSnapshot(snapshotsFolderOf(dataFolder), builder.finish(), facts, keys.signing);
}
