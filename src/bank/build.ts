import { existsSync, readdirSync, rmSync } from "node:fs";
import { labelStages } from "./aipl/label.js";
import { type Bank, dayName, secondsPerDay } from "./bank.js";
import {
  abandonBuild,
  type BuildState,
  clearBuildState,
  inputsDigest,
  readBuildState,
  writeBuildState,
} from "./build-state.js";
import { writeDurably } from "./durable.js";
import { reuseAfterDays } from "./identity/ordinals.js";
import { type PeopleResult, resolvePeople } from "./identity/people.js";
import { dropPeopleBefore } from "./identity/people-folders.js";
import { type BankImage, buildImage } from "./image.js";
import { ingest } from "./ingest/ingest.js";
import type { IngestResult } from "./ingest/result.js";
import { expireRows } from "./ingest/rewrite.js";
import { expireLists } from "./lists.js";
import { type Admission, admitSegments } from "./segments/admit.js";
import { evaluateSegments } from "./segments/evaluate.js";

export type BuildOrder = {
  /** A folder with one folder for each touch-point; null = build anew from what is there. */
  readonly sourceFolder: string | null;
  /** The bidder's exposure log; null or absent = none. */
  readonly exposuresFolder?: string | null;
  /** The epoch that this build would make: above every one that was ever published. */
  readonly nextEpoch: number;
};

/** A build ready to be written and signed by the shell; nothing of it is published yet. */
export type Built = BankImage & {
  readonly epoch: number;
  readonly ingested: IngestResult | null;
  readonly people: PeopleResult | null;
  readonly leftOut: Admission["leftOut"];
};

/**
 * All stages in order. A run that was killed goes on where it was: batches are whole or not there,
 * and people are resolved again only when something that they are made of changed.
 */
export async function buildEpoch(bank: Bank, order: BuildOrder): Promise<Built> {
  rmSync(bank.folders.writing, { recursive: true, force: true });
  expireLists(bank);
  await expireRows(bank);
  const { sourceFolder, exposuresFolder = null } = order;
  const nothing = sourceFolder === null && exposuresFolder === null;
  const ingested = nothing ? null : await ingest(bank, sourceFolder, exposuresFolder);
  const { epoch, people } = await peopleOfBuild(bank, order.nextEpoch);
  await labelStages(bank, epoch);
  const memberships = await evaluateSegments(bank, epoch);
  const admitted = admitSegments(bank, memberships);
  const image = await buildImage(bank, epoch, memberships, admitted);
  return { ...image, epoch, ingested, people, leftOut: admitted.leftOut };
}

async function peopleOfBuild(
  bank: Bank,
  nextEpoch: number,
): Promise<{ readonly epoch: number; readonly people: PeopleResult | null }> {
  const { folders, config, asOfSec } = bank;
  const inputs = inputsDigest(folders, config, asOfSec);
  const left = readBuildState(folders);
  if (left !== null && left.epoch === nextEpoch && left.inputs === inputs) {
    return { epoch: nextEpoch, people: null };
  }
  abandonBuild(folders);
  const people = await resolvePeople(bank, nextEpoch);
  const day = dayName(asOfSec);
  const labelledDay = existsSync(folders.aiplOf(day)) ? null : day;
  const state: BuildState = { epoch: nextEpoch, inputs, labelledDay };
  writeBuildState(folders, state);
  return { epoch: nextEpoch, people };
}

function dropReports({ folders }: Bank, epochs: readonly number[]): void {
  for (const name of readdirSync(folders.reports)) {
    const epoch = Number(/^epoch-(\d+)\.json$/.exec(name)?.[1] ?? 0);
    if (epoch > 0 && !epochs.includes(epoch)) rmSync(folders.reportOf(epoch), { force: true });
  }
}

/** Labels name people by ordinals, which are kept apart for so many days only. */
function dropOldLabels({ folders, asOfSec }: Bank): void {
  const oldest = dayName(asOfSec - reuseAfterDays * secondsPerDay);
  for (const name of readdirSync(folders.aipl)) {
    const day = /^(\d{4}-\d{2}-\d{2})\.parquet$/.exec(name)?.[1];
    if (day !== undefined && day <= oldest) rmSync(folders.aiplOf(day), { force: true });
  }
}

/**
 * After the snapshot was published: the report that `bank inspect` shows; people and reports of
 * epochs that no snapshot needs leave, and labels that are older than ordinals are kept apart.
 */
export function concludeBuild(bank: Bank, built: Built, epochsOnDisk: readonly number[]): void {
  const { epoch, segments, leftOut } = built;
  const kept = segments.map(({ name, bandedPeople, agencies }) => ({
    ...{ name, fromPeople: bandedPeople, agencies },
  }));
  const report = { epoch, madeMs: bank.nowMs, kept, leftOut };
  writeDurably(bank.folders.reportOf(epoch), `${JSON.stringify(report, null, 1)}\n`);
  dropPeopleBefore(bank.folders, epochsOnDisk);
  dropReports(bank, [...epochsOnDisk, epoch]);
  dropOldLabels(bank);
  clearBuildState(bank.folders);
}
