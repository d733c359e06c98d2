import { existsSync } from "node:fs";
import { BankError } from "../bank/bank.js";
import { type Built, buildEpoch, concludeBuild } from "../bank/build.js";
import { finishForgets, forgottenIn } from "../bank/forget.js";
import { listLists } from "../bank/lists.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { type BankOrder, type OpenedBank, withBank } from "./bank-open.js";
import { exposuresFolderOf, forgetLogOf, snapshotsFolderOf } from "./data-folder.js";
import { closeIdleExposures } from "./exposure-scrub.js";
import { forgetLogStart, readForgetLog } from "./forget-log.js";
import { bankForgetParts, forgetShell } from "./forget-run.js";
import { readServedEpoch } from "./served-epoch.js";
import { listEpochs } from "./snapshot-read.js";
import { retireSnapshots } from "./snapshot-retire.js";
import { writeSnapshot } from "./snapshot-write.js";

const dayMs = 24 * 3600 * 1000;
/** A snapshot is served for 30 days at the most: consent and windows move on. */
export const snapshotLifeMs = 30 * dayMs;

/** What a build of the bank made; plain values. */
export type Made = {
  readonly epoch: Epoch;
  readonly folder: string;
  readonly kept: number;
  readonly leftOut: Built["leftOut"];
  readonly ingested: Built["ingested"];
  readonly people: Built["people"];
};

/**
 * Builds the next epoch of a data folder and publishes it signed: all stages, the snapshot's folder
 * by one rename, then the report. The forget log's end is read first, then pending wishes are
 * finished: who is forgotten while the build runs has a later sequence, so that the loader leaves
 * them out, whatever ordinal a merge in this build gave them.
 */
export function makeEpoch(
  order: BankOrder,
  sourceFolder: string | null,
  source: string,
): Promise<Made> {
  return withBank(order, async (opened) => {
    const { dataFolder, nowMs } = order;
    const forgetSequence = readForgetLog(forgetLogOf(dataFolder), forgetLogStart).position.sequence;
    const snapshots = snapshotsFolderOf(dataFolder);
    const shell = forgetShell(dataFolder, opened.keys);
    await finishForgets(opened.bank, bankForgetParts, shell);
    const served = readServedEpoch(dataFolder);
    if (!served.ok) throw new BankError(served.words);
    const before = Math.max(0, served.epoch, ...listEpochs(snapshots));
    const exposures = exposuresFolderOf(dataFolder);
    closeIdleExposures(exposures);
    const exposuresFolder = existsSync(exposures) ? exposures : null;
    const nextEpoch = before + 1;
    const built = await buildEpoch(opened.bank, { sourceFolder, exposuresFolder, nextEpoch });
    await shell.suppress(await forgottenIn(opened.bank, built.epoch));
    const folder = publish(opened, built, snapshots, { nowMs, source, forgetSequence });
    retireSnapshots(opened.bank, snapshots);
    concludeBuild(opened.bank, built, listEpochs(snapshots));
    const { epoch, leftOut, ingested, people, segments } = built;
    return {
      ...{ epoch: epoch as Epoch, folder, kept: segments.length },
      ...{ leftOut, ingested, people },
    };
  });
}

function publish(
  { bank, keys }: OpenedBank,
  { image, segments, areas }: Built,
  snapshots: string,
  facts: { readonly nowMs: UnixMs; readonly source: string; readonly forgetSequence: number },
): string {
  const { nowMs, source, forgetSequence } = facts;
  // A list's segment is not served a day longer than its agency may use it.
  const names = new Set(segments.map(({ name }) => name));
  const ends = listLists(bank.folders)
    .filter(({ agency, name }) => names.has(`list.${agency}.${name}`))
    .map(({ expiresSec }) => expiresSec * 1000);
  const notAfterMs = Math.min(nowMs + snapshotLifeMs, ...ends) as UnixMs;
  return writeSnapshot(
    snapshots,
    image,
    {
      ...{ createdMs: nowMs, notAfterMs, source },
      ...{ identifierKeyId: keys.identifierKeyId, forgetSequence, segments, areas },
    },
    keys.signing,
    (done, total) => bank.report("write", done, total, "bytes"),
  );
}
