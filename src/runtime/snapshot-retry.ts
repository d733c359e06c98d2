import { statSync } from "node:fs";
import { join } from "node:path";
import { epochFolderName } from "./snapshot-write.js";

const firstPauseMs = 4000;
const pauseMsMax = 600_000;

/** 4 s after the first failure, twice as long after each further one, at most ten minutes. */
export const retryPauseMs = (failures: number): number =>
  Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(failures - 1, 20));

type PutOff = {
  readonly mark: string;
  readonly demand: string;
  readonly failures: number;
  readonly untilMs: number;
};

/**
 * Epochs that were refused or could not be adopted. To load and digest one takes minutes where it
 * is large, so each gets its next turn after a growing pause, or at once when its manifest is
 * another. One that was refused for what was asked of it (`demand`, "" = it is bad whatever is
 * asked) gets it too when something else is asked.
 */
export class PutOffEpochs {
  private readonly snapshotsFolder: string;
  private readonly epochs = new Map<number, PutOff>();

  constructor(snapshotsFolder: string) {
    this.snapshotsFolder = snapshotsFolder;
  }

  putOff(epoch: number, nowMs: number, demand = ""): void {
    const mark = this.markOf(epoch);
    const before = this.epochs.get(epoch);
    const isSame = before?.mark === mark && before.demand === demand;
    const failures = isSame ? before.failures + 1 : 1;
    this.epochs.set(epoch, { mark, demand, failures, untilMs: nowMs + retryPauseMs(failures) });
  }

  isPutOff(epoch: number, nowMs: number, demand = ""): boolean {
    const entry = this.epochs.get(epoch);
    if (entry === undefined || (entry.demand !== "" && entry.demand !== demand)) return false;
    return nowMs < entry.untilMs && entry.mark === this.markOf(epoch);
  }

  /** Which manifest it is, without reading it. */
  private markOf(epoch: number): string {
    const path = join(this.snapshotsFolder, epochFolderName(epoch), "manifest");
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts === undefined ? "none" : `${facts.mtimeMs} ${facts.size}`;
  }
}
