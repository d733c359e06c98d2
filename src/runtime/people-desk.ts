import type { Epoch } from "../base/ids.js";
import { SegmentIndex } from "../index/segment-index.js";
import { buildDemoApart, type DemoBuild, type DemoProgress } from "./demo-build.js";
import { demoPeopleCount, demoSeed } from "./demo-people.js";
import { forgetLogOf, snapshotsFolderOf, trustOf } from "./demo-world.js";
import { type ForgetTail, tailForgetLog } from "./forget-log.js";
import type { KeyFiles } from "./key-files.js";
import type { Log } from "./log.js";
import { realClock } from "./real-clock.js";
import type { LoadedSnapshot } from "./snapshot-load.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import type { WorldDesk } from "./world-desk.js";

const lookForEpochsMs = 2000;

export type PeopleDeskParts = {
  readonly dataFolder: string;
  readonly keys: KeyFiles;
  readonly desk: WorldDesk;
  readonly log: Log;
  readonly demoProgress: DemoProgress;
};

/**
 * Brings people in: loads the newest good snapshot of the data folder, has the World desk certify
 * and publish it, looks for newer ones, and follows the forget log, so that a forgotten person is
 * nobody in every thread at once.
 */
export class PeopleDesk {
  private readonly parts: PeopleDeskParts;
  private served = 0 as Epoch;
  private tail: ForgetTail | null = null;
  private timer: NodeJS.Timeout | null = null;
  private build: DemoBuild | null = null;
  private loading = false;
  private lastRefusal = "";

  constructor(parts: PeopleDeskParts) {
    this.parts = parts;
  }

  /**
   * The newest good snapshot now (null = none), without publishing it: for a start that waits for
   * it.
   */
  async loadNewest(): Promise<LoadedSnapshot | null> {
    const { dataFolder, keys, log } = this.parts;
    const { loaded, refused } = await loadNewestSnapshot({
      snapshotsFolder: snapshotsFolderOf(dataFolder),
      forgetLog: forgetLogOf(dataFolder),
      trust: trustOf(keys),
      servedEpoch: this.served,
      wanted: null,
      nowMs: realClock.nowMs(),
    });
    const refusal = refused.map(({ epoch, words }) => `epoch ${epoch}: ${words}`).join("; ");
    if (refusal !== "" && refusal !== this.lastRefusal) {
      log.error({ refused }, "a snapshot was refused; the last good one stays");
    }
    this.lastRefusal = refusal;
    return loaded;
  }

  /** Follows what is served from here on. */
  serving(loaded: LoadedSnapshot): void {
    const { dataFolder, log } = this.parts;
    const index = SegmentIndex.from(loaded.parts);
    this.served = loaded.parts.epoch;
    for (const at of loaded.forgetDamagedAt) log.error({ at }, "forget.log has a damaged line");
    this.tail?.stop();
    this.tail = tailForgetLog(
      forgetLogOf(dataFolder),
      loaded.forgetPosition,
      ({ ordinal }) => index.suppress(ordinal),
      (words) => log.error({ words }, "forget.log"),
    );
  }

  /** Loads and publishes a newer epoch if there is one; true when it did. */
  async refresh(): Promise<boolean> {
    if (this.loading) return false;
    this.loading = true;
    try {
      const loaded = await this.loadNewest();
      if (loaded === null || !(await this.parts.desk.adoptPeople(loaded))) return false;
      this.serving(loaded);
      return true;
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown";
      this.parts.log.error({ words }, "a snapshot could not be loaded");
      return false;
    } finally {
      this.loading = false;
    }
  }

  /** Looks for newer epochs from time to time. */
  watch(): void {
    this.timer = setInterval(() => void this.refresh(), lookForEpochsMs);
    this.timer.unref();
  }

  /** The demo's people: built behind while contextual bids go on, then swapped in. */
  async buildDemo(): Promise<boolean> {
    const { dataFolder, demoProgress } = this.parts;
    const order = {
      ...{ dataFolder, seed: demoSeed, people: demoPeopleCount },
      nowMs: realClock.nowMs(),
    };
    this.build = buildDemoApart(order, demoProgress);
    await this.build.result;
    this.build = null;
    return this.refresh();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.tail?.stop();
    this.build?.stop();
  }
}
