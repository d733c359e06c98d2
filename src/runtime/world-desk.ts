import type { Clock } from "../base/clock.js";
import type { Epoch, Generation, LineItemId } from "../base/ids.js";
import type { PrivacySettings } from "../bid/consent.js";
import { audiencesNeeded } from "../campaign/compile.js";
import type { Issue } from "../campaign/issue.js";
import type { LoadedConfig } from "../campaign/load.js";
import {
  type AudienceVerdict,
  Certificates,
  type Judge,
  type JudgeContext,
} from "./certificates.js";
import type { RetiredCreatives } from "./retired-creatives.js";
import { type BuiltWorld, buildWorld, nobody, type People } from "./world-build.js";

/** A config folder as read: `config` null = broken, the issues say where. */
export type ConfigReading = {
  readonly config: LoadedConfig | null;
  readonly privacy: PrivacySettings | null;
  readonly issues: readonly Issue[];
};

export type WorldDeskParts = {
  readonly clock: Clock;
  readonly readConfig: () => ConfigReading;
  readonly judge: Judge;
  readonly judgeContext: JudgeContext;
  readonly retired: RetiredCreatives;
  readonly placeOf: (lineItem: LineItemId) => number;
  readonly publicUrl: string;
  /** Budgets first, then workers; resolves when every worker has adopted it. */
  readonly publish: (built: BuiltWorld, config: LoadedConfig) => Promise<void>;
  readonly report: (event: DeskEvent) => void;
};

export type DeskEvent =
  | { readonly kind: "published"; readonly generation: number; readonly epoch: number }
  | { readonly kind: "config_refused"; readonly issues: readonly Issue[] }
  | { readonly kind: "config_warned"; readonly issues: readonly Issue[] }
  | { readonly kind: "not_certified"; readonly words: string }
  | { readonly kind: "creative_unusable"; readonly creative: number; readonly words: string }
  | { readonly kind: "failed"; readonly words: string };

/** One generation as it is served, with what it was built from. */
export type Published = {
  readonly built: BuiltWorld;
  readonly config: LoadedConfig;
  readonly people: People;
};

/**
 * Main's side of a World: holds the last good config, the people being served and their
 * certificates; builds the next generation and publishes it. Jobs run one after another. A bad
 * config or an uncounted audience changes nothing: the last good World stays.
 */
export class WorldDesk {
  private readonly parts: WorldDeskParts;
  private readonly certificates: Certificates;
  private generation = 0 as Generation;
  private people: People = nobody();
  private config: LoadedConfig | null = null;
  private privacy: PrivacySettings | null = null;
  private issues: readonly Issue[] = [];
  /**
   * What is served: set as one value when every worker has it, so that words and World never drift
   * apart.
   */
  private published: Published | null = null;
  private queue: Promise<void> = Promise.resolve();

  constructor(parts: WorldDeskParts) {
    this.parts = parts;
    this.certificates = new Certificates(parts.judge, parts.judgeContext);
  }

  /** The first World, from the config alone: throws the issues' report to the caller as false. */
  start(people: People | null): Promise<boolean> {
    return this.run(async () => {
      if (!this.readConfig()) return false;
      if (people !== null) await this.takePeople(people);
      else await this.publish();
      return true;
    });
  }

  /**
   * The config folder changed. What needs no count is live at once; new audiences follow when they
   * are counted.
   */
  reload(): Promise<boolean> {
    return this.run(async () => {
      if (!this.readConfig()) return false;
      await this.publish();
      if (await this.certifyMissing()) await this.publish();
      return true;
    });
  }

  /** A new epoch: counted first, published only together with its certificates. */
  adoptPeople(people: People): Promise<boolean> {
    return this.run(async () => {
      await this.takePeople(people);
      return true;
    });
  }

  /** Builds and publishes the same again under a new generation (tests of the swap, operators). */
  republish(): Promise<boolean> {
    return this.run(async () => {
      await this.publish();
      return true;
    });
  }

  /** null before the first publication. */
  get current(): Published | null {
    return this.published;
  }

  get servedPeople(): People {
    return this.published?.people ?? this.people;
  }

  get lastIssues(): readonly Issue[] {
    return this.issues;
  }

  verdicts(): readonly AudienceVerdict[] {
    if (this.config === null) return [];
    return this.certificates.verdictsOn(audiencesNeeded(this.config.book));
  }

  private run(job: () => Promise<boolean>): Promise<boolean> {
    const done = this.queue.then(job).catch((error: unknown) => {
      const words = error instanceof Error ? error.message : "a job of the world desk failed";
      this.parts.report({ kind: "failed", words });
      return false;
    });
    this.queue = done.then(() => undefined);
    return done;
  }

  private readConfig(): boolean {
    const reading = this.parts.readConfig();
    this.issues = reading.issues;
    if (reading.config === null || reading.privacy === null) {
      this.parts.report({ kind: "config_refused", issues: reading.issues });
      return false;
    }
    if (reading.issues.length > 0) {
      this.parts.report({ kind: "config_warned", issues: reading.issues });
    }
    this.config = reading.config;
    this.privacy = reading.privacy;
    return true;
  }

  private async takePeople(people: People): Promise<void> {
    const before = this.people;
    this.people = people;
    try {
      await this.certifyMissing();
      await this.publish();
    } catch (error) {
      this.people = before;
      throw error;
    }
  }

  /**
   * True when there are new verdicts. Without a count there is no certificate: those audiences stay
   * dark.
   */
  private async certifyMissing(): Promise<boolean> {
    const { epoch } = this.people.parts;
    if (this.config === null || epoch === (0 as Epoch)) return false;
    const missing = this.certificates.unjudged(epoch, audiencesNeeded(this.config.book));
    if (missing.length === 0) return false;
    const words = await this.certificates.certify(epoch, missing);
    if (words !== "") this.parts.report({ kind: "not_certified", words });
    return words === "";
  }

  private async publish(): Promise<void> {
    const { parts, config, privacy, people } = this;
    if (config === null || privacy === null) return;
    const generation = (this.generation + 1) as Generation;
    const built = buildWorld({
      generation,
      config,
      privacy,
      people,
      certificates: this.certificates.certified(people.parts.epoch),
      placeOf: parts.placeOf,
      publicUrl: parts.publicUrl,
      retired: parts.retired.turn(config.book.creatives, parts.clock.nowMs()),
    });
    this.generation = generation;
    await parts.publish(built, config);
    this.published = { built, config, people };
    const { epoch } = people.parts;
    for (const { creative, exchange, what } of built.templateProblems) {
      const words = exchange === "" ? what : `${exchange}: ${what}`;
      parts.report({ kind: "creative_unusable", creative, words });
    }
    parts.report({ kind: "published", generation, epoch });
  }
}
