import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdCapRule } from "../bid/cap-rule.js";
import { createLearntBuffers, Learnt, shadeRowsOf } from "../bid/learnt.js";
import { NO_WORKER, type SharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import type { Entry, TermsEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import { Ledger } from "../ledger/ledger.js";
import { RunningLedger } from "../ledger/running-ledger.js";
import { TermsJournal } from "../ledger/terms.js";
import { ExposureFold } from "../runtime/exposure-fold.js";
import { ExposureLog } from "../runtime/exposure-log.js";
import { LearntFold } from "../runtime/learnt-fold.js";
import type { MoneyFold } from "../runtime/money-fold.js";
import { simulatedSizes } from "./simulated-money.js";
import { simulatedCaps, simulatedTermsOf } from "./simulated-tree.js";

/**
 * The folds beside the money, as the money thread has them and in its order; and what their records
 * and states must be, from the journal alone.
 */
export class SimulatedFolds {
  readonly all: readonly MoneyFold[];
  private readonly ledger = new RunningLedger();
  private readonly learnt: Learnt;
  private readonly learning: LearntFold;
  private readonly exposures: ExposureFold | null;

  /** `exposures`: the folder of the exposure log, or null for none. */
  constructor(
    buffers: SharedBuffers,
    nowMs: () => number,
    exposures: { readonly folder: string; readonly mark: string } | null,
  ) {
    this.learnt = new Learnt(buffers.learnt);
    this.learning = new LearntFold(shadeRowsOf(buffers.learnt));
    this.exposures = exposures === null ? null : exposuresIn(buffers, nowMs, exposures);
    const { exposures: followed } = this;
    this.all = [
      new TermsJournal(),
      this.learning,
      this.ledger,
      ...(followed === null ? [] : [followed]),
    ];
  }

  /** After each step: the accounts balance, the exposure log takes what it gets. */
  failure(): string {
    return this.ledger.failure || (this.exposures?.totals().failure ?? "");
  }

  /**
   * At a crash after which the journal holds what the folds took: they are what a reading gives.
   * `exact`: the clock never went back, so that what was learnt is the same too.
   */
  differences(entries: readonly Entry[], nowMs: number, exact: boolean): string[] {
    const read = new Ledger();
    for (const entry of entries) read.take(entry);
    const [running, rebuilt] = [this.ledger.ledger, read].map((one) => JSON.stringify(one.store()));
    const wrong = running === rebuilt ? [] : ["the running ledger is not the journal's"];
    if (exact && this.learntLive(nowMs) !== learntFrom(entries, nowMs)) {
      wrong.push("what is learnt is not what the journal teaches");
    }
    return wrong;
  }

  private learntLive(nowMs: number): string {
    const held: Held = new Map();
    this.learning.begin({ ...noStart, nowMs, learnt: this.learnt, holdBack: noting(held) });
    return learntText(this.learnt, held);
  }
}

type Held = Map<number, string>;
const noStart = { boot: 0 };
const noting =
  (held: Held) =>
  (campaign: number, nanos: bigint, impressions: bigint): void => {
    // That nothing is kept back any more is told once, live, and never by a reading.
    if (nanos > 0n || impressions > 0n) held.set(campaign, `${nanos}/${impressions}`);
  };

function exposuresIn(
  buffers: SharedBuffers,
  nowMs: () => number,
  { folder, mark }: { readonly folder: string; readonly mark: string },
): ExposureFold {
  const state = sharedStateFrom(buffers, NO_WORKER);
  for (const place of simulatedCaps.keys()) holdCapRule(state, place);
  const log = new ExposureLog(folder, 90, mark);
  const readForgets = (position: { readonly byteOffset: number; readonly sequence: number }) => ({
    ...{ records: [], position, damagedAt: [] },
  });
  return new ExposureFold({ state, folder, log, nowMs, readForgets });
}

function learntFrom(entries: readonly Entry[], nowMs: number): string {
  const buffers = createLearntBuffers(simulatedSizes.workers, simulatedSizes.places);
  const learnt = new Learnt(buffers);
  const fold = new LearntFold(shadeRowsOf(buffers));
  const held: Held = new Map();
  for (const entry of entries) fold.take(entry);
  fold.begin({ ...noStart, nowMs, learnt, holdBack: noting(held) });
  return learntText(learnt, held);
}

function learntText({ lives, shades, shadeRows, clicks }: Learnt, held: Held): string {
  const rows: string[] = [];
  for (const table of [lives, shades, clicks]) {
    table.each((lo, hi, value) => rows.push(`${lo} ${hi} ${value}`));
    rows.push("");
  }
  // By campaign: one that owed nothing for a day was forgotten live, and stands last once it owes.
  const kept = [...held].sort(([a], [b]) => a - b);
  return `${rows.join()} ${shadeRows.join()} ${kept.join()}`;
}

export const wrongRecords = (entries: readonly Entry[]): string[] => [
  ...wrongTerms(entries),
  ...wrongWorlds(entries),
];

/** Terms stand before every grant under them, and are not told twice. */
function wrongTerms(entries: readonly Entry[]): string[] {
  const wrong: string[] = [];
  const newest = new Map<number, string>();
  for (const entry of entries) {
    if (entry.kind === RecordKind.TERMS) {
      const text = textOf(entry);
      if (newest.get(entry.lineItem) === text) wrong.push(`terms of ${entry.lineItem} told twice`);
      newest.set(entry.lineItem, text);
    } else if (entry.kind === RecordKind.GRANT) {
      const wanted = textOf(simulatedTermsOf(entry.lineItem, entry.boot));
      if (newest.get(entry.lineItem) !== wanted) {
        wrong.push(`a grant of ${entry.lineItem} before its terms`);
      }
    }
  }
  return wrong;
}

/** Each World of a boot is told once, in their order. */
function wrongWorlds(entries: readonly Entry[]): string[] {
  const wrong: string[] = [];
  const newest = new Map<number, number>();
  for (const entry of entries) {
    if (entry.kind !== RecordKind.GENERATION) continue;
    const { boot, generation } = entry;
    const before = newest.get(boot) ?? generation - 1;
    if (generation !== before + 1) wrong.push(`World ${generation} after ${before}`);
    newest.set(boot, generation);
  }
  return wrong;
}

const textOf = (terms: Omit<TermsEntry, "kind" | "boot" | "timeMs">): string => {
  const { lineItem, campaign, advertiser, agency, currency } = terms;
  const { marginPpm, technicalPpm, dataNanos } = terms;
  return [
    lineItem,
    campaign,
    advertiser,
    agency,
    currency,
    marginPpm,
    technicalPpm,
    dataNanos,
  ].join();
};

/** A folder for the exposures of one seed while `use` runs. */
export function withExposures<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-exposures-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
