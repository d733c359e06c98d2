import { demoPeopleCount, demoSeed } from "../bank/generate/demo-person.js";
import type { Clock } from "../base/clock.js";
import type { Epoch } from "../base/ids.js";
import { SegmentIndex } from "../index/segment-index.js";
import { refuseOlder } from "../index/verify.js";
import { forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import { buildDemoApart, type DemoBuild, type DemoProgress } from "./demo-build.js";
import { type DemoWorldOrder, isDemoWorldMade } from "./demo-epoch.js";
import { type ForgetTail, tailForgetLog } from "./forget-log.js";
import type { KeyFiles } from "./key-files.js";
import type { Log } from "./log.js";
import { realClock } from "./real-clock.js";
import {
  highestMissingWords,
  keepServedEpoch,
  readServedEpoch,
  type ServedEpoch,
} from "./served-epoch.js";
import {
  candidateEpochs,
  type LoadedSnapshot,
  type LoadRequest,
  type RefusedEpoch,
} from "./snapshot-load.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import { listEpochs } from "./snapshot-read.js";
import type { SnapshotRefusals } from "./snapshot-refusals.js";
import { settleReplaced } from "./snapshot-replace.js";
import { PutOffEpochs, retryPauseMs } from "./snapshot-retry.js";
import type { WorldDesk } from "./world-desk.js";

const lookForEpochsMs = 2000;

export type PeopleDeskParts = {
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly keys: KeyFiles;
  readonly desk: Pick<
    WorldDesk,
    | "readFirst"
    | "start"
    | "adoptPeople"
    | "certifyMissing"
    | "lapse"
    | "noteForgotten"
    | "servedPeople"
    | "segmentsWanted"
    | "segmentsMissing"
  >;
  readonly refusals: SnapshotRefusals;
  readonly log: Pick<Log, "error" | "warn">;
  readonly demoProgress: DemoProgress;
  /** Others than the real ones are for tests. */
  readonly clock?: Clock;
  readonly load?: typeof loadNewestSnapshot;
  readonly buildDemo?: typeof buildDemoApart;
};

/**
 * Brings people in: loads the newest good snapshot of the data folder, has the World desk certify
 * and publish it, looks for newer ones, loads the served one with more planes where an edit needs
 * them, and follows the forget log, so that a forgotten person is nobody in every thread at once.
 */
export class PeopleDesk {
  private readonly parts: PeopleDeskParts;
  private readonly clock: Clock;
  private readonly putOff: PutOffEpochs;
  private served = 0 as Epoch;
  private highest: ServedEpoch;
  /** Epochs of the last look; null before the first. */
  private listed: ReadonlySet<number> | null = null;
  private starting = false;
  private told = "";
  private tail: ForgetTail | null = null;
  private timer: NodeJS.Timeout | null = null;
  private build: DemoBuild | null = null;
  private looking: Promise<boolean> | null = null;
  private countFailures = 0;
  private countDueMs = 0;

  constructor(parts: PeopleDeskParts) {
    this.parts = parts;
    this.clock = parts.clock ?? realClock;
    this.putOff = new PutOffEpochs(snapshotsFolderOf(parts.dataFolder));
    this.highest = readServedEpoch(parts.dataFolder);
  }

  /**
   * The first World, with the newest good snapshot if one is wanted, there and countable, else a
   * contextual one. False: there is no World, the World desk says why.
   */
  async start(withPeople: boolean): Promise<boolean> {
    this.starting = true;
    try {
      return await this.startWorld(withPeople);
    } finally {
      this.starting = false;
    }
  }

  private async startWorld(withPeople: boolean): Promise<boolean> {
    const { desk } = this.parts;
    // First the config: it says which segments are loaded.
    if (!(await desk.readFirst())) return false;
    const loaded = withPeople ? await this.loadNewest() : null;
    if (loaded === null) return desk.start(null);
    let started = false;
    await this.adopt(loaded, async (justBefore) => {
      started = await desk.start(loaded, justBefore);
      return desk.servedPeople === loaded;
    });
    return started;
  }

  private async loadNewest(): Promise<LoadedSnapshot | null> {
    const { highest } = this;
    if (!highest.ok) {
      this.tellOnce(highest.words);
      return null;
    }
    const snapshotsFolder = snapshotsFolderOf(this.parts.dataFolder);
    settleReplaced(snapshotsFolder);
    const listed = new Set(listEpochs(snapshotsFolder));
    const before = this.listed;
    this.listed = listed;
    if (before !== null) this.refuseOlder([...listed].filter((epoch) => !before.has(epoch)));
    const loaded = await this.loadCandidates(this.request());
    if (loaded === null && before === null) this.refuseOlder([...listed]);
    if (loaded === null && this.served < highest.epoch) {
      this.tellOnce(highestMissingWords(this.parts.dataFolder, highest.epoch));
    }
    return loaded;
  }

  private async loadCandidates(request: LoadRequest): Promise<LoadedSnapshot | null> {
    const demand = demandOf(request);
    const candidates = candidateEpochs(request);
    const skip = candidates.filter((epoch) => this.putOff.isPutOff(epoch, request.nowMs, demand));
    // Mostly there is nothing to load: no thread for that.
    if (skip.length === candidates.length) return null;
    const { load = loadNewestSnapshot } = this.parts;
    const { loaded, refused } = await load({ ...request, skip });
    for (const { epoch, code } of refused) {
      // Only a dictionary can be good for one config and bad for another.
      this.putOff.putOff(epoch, this.clock.nowMs(), code === "dictionary" ? demand : "");
    }
    this.tellRefused(refused);
    return loaded;
  }

  private request(): LoadRequest {
    const { dataFolder, keys, desk } = this.parts;
    return {
      snapshotsFolder: snapshotsFolderOf(dataFolder),
      forgetLog: forgetLogOf(dataFolder),
      trust: trustOf(keys),
      servedEpoch: this.served,
      highestServed: this.highest.ok ? this.highest.epoch : (0 as Epoch),
      wanted: desk.segmentsWanted,
      nowMs: this.clock.nowMs(),
    };
  }

  /** The served epoch once more where line items wait for planes of it that memory lacks. */
  private loadWider(): Promise<LoadedSnapshot | null> {
    const { desk } = this.parts;
    const { parts, manifestDigest } = desk.servedPeople;
    const { epoch, table, home, merges = [], suppressed } = parts;
    if (epoch === 0 || !desk.segmentsMissing) return Promise.resolve(null);
    const again = { epoch, table, home, merges, suppressed, manifestDigest };
    return this.loadCandidates({ ...this.request(), again });
  }

  /** Epochs that came back although a newer one was served: never loaded, and never in silence. */
  private refuseOlder(epochs: readonly number[]): void {
    const highest = this.highest.ok ? this.highest.epoch : 0;
    const older = epochs.filter((epoch) => epoch < highest);
    this.tellRefused(older.map((epoch) => ({ epoch, ...olderThan(epoch, highest) })));
  }

  private tellRefused(refused: readonly RefusedEpoch[]): void {
    if (refused.length === 0) return;
    this.parts.refusals.note(refused, this.clock.nowMs());
    this.parts.log.error({ refused }, "a snapshot was refused; the last good one stays");
  }

  private tellOnce(words: string): void {
    if (this.told !== words) this.parts.log.warn({ words }, "snapshots");
    this.told = words;
  }

  /**
   * Publishes what was loaded. Its forget log is followed from the loading on, beside that of what
   * is served: whoever is forgotten in between is nobody in both, and never comes back at the swap.
   */
  private async adopt(
    loaded: LoadedSnapshot,
    publish: (justBefore: () => void) => Promise<boolean>,
  ): Promise<boolean> {
    const { log } = this.parts;
    const { epoch } = loaded.parts;
    for (const at of loaded.forgetDamagedAt) log.error({ at }, "forget.log has a damaged line");
    const tail = this.follow(loaded);
    if (!(await publish(tail.poll))) {
      tail.stop();
      this.putOff.putOff(epoch, this.clock.nowMs());
      return false;
    }
    tail.poll();
    this.tail?.stop();
    this.tail = tail;
    this.served = epoch;
    this.keepHighest(epoch);
    return true;
  }

  /** After the publication, so that an epoch that was never served bars no other. */
  private keepHighest(epoch: Epoch): void {
    if (!this.highest.ok || epoch <= this.highest.epoch) return;
    this.highest = { ok: true, epoch };
    try {
      keepServedEpoch(this.parts.dataFolder, epoch);
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown";
      this.parts.log.error({ words, epoch }, "the served epoch cannot be remembered");
    }
  }

  private follow(loaded: LoadedSnapshot): ForgetTail {
    const { dataFolder, log, desk } = this.parts;
    const index = SegmentIndex.from(loaded.parts);
    return tailForgetLog(
      forgetLogOf(dataFolder),
      loaded.forgetPosition,
      ({ ordinal, sequence }) => {
        index.suppress(ordinal);
        desk.noteForgotten(sequence);
      },
      (words) => log.error({ words }, "forget.log"),
    );
  }

  /**
   * Loads and publishes a newer epoch if there is one, or planes that the config needs; true when
   * it did. Whoever calls while a look is under way gets that one's result.
   */
  refresh(): Promise<boolean> {
    if (this.starting) return Promise.resolve(false);
    this.looking ??= this.look().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async look(): Promise<boolean> {
    const { desk, log } = this.parts;
    try {
      const loaded = (await this.loadNewest()) ?? (await this.loadWider());
      if (loaded !== null) {
        return await this.adopt(loaded, (justBefore) => desk.adoptPeople(loaded, justBefore));
      }
      await this.countAgain();
    } catch (error) {
      const words = error instanceof Error ? error.message : "unknown";
      log.error({ words }, "a snapshot could not be loaded");
    }
    return false;
  }

  /** Audiences of an edit whose count failed get another one, after a growing pause. */
  private async countAgain(): Promise<void> {
    if (this.clock.nowMs() < this.countDueMs) return;
    this.countFailures = (await this.parts.desk.certifyMissing()) ? 0 : this.countFailures + 1;
    if (this.countFailures === 0) return;
    this.countDueMs = this.clock.nowMs() + retryPauseMs(this.countFailures);
  }

  /** Looks for newer epochs from time to time, and for the end of the served one's life. */
  watch(): void {
    this.timer = setInterval(() => {
      void this.parts.desk.lapse();
      void this.refresh();
    }, lookForEpochsMs);
    this.timer.unref();
  }

  /**
   * The demo's people: built behind while contextual bids go on, then swapped in. True when they
   * are served.
   */
  async buildDemo(): Promise<boolean> {
    const { demoProgress, buildDemo = buildDemoApart } = this.parts;
    this.build = buildDemo(this.demoOrder(), demoProgress);
    const { epoch } = await this.build.result;
    this.build = null;
    // A look that is under way may have begun before the epoch was there.
    await this.refresh();
    if (this.served < epoch) await this.refresh();
    return this.served >= epoch;
  }

  /** True when the demo's people of an earlier start are good: they are loaded, not built. */
  get demoIsMade(): boolean {
    return isDemoWorldMade(this.demoOrder(), this.parts.keys);
  }

  private demoOrder(): DemoWorldOrder {
    const { dataFolder, configFolder } = this.parts;
    const nowMs = this.clock.nowMs();
    return { dataFolder, configFolder, seed: demoSeed, people: demoPeopleCount, nowMs };
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.tail?.stop();
    this.build?.stop();
  }
}

/** What a snapshot is asked for beside being good: one text for one set of segments. */
const demandOf = ({ wanted }: LoadRequest): string =>
  JSON.stringify(wanted?.map(({ name, agency }) => [agency, name]) ?? null);

function olderThan(epoch: number, highest: number): Pick<RefusedEpoch, "code" | "words"> {
  const { code, words } = refuseOlder(epoch, highest);
  return { code, words };
}
