import type {
  ChangeSet,
  Committed,
  DeskKind,
  DeskStore,
  EntityChange,
  EntityRecord,
  Revision,
  RevisionQuery,
  Stored,
  StoreRefusal,
} from "../admin/store/desk-store.js";

/** What several stores on the same memory share, as processes share a file. */
export type StoreMemory = {
  readonly records: Map<string, { record: EntityRecord; change: number }>;
  readonly revisions: Revision[];
  readonly files: Map<string, string>;
  readonly answers: Map<string, { readonly digest: string; readonly answer: Committed }>;
  readonly ids: Map<DeskKind, number>;
  change: number;
};

export const storeMemory = (): StoreMemory => ({
  records: new Map(),
  revisions: [],
  files: new Map(),
  answers: new Map(),
  ids: new Map(),
  change: 0,
});

/**
 * A DeskStore of what is bought, without users, audit or disk: those answer `gone`. `refusal` makes
 * every call answer so, until it is null again.
 */
export class MemoryStore implements DeskStore {
  refusal: StoreRefusal | null = null;
  private readonly memory: StoreMemory;

  constructor(memory: StoreMemory = storeMemory()) {
    this.memory = memory;
  }

  readonly load: DeskStore["load"] = () => this.since(0);

  readonly since: DeskStore["since"] = (after) =>
    this.answer(() => {
      const { records, change } = this.memory;
      const newer = [...records.values()].filter((one) => one.change > after);
      return { records: newer.map(({ record }) => record), change };
    });

  readonly commit = (set: ChangeSet): Promise<Committed> =>
    Promise.resolve(this.refusal ?? this.repeated(set) ?? this.stored(set));

  readonly newIds: DeskStore["newIds"] = (kind, count) =>
    this.answer(() => {
      const first = Math.max(this.memory.ids.get(kind) ?? 0, this.highest(kind)) + 1;
      this.memory.ids.set(kind, first + count - 1);
      return Array.from({ length: count }, (_, i) => first + i);
    });

  readonly revisions: DeskStore["revisions"] = (query) =>
    this.answer(() => {
      const found = this.memory.revisions.filter((one) => isAsked(one, query));
      return found.reverse().slice(0, query.limit);
    });

  readonly files: DeskStore["files"] = () => this.answer(() => new Map(this.memory.files));

  readonly putFiles: DeskStore["putFiles"] = (files) =>
    this.answer(() => {
      for (const [name, text] of files) {
        if (text === null) this.memory.files.delete(name);
        else this.memory.files.set(name, text);
      }
      return null;
    });

  readonly lists = nobodyHere;
  readonly putList = nobodyHere;
  readonly dropList = nobodyHere;
  readonly users = nobodyHere;
  readonly userByLogin = nobodyHere;
  readonly invite = nobodyHere;
  readonly inviteOf = nobodyHere;
  readonly invitations = nobodyHere;
  readonly revokeInvitation = nobodyHere;
  readonly redeem = nobodyHere;
  readonly changeUser = nobodyHere;
  readonly setPassword = nobodyHere;
  readonly openSession = nobodyHere;
  readonly session = nobodyHere;
  readonly closeSession = nobodyHere;
  readonly makeToken = nobodyHere;
  readonly tokenBy = nobodyHere;
  readonly tokens = nobodyHere;
  readonly endToken = nobodyHere;
  readonly note = nobodyHere;
  readonly audit = nobodyHere;
  readonly verifyAudit = nobodyHere;
  readonly close = (): Promise<void> => Promise.resolve();

  private answer<T>(value: () => T): Promise<Stored<T>> {
    return Promise.resolve(this.refusal ?? { ok: true, value: value() });
  }

  private highest(kind: DeskKind): number {
    const own = [...this.memory.records.values()].filter(({ record }) => record.kind === kind);
    return Math.max(0, ...own.map(({ record }) => Number(record.key)));
  }

  private repeated({ idempotency }: ChangeSet): Committed | null {
    const known = idempotency === undefined ? undefined : this.memory.answers.get(idempotency.key);
    if (known === undefined) return null;
    if (known.digest !== idempotency?.digest) return { ok: false, code: "key_reused" };
    return known.answer.ok ? { ...known.answer, repeated: true } : known.answer;
  }

  private stored(set: ChangeSet): Committed {
    const { records } = this.memory;
    const stale = set.changes.flatMap(({ kind, key, base }) => {
      const version = records.get(placeOf(kind, key))?.record.version ?? null;
      return version === base ? [] : [{ kind, key, version: version ?? 0 }];
    });
    if (stale.length > 0) return { ok: false, code: "stale", stale };
    const change = ++this.memory.change;
    const now = set.changes.map((one) => this.put(set, one, change));
    const answer = { ok: true, change, records: now, repeated: false } as const;
    const { idempotency } = set;
    if (idempotency !== undefined) {
      this.memory.answers.set(idempotency.key, { digest: idempotency.digest, answer });
    }
    return answer;
  }

  private put(set: ChangeSet, { base, ...fields }: EntityChange, change: number): EntityRecord {
    const { records, revisions } = this.memory;
    const { atMs, actor, way, note } = set;
    const place = placeOf(fields.kind, fields.key);
    const before = records.get(place)?.record ?? null;
    const record: EntityRecord = {
      ...fields,
      version: (base ?? 0) + 1,
      createdMs: before?.createdMs ?? atMs,
      updatedMs: atMs,
      updatedBy: actor.name,
    };
    records.set(place, { record, change });
    const { kind, key, agency, version } = record;
    revisions.push({
      ...{ seq: revisions.length + 1, change, atMs, actor, way, note },
      ...{ kind, key, agency, version },
      before: before === null ? null : stateOf(before),
      after: stateOf(record),
    });
    return record;
  }
}

const placeOf = (kind: DeskKind, key: string): string => `${kind} ${key}`;

const stateOf = ({ draft, archived, form }: EntityRecord): Revision["after"] => ({
  ...{ draft, archived, form },
});

const isAsked = (one: Revision, ask: RevisionQuery): boolean =>
  (ask.agency === undefined || one.agency === ask.agency) &&
  (ask.kind === undefined || one.kind === ask.kind) &&
  (ask.key === undefined || one.key === ask.key) &&
  (ask.keys === undefined || ask.keys.includes(one.key)) &&
  (ask.change === undefined || one.change === ask.change) &&
  (ask.user === undefined || one.actor.user === ask.user) &&
  (ask.before === undefined || one.seq < ask.before);

function nobodyHere(): Promise<StoreRefusal> {
  return Promise.resolve({ ok: false, code: "gone" });
}
