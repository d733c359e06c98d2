import { ManualClock } from "../base/clock.js";
import { sipKeyFrom } from "../base/hash.js";
import { identifierHashOf, Namespace } from "../base/identifier.js";
import type { Epoch, LineItemId, Ordinal } from "../base/ids.js";
import { ringRecordBytes } from "../base/limits.js";
import { outcomeLabel } from "../base/outcome.js";
import { RingReader, RingWriter } from "../base/ring.js";
import type { UnixMs } from "../base/units.js";
import type { Asking } from "../bid/ask-counts.js";
import { CellTable } from "../bid/context.js";
import { ghostOn } from "../bid/ghost.js";
import { holdOn } from "../bid/hold.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import { audiencesNeeded, segmentNames } from "../campaign/compile.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { Roster } from "../campaign/roster.js";
import { fullParts } from "../index/format.js";
import { IndexBuilder } from "../index/index-builder.js";
import { partsOfImage } from "../index/index-parts.js";
import { mergesPart } from "../index/merged-people.js";
import { placesIn } from "../index/projection.js";
import { AllowancePlaces } from "../ledger/budget-plan.js";
import { Bidder } from "../runtime/bidder.js";
import { cellsOf, requestCellsOf } from "../runtime/cells.js";
import { CounterSums, ExchangeSlots, newCounters, WorkerCounters } from "../runtime/counters.js";
import { Funnel, funnelRows } from "../runtime/funnel.js";
import { createLog } from "../runtime/log.js";
import { createMetrics } from "../runtime/metrics.js";
import { readConfig } from "../runtime/read-config.js";
import { RequestCounts } from "../runtime/request-counts.js";
import { buildWorld, type People, type WorldInput } from "../runtime/world-build.js";
import type { ConfigReading } from "../runtime/world-desk-parts.js";
import { servedWorldFrom } from "../runtime/world-parts.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenWriter } from "../wire/token-writer.js";
import { everybodys } from "./small-snapshot.js";

/** Somebody in a test's index, by an iOS identifier. */
export type TestPerson = { readonly idfa: string; readonly segments: readonly string[] };
/** Ordinals that went into others, each followed by the one that stayed; person n has n + 1. */
export type TestMerges = readonly number[];

export type InProcessOptions = {
  readonly configFolder: string;
  /** Milliseconds: where the bidder's clock stands still. */
  readonly now: number;
  readonly seed: number;
  /** Segments of the people that no audience names, behind those that some does. */
  readonly otherSegments?: readonly string[];
  readonly snapshot?: { readonly people: readonly TestPerson[]; readonly merges?: TestMerges };
  /** Default: every audience of the config is certified (the crowd minimum has its own tests). */
  readonly certified?: ReadonlySet<string>;
  /** Default: everybody is asked about every audience. */
  readonly roster?: Roster;
  /** Places of allowances; at least one a line item. */
  readonly places?: number;
  /** The config folder as it was read before. */
  readonly read?: ConfigReading;
  /** Puts another book in the config's place (benches). */
  readonly reading?: (reading: ConfigReading) => ConfigReading;
};

export type Asked = {
  readonly status: number;
  readonly body: Uint8Array;
  readonly outcome: string;
};
export type InProcess = {
  readonly ask: (exchange: string, body: Uint8Array) => Asked;
  readonly bidder: Bidder;
  readonly state: SharedState;
  /** The worker's, which nobody empties. */
  readonly ring: SharedArrayBuffer;
  readonly config: LoadedConfig;
  readonly people: People;
  readonly clock: ManualClock;
  readonly counters: CounterSums;
  readonly slots: ExchangeSlots;
  /** Everywhere that what was asked could have left a trace. */
  readonly sinks: () => Promise<readonly Sink[]>;
  /** Records for the journal since the last call, taken out of the ring so that it never fills. */
  readonly drain: () => Uint8Array;
};
export type Sink = { readonly name: string; readonly bytes: Uint8Array };

export const testIdentifierKey = sipKeyFrom(new Uint8Array(16).fill(7));
export const testAskingKey = sipKeyFrom(new Uint8Array(16).fill(5));
export const testAsking = ({ asks }: Pick<SharedState, "asks">): Asking => ({
  key: testAskingKey,
  holdOutKey: sipKeyFrom(new Uint8Array(16).fill(6)),
  counts: asks,
});
const allowanceNanos = 10n ** 15n;
const placesUsual = 65_536;

function readingOf(options: InProcessOptions): Pick<WorldInput, "config" | "privacy"> | Error {
  const read = options.read ?? readConfig(options.configFolder);
  const { config, privacy, issues } = options.reading?.(read) ?? read;
  if (config !== null && privacy !== null) return { config, privacy };
  return new Error(
    issues.map(({ file, line, message }) => `${file}:${line} ${message}`).join("\n"),
  );
}

/**
 * The whole bid path without sockets and threads: a config folder, a few people, budgets that
 * cannot run out.
 */
export function startInProcess(options: InProcessOptions): Promise<InProcess> {
  const reading = readingOf(options);
  if (reading instanceof Error) return Promise.reject(reading);
  const { config, privacy } = reading;
  const names = [...segmentNames(config.book), ...(options.otherSegments ?? [])];
  const { merges } = options.snapshot ?? {};
  const people = peopleOf(names, options.snapshot?.people ?? [], merges);
  const needed = audiencesNeeded(config.book).map(({ digest }) => digest);
  const places = new AllowancePlaces(options.places ?? placesUsual);
  const { parts } = buildWorld({
    ...{ generation: 1 as never, config, privacy, people, retired: [] },
    certificates: options.certified ?? new Set(needed),
    roster: options.roster ?? null,
    placeOf: (lineItem: LineItemId) => places.placeOf(lineItem),
    publicUrl: "https://bid.test.example",
  });
  const clock = new ManualClock(options.now);
  const state = testState(config, places, options.places ?? placesUsual);
  const counterBuffer = newCounters();
  const slots = new ExchangeSlots();
  const counters = new WorkerCounters(counterBuffer);
  counters.useSlots(slots.slotsFor(config.exchanges));
  const cells = new CellTable(0);
  const ring = testRing(state);
  const counts = new RequestCounts(ring, requestCellsOf(cells, ring));
  const bidder = new Bidder(
    {
      ...{ clock, identifierKey: testIdentifierKey, counters, counts, learnt: state.learnt },
      tokens: new TokenWriter(tokenKeyFrom(testTokenSecret), 0, 1),
      hold: holdOn(state, cellsOf(cells, ring)),
      asking: testAsking(state),
      ghost: ghostOn(state, ring),
    },
    servedWorldFrom(parts),
  );
  const sums = new CounterSums([counterBuffer]);
  const funnel = new Funnel({
    ...{ key: testIdentifierKey, clock, log: { error: () => {} } },
    ...{ rows: () => funnelRows(sums, slots, 0), note: () => {} },
  });
  funnel.stop();
  const metrics = createMetrics({
    counters: sums,
    slots,
    funnel,
    generation: () => 1,
    epoch: () => 1,
    epochAgeSeconds: () => 0,
  });
  const asks: Pick<Asked, "status" | "outcome">[] = [];
  const ask = (exchange: string, body: Uint8Array): Asked => {
    const asked = askBidder(bidder, exchange, body, clock.monotonicNs());
    asks.push({ status: asked.status, outcome: asked.outcome });
    return asked;
  };
  const sinks = async (): Promise<readonly Sink[]> => [
    { name: "metrics", bytes: Buffer.from(await metrics.metrics()) },
    { name: "log", bytes: Buffer.from(loggedOf(asks)) },
    { name: "records for the journal", bytes: testRing(state).bytes.slice() },
  ];
  const drain = (): Uint8Array => drained(testRing(state));
  const own = ring.view.buffer as SharedArrayBuffer;
  return Promise.resolve({
    ...{ ask, bidder, state, ring: own, config, people, clock, counters: sums, slots },
    ...{ sinks, drain },
  });
}

/** Logged when somebody looks: a line each would be a third of what a request costs. */
function loggedOf(asks: readonly Pick<Asked, "status" | "outcome">[]): string {
  const logged: string[] = [];
  const log = createLog({ part: "test", write: (line) => logged.push(line) });
  for (const asked of asks) log.info(asked, "asked");
  return logged.join("");
}

function drained({ bytes }: RingWriter): Uint8Array {
  const reader = new RingReader(bytes.buffer as SharedArrayBuffer);
  const end = reader.published();
  const records: Uint8Array[] = [];
  for (let position = reader.consumed(); position !== end; position = (position + 1) | 0) {
    const at = reader.offsetOf(position);
    records.push(bytes.slice(at, at + ringRecordBytes));
  }
  reader.consumeTo(end);
  return Buffer.concat(records);
}

export const testTokenSecret = { keyId: 1, secret: new Uint8Array(32).fill(9) };
let ringOf: WeakMap<SharedState, RingWriter> | null = null;

function testRing(state: SharedState): RingWriter {
  const ring = ringOf?.get(state);
  if (ring === undefined) throw new Error("a test state has its ring");
  return ring;
}

function testState(
  config: LoadedConfig,
  places: AllowancePlaces,
  placesCount: number,
): SharedState {
  const buffers = createSharedBuffers({
    ...{ workers: 1, places: placesCount, slots: 65_536, capEntries: 4096, ringRecords: 1024 },
  });
  const state = sharedStateFrom(buffers, 0);
  state.setCell(Cell.MONEY_STATE, MoneyState.READY);
  for (const { id } of config.book.lineItems) {
    state.allowances[places.placeOf(id)] = allowanceNanos;
  }
  ringOf ??= new WeakMap();
  ringOf.set(state, new RingWriter(buffers.rings[0] as SharedArrayBuffer, state.wakeWord()));
  return state;
}

function askBidder(bidder: Bidder, name: string, body: Uint8Array, arrivedNs: number): Asked {
  const { exchanges } = bidder.world.world;
  const exchange = exchanges.find((one) => one.name === name);
  if (exchange === undefined) return { status: 404, body: new Uint8Array(0), outcome: "" };
  if (body.length > bidder.bodyBuffer.length / 2) {
    return { status: 413, body: new Uint8Array(0), outcome: "" };
  }
  bidder.bodyBuffer.set(body);
  const { status, length } = bidder.bid(exchange, body.length, arrivedNs);
  const answer = bidder.answerBuffer.slice(0, length);
  return { status, body: answer, outcome: status === 400 ? "" : outcomeLabel(bidder.outcome) };
}

/** An index with the given people in the given segments, straight from the builder. */
export function peopleOf(
  names: readonly string[],
  people: readonly TestPerson[],
  pairs: TestMerges = [],
): People {
  const planes = Array.from({ length: Math.ceil(names.length / 32) }, (_, plane) => plane);
  const { places, absent } = placesIn(everybodys(names), planes);
  const counts = { identifierCountMax: people.length + 8, ordinalMax: people.length + 1 };
  const epoch = 1 as Epoch;
  const builder = new IndexBuilder({
    ...{ epoch, ...counts, planeCount: planes.length, shifts: fullParts },
  });
  people.forEach(({ idfa, segments }, n) => {
    const hash = identifierHashOf(Namespace.IDFA, idfa, 0, testIdentifierKey);
    if (hash === null) throw new Error(`not an identifier: ${idfa}`);
    const ordinal = (n + 1) as Ordinal;
    builder.add(hash.lo, hash.hi, ordinal);
    builder.setRow(ordinal, rowOf(places, segments, planes.length));
  });
  const dates = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
  const merges = mergesPart(pairs, epoch);
  const image = { ...builder.finish(), ...(merges === undefined ? {} : { merges }) };
  const parts = partsOfImage(image, planes, dates);
  return { parts, places, absent, manifestDigest: "" };
}

function rowOf(places: People["places"], segments: readonly string[], words: number): Uint32Array {
  const row = new Uint32Array(Math.max(1, words));
  for (const name of segments) {
    const place = places.get(name);
    if (place !== undefined) row[place.word] = (row[place.word] ?? 0) | (1 << place.bit);
  }
  return row;
}
