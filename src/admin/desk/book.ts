import { finish, mapSteps, type Steps } from "../../base/steps.js";
import type { UnixMs } from "../../base/units.js";
import { type Issue, sortIssues } from "../../campaign/issue.js";
import type { BesideCampaigns } from "../../campaign/load.js";
import type { CreativeModel } from "../../campaign/model.js";
import {
  type ChangeSet,
  type Committed,
  type DeskKind,
  type DeskStore,
  type EntityChange,
  type EntityRecord,
  entityKinds,
  type Stored,
  type StoreRefusal,
} from "../store/desk-store.js";
import { type Checked, checkSteps, moveIssues, type ProposedChange } from "./book-check.js";
import { type FilePlaces, issuesOf, ServedPlaces } from "./book-issues.js";
import { type Lint, lintSteps } from "./book-lint.js";
import { type Entries, type Models, modelSteps, WithEntries } from "./book-models.js";
import type { Touched } from "./book-referrers.js";
import type { DeskBook, FieldIssue, Stop } from "./desk.js";
import { agencyOfForm, byKey, type RecordReader } from "./entity.js";
import { withStops } from "./stops.js";

export type BookParts = {
  /** null: there is none, the book is of files alone. */
  readonly store: DeskStore | null;
  readonly nowMs: () => UnixMs;
  readonly stops: () => readonly Stop[];
  /** The book is another one than before: a World is to be built. */
  readonly onChange: (way: ChangeSet["way"] | "elsewhere") => void;
  /** The template compiler's findings about a creative's markup, as sentences. */
  readonly markupProblems?: (creative: CreativeModel, beside: BesideCampaigns) => readonly string[];
  /** What money that was booked already forbids. */
  readonly moneyIssues?: (book: Models["book"], places: ServedPlaces) => readonly Issue[];
  /** Runs what thousands of things make long, with pauses; absent: at one go. */
  readonly inSlices?: <T>(steps: Steps<T>) => Promise<T>;
};

const words: Readonly<Record<"locked" | "gone", string>> = {
  locked: "another program holds the store: bids go on, edits are not kept until it lets go",
  gone: "the store cannot be read or written: bids go on, edits are not kept; see the log",
};

/** Of one thing, as far as they are looked through. */
const revisionsMax = 1000;

/** The book of the desk: all of it in memory, every change through the store first. */
export class Book implements DeskBook {
  private readonly parts: BookParts;
  private readonly records = new Map<DeskKind, Map<string, EntityRecord>>(
    entityKinds.map((kind) => [kind, new Map()]),
  );
  private readonly sorted = new Map<DeskKind, readonly EntityRecord[]>();
  private beside: BesideCampaigns | null = null;
  private filePlaces: FilePlaces = new Map();
  private models: Models | null = null;
  private lint: Lint | null = null;
  /** The store's newest change that is held here. */
  private seen = 0;
  private held = 0;
  private refusal: "locked" | "gone" | null = null;
  private loaded = false;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(parts: BookParts) {
    this.parts = parts;
    if (parts.store === null) this.refusal = "gone";
  }

  get(kind: DeskKind, key: string): EntityRecord | null {
    return this.records.get(kind)?.get(key) ?? null;
  }

  all(kind: DeskKind): readonly EntityRecord[] {
    const known = this.sorted.get(kind);
    if (known !== undefined) return known;
    const list = [...(this.records.get(kind)?.values() ?? [])].sort(byKey);
    this.sorted.set(kind, list);
    return list;
  }

  change(): number {
    return this.held;
  }

  /** False: it stands on files alone, or on nothing, since the store was never read. */
  get isLoaded(): boolean {
    return this.loaded;
  }

  trouble(): string {
    return this.refusal === null ? "" : words[this.refusal];
  }

  /** The files beside the campaigns, once read; the same object while none of them changes. */
  setBeside(beside: BesideCampaigns | null, places: FilePlaces): void {
    this.filePlaces = places;
    if (beside === this.beside) return;
    this.beside = beside;
    this.take(finish(this.remade(this.records, beside, null)));
  }

  /** All that the store holds; false where it does not answer. */
  load(): Promise<boolean> {
    return this.inTurn(async () => {
      const stored = this.parts.store === null ? null : await this.parts.store.load();
      if (stored === null || !stored.ok) {
        this.noteRefusal(stored);
        return false;
      }
      this.refusal = null;
      if (!this.loaded) this.clear();
      this.loaded = true;
      await this.hold(stored.value.records, stored.value.change, true);
      return true;
    });
  }

  /** Stands in for a store that was never read. */
  useFiles(records: readonly EntityRecord[]): void {
    if (this.loaded) return;
    this.clear();
    this.put(records, this.seen);
    this.take(finish(this.remade(this.records, this.beside, null)));
  }

  private clear(): void {
    for (const own of this.records.values()) own.clear();
  }

  /** What other processes wrote, and whether the store answers again. */
  refresh(): Promise<void> {
    const { store } = this.parts;
    if (store === null || !this.loaded) return Promise.resolve();
    return this.inTurn(async () => {
      const news = await store.since(this.seen);
      if (!news.ok) return this.noteRefusal(news);
      this.refusal = null;
      if (news.value.records.length === 0) this.seen = Math.max(this.seen, news.value.change);
      else {
        await this.hold(news.value.records, news.value.change);
        this.parts.onChange("elsewhere");
      }
    });
  }

  check(changes: readonly ProposedChange[]): Promise<readonly FieldIssue[]> {
    return this.inSlices(this.findings(changes, true));
  }

  /** What keeps changes out whoever makes them: lint's findings are none of that. */
  async errorsOf(changes: readonly ProposedChange[]): Promise<readonly FieldIssue[]> {
    const found = await this.inSlices(this.findings(changes, false));
    return found.filter(({ severity }) => severity === "error");
  }

  private async inSlices<T>(steps: Steps<T>): Promise<T> {
    return this.parts.inSlices?.(steps) ?? finish(steps);
  }

  private *findings(
    changes: readonly ProposedChange[],
    strict: boolean,
  ): Steps<readonly FieldIssue[]> {
    const { beside, models, lint } = this;
    if (beside === null || models === null || lint === null) {
      const message = "exchanges, rates or another file beside the campaigns cannot be used now";
      return changes.map(({ kind, key }) => ({
        ...{ severity: "error", kind, key, field: "", message },
      }));
    }
    const now: Checked = { records: this.records, beside, models, lint };
    const { nowMs, markupProblems, moneyIssues } = this.parts;
    return yield* checkSteps(now, changes, {
      ...{ strict, nowMs: nowMs() },
      moneyIssues: (book) => moneyIssues?.(book, this.places(beside)) ?? [],
      markupProblems: (creative) => markupProblems?.(creative, beside) ?? [],
    });
  }

  commit(set: ChangeSet): ReturnType<DeskBook["commit"]> {
    return this.inTurn(async () => {
      const { store } = this.parts;
      if (store === null || !this.loaded) return { ok: false, code: this.refusal ?? "gone" };
      // Files are lived with as `crowdbid check` warns of them; who is at the desk can mend it.
      const issues = await this.inSlices(this.findings(set.changes, set.way !== "apply"));
      const errors = issues.filter(({ severity }) => severity === "error");
      if (errors.length > 0) return { ok: false, code: "invalid", issues: errors };
      const moved = await this.movedDrafts(store, set);
      if (!moved.ok) return moved;
      if (moved.value.length > 0) return { ok: false, code: "invalid", issues: moved.value };
      const changes = await this.inSlices(this.withAgencies(set.changes));
      const done = await store.commit({ ...set, changes });
      if (!done.ok) {
        this.noteRefusal(done);
        if (done.code === "stale") await this.catchUp(store);
        return done;
      }
      this.refusal = null;
      await this.holdCommitted(store, done, set.way);
      return done;
    });
  }

  /** A draft may have been published before: then it goes back to where its money is. */
  private async movedDrafts(
    store: DeskStore,
    { way, changes }: ChangeSet,
  ): Promise<Stored<readonly FieldIssue[]>> {
    const issues: FieldIssue[] = [];
    for (const change of way === "apply" ? [] : changes) {
      const { kind, key, draft } = change;
      const now = this.get(kind, key);
      if (draft || now?.draft !== true || now.version < 2) continue;
      const known = await store.revisions({ kind, key, limit: revisionsMax });
      if (!known.ok) return known;
      const published = known.value.find(({ after }) => !after.draft);
      if (published !== undefined) {
        issues.push(...moveIssues(this.records, published.after.form, change));
      }
    }
    return { ok: true, value: issues };
  }

  config(): ReturnType<DeskBook["config"]> {
    const { beside, models, lint } = this;
    if (beside === null || models === null || lint === null) return { config: null, issues: [] };
    const { exchanges, rates, fees, ceilings } = beside;
    const places = this.places(beside);
    const config = {
      ...{ rates, fees, ceilings, places },
      ...withStops(models.book, exchanges, this.parts.stops()),
    };
    const issues = issuesOf(models, lint, beside, this.parts.nowMs(), places);
    return { config, issues: sortIssues(issues) };
  }

  private places({ places }: BesideCampaigns): ServedPlaces {
    return new ServedPlaces(places, this.filePlaces, (kind, key) => this.get(kind, key));
  }

  /** What something belongs to follows from its form; half a form keeps what it was given. */
  private *withAgencies(changes: readonly EntityChange[]): Steps<readonly EntityChange[]> {
    const proposed = new Map(changes.map((one) => [`${one.kind} ${one.key}`, one]));
    const read: RecordReader = (kind, key) => proposed.get(`${kind} ${key}`) ?? this.get(kind, key);
    return yield* mapSteps(changes, (one) => {
      const agency = agencyOfForm(one.kind, one.form, read);
      return agency === "" && one.draft ? one : { ...one, agency };
    });
  }

  private async holdCommitted(
    store: DeskStore,
    done: Committed & { ok: true },
    way: ChangeSet["way"],
  ): Promise<void> {
    const fresh = done.records.filter(
      ({ kind, key, version }) => version > (this.get(kind, key)?.version ?? 0),
    );
    // A gap: another process wrote in between, and its things are not in this answer.
    const gap = !done.repeated && done.change !== this.seen + 1;
    await this.hold(fresh, gap ? this.seen : Math.max(this.seen, done.change));
    if (gap) await this.catchUp(store);
    if (fresh.length > 0) this.parts.onChange(way);
  }

  private async catchUp(store: DeskStore): Promise<void> {
    const news = await store.since(this.seen);
    if (!news.ok || news.value.records.length === 0) return;
    await this.hold(news.value.records, news.value.change);
    this.parts.onChange("elsewhere");
  }

  /** In a turn: records, models and lint become others at once, when all is made. */
  private async hold(records: readonly EntityRecord[], seen: number, all = false): Promise<void> {
    if (records.length > 0 || all) {
      const touched = all ? null : touchedBy(records);
      const after = withRecords(this.records, records);
      for (let beside: BesideCampaigns | null | undefined; beside !== this.beside; ) {
        beside = this.beside;
        const made = await this.inSlices(this.remade(after, beside, touched));
        // Files beside it that were read meanwhile have other models made.
        if (beside === this.beside) this.take(made);
      }
    }
    this.put(records, seen);
  }

  private put(records: readonly EntityRecord[], seen: number): void {
    for (const record of records) {
      this.records.get(record.kind)?.set(record.key, record);
      this.sorted.delete(record.kind);
    }
    this.seen = seen;
  }

  private *remade(
    entries: Entries,
    beside: BesideCampaigns | null,
    touched: Touched | null,
  ): Steps<{ readonly models: Models; readonly lint: Lint } | null> {
    if (beside === null) return null;
    const models = yield* modelSteps(entries, beside, this.models, touched);
    const lint = yield* lintSteps(models.book, beside, this.parts.nowMs(), this.lint);
    return { models, lint };
  }

  private take(made: { readonly models: Models; readonly lint: Lint } | null): void {
    this.held++;
    this.models = made?.models ?? null;
    this.lint = made?.lint ?? null;
  }

  private noteRefusal(answer: StoreRefusal | null): void {
    if (answer === null) this.refusal = "gone";
    else if (answer.code === "locked" || answer.code === "gone") this.refusal = answer.code;
  }

  /** One writer at a time, and a reader of the store's news is one. */
  private inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.turn.then(job);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

function touchedBy(records: readonly EntityRecord[]): Touched {
  const touched = new Map<DeskKind, Set<string>>();
  for (const { kind, key } of records) {
    touched.set(kind, (touched.get(kind) ?? new Set()).add(key));
  }
  return touched;
}

function withRecords(before: Entries, records: readonly EntityRecord[]): Entries {
  const after = new Map(before);
  for (const [kind, own] of before) {
    const others = records.filter((record) => record.kind === kind);
    if (others.length > 0) after.set(kind, new WithEntries(own, others));
  }
  return after;
}
