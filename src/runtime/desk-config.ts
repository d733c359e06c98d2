import { type Applied, applyFiles, filesActor } from "../admin/desk/apply.js";
import { Book, type BookParts } from "../admin/desk/book.js";
import { type FileEntity, filePlacesOf, recordsOf } from "../admin/desk/file-entities.js";
import { type DeskStore, entityKinds } from "../admin/store/desk-store.js";
import type { Clock } from "../base/clock.js";
import type { PrivacySettings } from "../bid/consent.js";
import { stepsOf } from "../campaign/entity-document.js";
import { type Issue, sortIssues } from "../campaign/issue.js";
import { type BesideCampaigns, loadConfig } from "../campaign/load.js";
import { problemFinder } from "../wire/template-compile.js";
import type { BookCopy } from "./book-copy.js";
import { readConfigFolder } from "./config-folder.js";
import { DeskFolder, type FolderLook } from "./desk-folder.js";
import { changedTexts } from "./desk-texts.js";
import type { Log } from "./log.js";
import { inSlices } from "./slices.js";
import type { StopsFile } from "./stops-file.js";
import type { ConfigReading } from "./world-desk-parts.js";

/** Another process's change is seen, and a store that is back, within this. */
const lookEveryMs = 400;

export type DeskConfigParts = {
  readonly configFolder: string;
  readonly store: DeskStore & { readonly trouble?: () => string };
  readonly clock: Clock;
  readonly log: Pick<Log, "error" | "warn">;
  readonly stops: StopsFile;
  readonly moneyIssues?: BookParts["moneyIssues"];
  /** What a start without a readable store goes on with; absent: the files alone. */
  readonly copy?: BookCopy;
};

/**
 * What a World is made of, kept in two places: exchanges, rates, fees, ceilings, privacy and
 * markets in the config folder; what is bought in the desk's store, which campaigns/ and deals.yaml
 * of the folder are applied to whenever they change (admin/desk/apply.ts). A store that was never
 * read is stood in for by the files.
 */
export class DeskConfig {
  readonly book: Book;
  private readonly parts: DeskConfigParts;
  private readonly folder: DeskFolder;
  private privacy: PrivacySettings | null = null;
  private look: FolderLook | null = null;
  /** Made once for thousands of creatives. */
  private finder: {
    readonly exchanges: BesideCampaigns["exchanges"];
    readonly privacy: PrivacySettings | null;
    readonly problemsOf: ReturnType<typeof problemFinder>;
  } | null = null;
  private applyIssues: readonly Issue[] = [];
  /** The last look cannot be used as a whole. */
  private broken = false;
  /** Changed by other means than the files since the last reading. */
  private edited = false;
  /** The store did not take the files: they are applied when it does. */
  private owed = false;
  private changed: () => Promise<boolean> = () => Promise.resolve(true);
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private toldTrouble = "";

  private constructor(parts: DeskConfigParts) {
    this.parts = parts;
    this.folder = new DeskFolder(parts.configFolder);
    const { store, clock, moneyIssues } = parts;
    this.book = new Book({
      ...{ store, nowMs: clock.nowMs, stops: parts.stops.list, inSlices },
      onChange: (way) => {
        // Files are followed by whoever applies them.
        if (way !== "apply") this.noteEdit();
      },
      ...(moneyIssues === undefined ? {} : { moneyIssues }),
      markupProblems: (creative, { exchanges }) => this.markupProblems(creative, exchanges),
    });
  }

  /** The first look, applied to the store. */
  static async open(parts: DeskConfigParts): Promise<DeskConfig> {
    const desk = new DeskConfig(parts);
    // What the store holds goes on also when the files are broken.
    desk.edited =
      (await desk.book.load()) && entityKinds.some((kind) => desk.book.all(kind).length > 0);
    await desk.apply(desk.folder.look());
    return desk;
  }

  /** From now on: follows what others write to the store; `changed` has a new World built. */
  follow(changed: () => Promise<boolean>): void {
    this.changed = changed;
    this.parts.stops.follow(() => this.stopsChanged());
    this.timer = setInterval(() => void this.lookAtStore(), lookEveryMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  async close(): Promise<boolean> {
    this.stop();
    await this.parts.copy?.settle();
    await this.parts.store.close();
    return true;
  }

  /** The folder has changed: resolves when what could be used of it is in the book. */
  async filesChanged(): Promise<void> {
    await this.apply(this.folder.look());
    await this.changed();
  }

  get stops(): StopsFile {
    return this.parts.stops;
  }

  get store(): DeskConfigParts["store"] {
    return this.parts.store;
  }

  private stopsChanged(): Promise<boolean> {
    this.edited = true;
    return this.changed();
  }

  /** For the World desk. A look that is broken changes nothing, but edits at the desk go live. */
  read(): ConfigReading {
    const { config, issues } = this.book.config();
    const { besideIssues = [], campaignIssues = [] } = this.look ?? {};
    const all = sortIssues([...besideIssues, ...campaignIssues, ...this.applyIssues, ...issues]);
    const usable = !this.broken || this.edited;
    if (config !== null && this.privacy !== null && usable) this.edited = false;
    return { config: usable ? config : null, privacy: this.privacy, issues: all };
  }

  /** "" = all is well, else what operators should look at. */
  trouble(): string {
    const words = this.book.trouble();
    return words === "" ? "" : `${words} ${this.parts.store.trouble?.() ?? ""}`.trimEnd();
  }

  private noteEdit(): void {
    this.edited = true;
    this.keepCopy();
    void this.changed();
  }

  private keepCopy(): void {
    const { book, parts } = this;
    if (book.isLoaded) parts.copy?.note(() => entityKinds.flatMap((kind) => book.all(kind)));
  }

  private async lookAtStore(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = null;
    });
    await this.looking;
  }

  private async lookOnce(): Promise<void> {
    const { book } = this;
    const wasLoaded = book.isLoaded;
    if (wasLoaded) await book.refresh();
    else await book.load();
    if (book.isLoaded && book.trouble() === "" && (!wasLoaded || this.owed)) {
      await this.apply(this.folder.look());
      this.edited = true;
      await this.changed();
    }
    this.tellTrouble();
  }

  private tellTrouble(): void {
    const trouble = this.trouble();
    if (trouble !== this.toldTrouble) {
      if (trouble !== "") this.parts.log.error({ trouble }, "campaign store");
      else this.parts.log.warn({}, "the campaign store answers again");
    }
    this.toldTrouble = trouble;
  }

  private async apply(look: FolderLook): Promise<void> {
    this.look = look;
    this.applyIssues = [];
    const { entities, beside, privacy } = look;
    if (privacy !== null) this.privacy = privacy;
    if (beside !== null) this.book.setBeside(beside, filePlacesOf(entities ?? []));
    this.broken = beside === null || privacy === null || entities === null;
    if (this.broken || entities === null) return;
    if (!this.book.isLoaded) this.standIn(entities);
    else {
      await this.applyEntities(entities);
      this.keepCopy();
    }
  }

  /**
   * The store was never read: what it had last takes its place, else files that are sound as a
   * whole.
   */
  private standIn(entities: readonly FileEntity[]): void {
    const { config, issues } = loadConfig(readConfigFolder(this.parts.configFolder));
    if (config === null) {
      this.applyIssues = issues;
      this.broken = true;
    } else {
      const kept = this.parts.copy?.read() ?? recordsOf(entities, this.parts.clock.nowMs());
      this.book.useFiles(kept);
    }
    this.tellTrouble();
  }

  private async applyEntities(entities: readonly FileEntity[]): Promise<void> {
    const { book, parts } = this;
    const applied = await applyFiles(entities, book, {
      ...{ actor: filesActor, nowMs: parts.clock.nowMs(), force: false, dryRun: false },
      errorsOf: (changes) => book.errorsOf(changes),
    });
    this.applyIssues = applyIssuesOf(applied, entities);
    this.broken = !applied.ok && "issues" in applied;
    this.owed = !applied.ok && "code" in applied;
    if (applied.ok) await this.keepTexts();
  }

  /** What export starts from. A store that does not take them now gets them next time. */
  private async keepTexts(): Promise<void> {
    const known = await this.parts.store.files();
    if (!known.ok || this.look === null) return;
    const texts = changedTexts(known.value, this.look.files);
    if (texts.size > 0) await this.parts.store.putFiles(texts);
  }

  private markupProblems(
    creative: Parameters<NonNullable<BookParts["markupProblems"]>>[0],
    exchanges: BesideCampaigns["exchanges"],
  ): readonly string[] {
    const { privacy, finder } = this;
    if (finder?.exchanges !== exchanges || finder.privacy !== privacy) {
      const thirdPartyHosts = privacy?.thirdPartyHosts ?? [];
      const publicUrl = "https://bidder.invalid";
      const problemsOf = problemFinder({ exchanges, publicUrl, thirdPartyHosts });
      this.finder = { exchanges, privacy, problemsOf };
    }
    const problems = this.finder?.problemsOf(creative) ?? [];
    return [
      ...new Set(
        problems.map(({ exchange, what }) => (exchange === "" ? what : `on ${exchange}: ${what}`)),
      ),
    ];
  }
}

/** What an apply could not do, at the places of the files. */
export function applyIssuesOf(applied: Applied, entities: readonly FileEntity[]): readonly Issue[] {
  const place = (kind: string, key: string, field: string): Omit<Issue, "severity" | "message"> => {
    const entity = entities.find((one) => one.kind === kind && one.key === key);
    const form = { kind, key, field };
    if (entity === undefined) return { file: "", line: 0, column: 0, ...form };
    return { ...entity.document.positionOf([...entity.path, ...stepsOf(field)]), ...form };
  };
  if (applied.ok) {
    return applied.rows
      .filter(({ act }) => act === "conflict")
      .map(({ kind, key, why }) => ({
        severity: "warning",
        ...place(kind, key, ""),
        message: why,
      }));
  }
  if ("issues" in applied) {
    return applied.issues.map(({ severity, kind, key, field, message }) => ({
      ...{ severity, ...place(kind, key, field), message },
    }));
  }
  const message = "the campaign store does not take the files now: they are applied when it does";
  return [{ severity: "warning", file: "", line: 0, column: 0, message }];
}
