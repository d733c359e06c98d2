import type { Epoch, Generation } from "../base/ids.js";
import type { PrivacySettings } from "../bid/consent.js";
import type { BookSnapshot } from "../campaign/certificate-book.js";
import { type AudienceNeeded, audiencesNeeded, segmentsWanted } from "../campaign/compile.js";
import type { VerdictWord } from "../campaign/crowd-rule.js";
import { figuresChanged } from "../campaign/figures.js";
import type { Issue } from "../campaign/issue.js";
import type { LoadedConfig } from "../campaign/load.js";
import { isAbsentFor, type SegmentWanted } from "../index/projection.js";
import { refuse } from "../index/verify.js";
import { type AudienceVerdict, Certificates, type Certified } from "./certificates.js";
import { issueOf, judgedEvent, wordsOf } from "./desk-event.js";
import { giveWay, inSlices } from "./slices.js";
import { warmingOf } from "./warming.js";
import { type BuiltWorld, nobody, type People, WorldMemory, worldSteps } from "./world-build.js";
import type { WorldDeskParts } from "./world-desk-parts.js";

export type { DeskEvent } from "./desk-event.js";

/** One generation as it is served, with what it was built from. */
export type Published = {
  readonly built: BuiltWorld;
  readonly config: LoadedConfig;
  readonly people: People;
  /** The snapshot's life is over: no audience bids, contextual line items go on. */
  readonly expired: boolean;
  /** Digests of the audiences that bid. */
  readonly certified: ReadonlySet<string>;
};

export type AgencyChecks = { readonly agency: number; readonly leftToday: number };

/** The last good config: what the next World is built from. */
type Wanted = {
  readonly config: LoadedConfig;
  readonly privacy: PrivacySettings;
  readonly needed: readonly AudienceNeeded[];
  readonly segments: readonly SegmentWanted[];
};

export type AlsoJudged = VerdictWord | "no_check_left" | null;
type Counted = "nothing missing" | "counted" | "failed";
type Adopted = "adopted" | "uncounted" | "failed";

/** Edits that come while an epoch is counted are counted too, but they do not hold it for ever. */
const countsBeforeAdoptionMax = 3;

/**
 * Main's side of a World: holds the last good config, the people being served and their
 * certificates; builds the next generation and publishes it. Publications run one after another,
 * and so do counts, but nothing waits behind a count: a pause is live at once. A bad config or an
 * uncounted epoch changes nothing: the last good World stays.
 */
export class WorldDesk {
  private readonly parts: WorldDeskParts;
  private readonly certificates: Certificates;
  private readonly memory = new WorldMemory();
  private generation = 0 as Generation;
  private people: People = nobody();
  private wanted: Wanted | null = null;
  private issues: readonly Issue[] = [];
  private failure = "";
  private toldWarming = "";
  /**
   * What is served: set as one value when every worker has it, so that words and World never drift
   * apart.
   */
  private published: Published | null = null;
  private publishing: Promise<unknown> = Promise.resolve();
  private counting: Promise<unknown> = Promise.resolve();

  constructor(parts: WorldDeskParts) {
    this.parts = parts;
    this.certificates = new Certificates(parts.judge, parts.judgeContext, parts.certificateStore);
  }

  /**
   * Reads the config before there is a World, so that people are loaded with its segments in mind.
   * False: it is broken, `lastIssues` say where.
   */
  async readFirst(): Promise<boolean> {
    return this.wanted !== null || this.run(() => this.readConfig(), false);
  }

  /**
   * The first World; false: `lastIssues` and `lastFailure` say why there is none. Where the people
   * cannot be counted now it is a contextual one, and `servedPeople` is not them.
   */
  async start(people: People | null, justBefore: () => void = nothing): Promise<boolean> {
    if (!(await this.readFirst())) return false;
    const adopted = people === null ? "uncounted" : await this.adopt(people, justBefore);
    return adopted === "uncounted" ? this.republish() : adopted === "adopted";
  }

  /**
   * The config folder changed. What needs no count is live at once; new audiences follow when they
   * are counted. Resolves after both.
   */
  async reload(): Promise<boolean> {
    const live = await this.goLive();
    if (live) await this.certifyMissing();
    return live;
  }

  /** The first half of `reload`: what needs no count. */
  goLive(): Promise<boolean> {
    return this.run(async () => {
      // Who saved has just had the book made anew: that was a turn of its own.
      await giveWay();
      const before = this.wanted;
      // Before the start: its own first reading will see the change.
      if (before === null || !this.readConfig()) return false;
      // The start is under way and takes what was read last.
      if (this.published === null) return false;
      await giveWay();
      try {
        await this.publish(this.people);
      } catch (error) {
        this.wanted = before;
        this.issues = [...this.issues, issueOf(error)];
        throw error;
      }
      return true;
    }, false);
  }

  /**
   * A new epoch: counted first, published only together with its certificates. False: what was
   * served before stays; try again later. `justBefore` runs right before the workers get it.
   */
  async adoptPeople(people: People, justBefore: () => void = nothing): Promise<boolean> {
    return (await this.adopt(people, justBefore)) === "adopted";
  }

  /** Builds and publishes the same again under a new generation. */
  republish(): Promise<boolean> {
    return this.run(async () => {
      await this.publish(this.people);
      return true;
    }, false);
  }

  /**
   * Has counted what the config needs and nobody has judged in the served epoch, and publishes it.
   * False: the count failed, those audiences stay dark; try again later.
   */
  async certifyMissing(): Promise<boolean> {
    const { people } = this;
    const counted = await this.count(people);
    // Another epoch since then has been counted for the config of its own moment.
    if (counted === "counted" && people === this.people) await this.republish();
    return counted !== "failed";
  }

  /**
   * To be called often: takes all audiences off the air when the snapshot's life is over, and those
   * that so many people of the snapshot left that they may be no crowd any more; begins the roster
   * of a new UTC day.
   */
  async lapse(): Promise<void> {
    const { published } = this;
    if (published === null) return;
    const { clock, roster } = this.parts;
    const { people, certified, expired } = published;
    const still = this.certificates.certified(snapshotOf(people));
    const fell = !expired && [...certified].some((digest) => !still.has(digest));
    const expires = !expired && this.isExpired(people);
    const isOver = roster.isOver(published.built.parts.rosterDay, clock.nowMs());
    if (fell || expires || isOver) await this.republish();
  }

  /** Somebody was forgotten, under this sequence of the forget log. */
  noteForgotten(sequence: number): void {
    this.certificates.noteForgotten(sequence);
  }

  /** Checks of new audiences that each agency of the config has left today. */
  checksLeft(): readonly AgencyChecks[] {
    const agencies = this.wanted?.config.book.agencies ?? [];
    return agencies.map(({ id }) => ({ agency: id, leftToday: this.certificates.checksLeft(id) }));
  }

  /** null before the first publication. */
  get current(): Published | null {
    return this.published;
  }

  get servedPeople(): People {
    return this.published?.people ?? this.people;
  }

  /** Segments that the config's line items name. */
  get segmentsWanted(): readonly SegmentWanted[] {
    return this.wanted?.segments ?? [];
  }

  /** True: the served epoch has segments that the config names and memory does not hold. */
  get segmentsMissing(): boolean {
    if (this.published === null || this.isExpired(this.people)) return false;
    const { absent } = this.people;
    return this.segmentsWanted.some(({ name, agency }) => isAbsentFor(absent, name, agency));
  }

  /** Audiences that wait for planes of the served epoch. */
  warming(): readonly AudienceNeeded[] {
    const { wanted, people } = this;
    if (wanted === null || this.isExpired(people)) return [];
    const judged = this.verdicts().filter(({ verdict }) => verdict !== "certified");
    const refused = new Set(judged.map(({ needed }) => needed.digest));
    return warmingOf(wanted.needed, people, refused);
  }

  get lastIssues(): readonly Issue[] {
    return this.issues;
  }

  /** Why the last publication failed, "" when it did not. */
  get lastFailure(): string {
    return this.failure;
  }

  verdicts(): readonly AudienceVerdict[] {
    if (this.wanted === null || this.published?.expired === true) return [];
    if (this.parts.mayShowVerdicts?.() === false) return [];
    return this.certificates.verdictsOn(snapshotOf(this.people), this.wanted.needed);
  }

  /** On an audience that no line item names (yet), over the served epoch; null: not just now. */
  async judgeAlso(audience: AudienceNeeded): Promise<AlsoJudged> {
    const { people, certificates } = this;
    if (!certificates.mayJudge(audience)) return "no_check_left";
    if ((await this.count(people, [audience])) === "failed") return null;
    return certificates.verdictsOn(snapshotOf(people), [audience])[0]?.verdict ?? null;
  }

  private run<T>(job: () => Promise<T> | T, failed: T): Promise<T> {
    const done = this.publishing.then(job).catch((error: unknown) => {
      this.failure = wordsOf(error);
      this.parts.report({ kind: "failed", words: this.failure });
      return failed;
    });
    this.publishing = done;
    return done;
  }

  private readConfig(): boolean {
    const { config, privacy, issues } = this.parts.readConfig();
    const conflicts = config === null ? [] : this.parts.currencies.conflicts(config);
    this.issues = [...issues, ...conflicts];
    if (config === null || privacy === null || conflicts.length > 0) {
      this.parts.report({ kind: "config_refused", issues: this.issues });
      return false;
    }
    if (issues.length > 0) this.parts.report({ kind: "config_warned", issues });
    const { needed, segments } = this.asksOf(config);
    this.wanted = { config, privacy, needed, segments };
    return true;
  }

  /** A change of figures asks for what was asked for. */
  private asksOf({ book }: LoadedConfig): Pick<Wanted, "needed" | "segments"> {
    const { wanted } = this;
    if (wanted !== null && figuresChanged(wanted.config.book, book) !== null) return wanted;
    return { needed: audiencesNeeded(book), segments: segmentsWanted(book) };
  }

  private async adopt(people: People, justBefore: () => void): Promise<Adopted> {
    for (let counts = 1; ; counts++) {
      if ((await this.count(people)) === "failed") return "uncounted";
      const adopted = await this.run<Adopted | "edited">(async () => {
        const edited = this.missing(people, []).length > 0;
        if (edited && counts < countsBeforeAdoptionMax) return "edited";
        await this.publish(people, justBefore);
        return "adopted";
      }, "failed");
      if (adopted !== "edited") return adopted;
    }
  }

  /** The audiences of the present config, and `more`, that nobody has judged for these people. */
  private missing(people: People, more: readonly AudienceNeeded[]): readonly AudienceNeeded[] {
    const { epoch } = people.parts;
    if (this.wanted === null || epoch === (0 as Epoch) || this.isExpired(people)) return [];
    return this.certificates.unjudged(snapshotOf(people), [...this.wanted.needed, ...more]);
  }

  /** One count at a time, of what is missing when its turn has come. */
  private count(people: People, more: readonly AudienceNeeded[] = []): Promise<Counted> {
    const done = this.counting.then(async (): Promise<Counted> => {
      const missing = this.missing(people, more);
      if (missing.length === 0) return "nothing missing";
      const { epoch } = people.parts;
      const snapshot = snapshotOf(people);
      const certified = await this.certificates
        .certify(snapshot, missing)
        .catch((error: unknown): Certified => refuse("unreadable", wordsOf(error)));
      if (certified.ok) {
        this.parts.report(judgedEvent(missing, certified.certificates));
        return "counted";
      }
      const { code, words } = certified;
      this.parts.report({ kind: "not_certified", epoch, code, words });
      return "failed";
    });
    this.counting = done;
    return done;
  }

  private isExpired({ parts: { epoch, notAfterMs } }: People): boolean {
    return epoch !== (0 as Epoch) && notAfterMs <= this.parts.clock.nowMs();
  }

  private async publish(people: People, justBefore: () => void = nothing): Promise<void> {
    const { parts, wanted } = this;
    if (wanted === null) return;
    const { config, privacy } = wanted;
    const { epoch } = people.parts;
    const expired = this.isExpired(people);
    const generation = (this.generation + 1) as Generation;
    const certified = expired ? none : this.certificates.certified(snapshotOf(people));
    const retired = parts.retired.turn(config.book.creatives, parts.clock.nowMs());
    const asked = wanted.needed.filter(({ digest }) => certified.has(digest));
    const steps = worldSteps({
      ...{ generation, config, privacy, people },
      certificates: certified,
      roster: parts.roster.turn(asked, parts.clock.nowMs()),
      placeOf: parts.placeOf,
      ...(parts.capPlaceOf === undefined ? {} : { capPlaceOf: parts.capPlaceOf }),
      publicUrl: parts.publicUrl,
      retired,
      memory: this.memory,
    });
    await giveWay();
    const built = await inSlices(steps);
    await giveWay();
    this.generation = generation;
    parts.currencies.note(config.book.advertisers);
    justBefore();
    await parts.publish(built, config);
    const lapsed = expired && this.published?.expired !== true;
    this.people = people;
    this.published = { built, config, people, expired, certified };
    this.failure = "";
    this.certificates.published(snapshotOf(people));
    this.tell(built, epoch, lapsed);
  }

  private tell({ parts, templateProblems }: BuiltWorld, epoch: Epoch, lapsed: boolean): void {
    const { report } = this.parts;
    for (const { creative, exchange, what } of templateProblems) {
      const words = exchange === "" ? what : `${exchange}: ${what}`;
      report({ kind: "creative_unusable", creative, words });
    }
    if (lapsed) {
      const words = "the snapshot's life is over: bids on context only until a new epoch comes";
      report({ kind: "epoch_expired", epoch, words });
    }
    report({ kind: "published", generation: parts.generation, epoch });
    this.tellWarming();
  }

  /** Once for each set of line items that wait. */
  private tellWarming(): void {
    const waiting = new Set(this.warming().flatMap(({ lineItems }) => lineItems));
    const lineItems = [...waiting].sort((a, b) => a - b);
    if (lineItems.length > 0 && String(lineItems) !== this.toldWarming) {
      this.parts.report({ kind: "warming", lineItems });
    }
    this.toldWarming = String(lineItems);
  }
}

const snapshotOf = ({ parts, manifestDigest }: People): BookSnapshot => ({
  ...{ epoch: parts.epoch, manifestDigest },
});

const none: ReadonlySet<string> = new Set();
const nothing = (): void => undefined;
