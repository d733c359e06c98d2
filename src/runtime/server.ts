import { createServer } from "node:net";
import { join } from "node:path";
import { capRulesMax } from "../base/limits.js";
import { holdCapRule } from "../bid/cap-rule.js";
import {
  createSharedBuffers,
  NO_WORKER,
  type SharedBuffers,
  type SharedState,
  sharedSizes,
  sharedStateFrom,
} from "../bid/shared-state.js";
import { CapPlaces } from "../campaign/caps.js";
import { AllowancePlaces, type AmountUnit } from "../ledger/budget-plan.js";
import { AdvertiserCurrencies, currenciesPath } from "./advertiser-currencies.js";
import { type AskingWatch, watchAsking } from "./asking-alarm.js";
import { type CapWatch, watchCaps } from "./cap-alarm.js";
import { judgeAudiencesApart } from "./certificate-count.js";
import { openCertificateFile } from "./certificate-file.js";
import { utcDayOf } from "./certificates.js";
import { type ClockWatch, watchClock } from "./clock-alarm.js";
import type { ContextSample } from "./context-sampler.js";
import { CounterSums, ExchangeSlots, newCounters } from "./counters.js";
import { exposuresFolderOf, forgetLogOf, snapshotsFolderOf, trustOf } from "./data-folder.js";
import type { DemoProgress } from "./demo-build.js";
import type { DeskConfig } from "./desk-config.js";
import { tellerOf } from "./desk-teller.js";
import { followEdits, type OpenDesk, openDesk } from "./desk-wiring.js";
import type { EdgePorts, EdgeWorkerOwn, EdgeWorld } from "./edge-worker-thread.js";
import { type Ending, EndRank } from "./ending.js";
import { entryUrl } from "./entry-url.js";
import { exposureDaysKept } from "./exposure-retention.js";
import { type Settings, warmUpMsUsual } from "./flags.js";
import { ForgetDesk } from "./forget-desk.js";
import { Funnel, type FunnelRow, funnelRows } from "./funnel.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { LineItemNumbers } from "./line-item-numbers.js";
import type { Log } from "./log.js";
import { type Money, startMoney } from "./money.js";
import { alarmWords } from "./money-messages.js";
import { MoneyPlans } from "./money-plans.js";
import { PeopleDesk } from "./people-desk.js";
import { readPriceKeys } from "./price-key-files.js";
import { letBidsGoFirst, threadsNow } from "./process.js";
import { realClock } from "./real-clock.js";
import { ReleaseDesk } from "./release-desk.js";
import { ReleaseLedger } from "./release-ledger.js";
import { RetiredCreatives } from "./retired-creatives.js";
import { RosterFile, rosterFileOf } from "./roster-file.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import { SnapshotRefusals } from "./snapshot-refusals.js";
import { warmUpOf } from "./warm-up-world.js";
import { Workers } from "./workers.js";
import type { BuiltWorld, WorldInput } from "./world-build.js";
import { type DeskEvent, WorldDesk } from "./world-desk.js";
import type { ConfigReading } from "./world-desk-parts.js";

export type ServerOptions = {
  readonly settings: Settings;
  readonly log: Log;
  readonly ending: Ending;
  /** `desk` is what `openDesk` gave. */
  readonly readConfig: (desk: DeskConfig | null) => ConfigReading;
  /** Absent: the config folder is all there is. */
  readonly openDesk?: OpenDesk;
  readonly demoProgress: DemoProgress;
  /** What operators hear of the World desk, beside the log. */
  readonly onEvent?: (event: DeskEvent) => void;
};

/**
 * Everything that runs inside the process, started in order and ended in reverse by the ending's
 * steps.
 */
export type Server = {
  readonly settings: Settings;
  readonly keys: KeyFiles;
  readonly money: Money;
  readonly desk: WorldDesk;
  /** null: campaigns are kept in files alone. */
  readonly deskConfig: DeskConfig | null;
  readonly people: PeopleDesk;
  readonly refusals: SnapshotRefusals;
  readonly forget: ForgetDesk;
  readonly caps: CapWatch;
  readonly clock: ClockWatch;
  readonly asking: AskingWatch;
  readonly workers: Workers;
  readonly counters: CounterSums;
  readonly slots: ExchangeSlots;
  readonly publicUrl: string;
  /** Main's view of what the threads share. */
  readonly state: SharedState;
  readonly releases: ReleaseDesk;
  readonly funnel: Funnel;
  readonly lineItems: LineItemNumbers;
};

/** The bank's part of the config, which says this, is read whole once a start. */
type StartOptions = ServerOptions & { readonly exposureDays: number };

/** Starts money, the first World and the edge workers; rejects with words for the operator. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { settings, log, ending } = options;
  // Before money and workers, whose priority stays.
  const threads = threadsNow();
  const exposureDays = exposureDaysKept(settings.configFolder);
  const keys = openKeyFiles(settings.dataFolder);
  for (const name of keys.made) log.info({ file: join(settings.dataFolder, name) }, "made");
  const buffers = createSharedBuffers(sharedSizes(settings.workers));
  const lineItems = new LineItemNumbers();
  const money = await startMoney({
    buffers,
    onSums: lineItems.takeSums,
    onPaces: lineItems.takePaces,
    journalPath: join(settings.dataFolder, "journal"),
    bootFile: join(settings.dataFolder, "boot"),
    exposures: {
      folder: exposuresFolderOf(settings.dataFolder),
      retentionDays: exposureDays,
      forgetLog: forgetLogOf(settings.dataFolder),
    },
    onFailure: (failure) => log.error({ failure }, "billing stopped: notices get 503, no bids"),
    onAlarm: ({ alarm, ...fields }) => log.error(fields, alarmWords[alarm]),
    onDeath: (reason) => void ending.begin(1, reason),
  });
  const closeJournal = (): Promise<boolean> => money.close().then(() => true);
  ending.add({ name: "journal", rank: EndRank.JOURNAL, run: closeJournal });
  try {
    const edge = new Edge(options, keys, buffers, money, await portOf(settings));
    edge.onSample = lineItems.takeSample;
    const started = await startWorld({ ...options, exposureDays }, keys, buffers, money, edge);
    letBidsGoFirst(threads);
    return { ...started, lineItems };
  } catch (error) {
    await money.close();
    throw error;
  }
}

/** The edge workers: started with the first World, given each later one. */
class Edge {
  readonly publicUrl: string;
  readonly slots = new ExchangeSlots();
  readonly counters: readonly SharedArrayBuffer[];
  private readonly options: ServerOptions;
  private readonly money: Money;
  private readonly port: number;
  private readonly own: Omit<EdgeWorkerOwn, "counters" | "warmUp">;
  private started: Workers | null = null;
  /** Of what workers post there are samples alone. */
  onSample: (sample: ContextSample) => void = () => undefined;

  constructor(
    options: ServerOptions,
    keys: KeyFiles,
    buffers: SharedBuffers,
    money: Money,
    port: number,
  ) {
    const { settings } = options;
    this.options = options;
    this.money = money;
    this.port = port;
    this.publicUrl = settings.publicUrl || `http://${hostInUrl(settings.host)}:${port}`;
    this.counters = Array.from({ length: settings.workers }, newCounters);
    this.own = {
      ...{ buffers, workers: settings.workers, boot: money.boot },
      ...{ identifierKey: keys.identifierKey, tokenSecrets: [keys.token] },
      ...{ askingKey: keys.askingKey, holdOutKey: keys.holdOutKey },
    };
  }

  get workers(): Workers | null {
    return this.started;
  }

  /** Key files that have become unusable since the config was read leave prices unknown. */
  private worldMessage({ parts }: BuiltWorld): { generation: number; payload: EdgeWorld } {
    const { settings, log } = this.options;
    const { keys: priceKeys, problems } = readPriceKeys(parts.exchanges, settings.configFolder);
    for (const { message } of problems) log.error({ message }, "no key for clearing prices");
    const slots = this.slots.slotsFor(parts.exchanges);
    return { generation: parts.generation, payload: { parts, slots, priceKeys } };
  }

  async publish(built: BuiltWorld): Promise<void> {
    const message = this.worldMessage(built);
    if (this.started === null) this.started = await this.start(message, built);
    else await this.started.publish(message);
  }

  private async start(
    first: { generation: number; payload: EdgeWorld },
    { parts }: BuiltWorld,
  ): Promise<Workers> {
    const { settings, ending, log } = this.options;
    // Threads that come up now would be left behind by the end that is under way.
    if (ending.begun) throw new Error("the process is ending");
    const { workers: count, edge, host } = settings;
    const warmUpMs = settings.warmUpMs ?? warmUpMsUsual[settings.mode];
    const warmUp = warmUpOf(parts, warmUpMs, realClock.nowMs(), log);
    const options = {
      ...{ entry: entryUrl("edge-worker-thread"), count, edge, host, port: this.port },
      own: (index: number) => ({ ...this.own, counters: this.counters[index], warmUp }),
      onCrash: (reason: string) => void ending.begin(1, reason),
      onMessage: (_: number, payload: unknown) => this.onSample(payload as ContextSample),
    };
    const starting = Workers.start(options, first);
    const drain = async (withinMs: number): Promise<boolean> => {
      const started = await starting.catch(() => null);
      return started === null || started.drain(withinMs);
    };
    ending.add({ name: "edge workers", rank: EndRank.WORKERS, run: drain });
    const workers = await starting;
    for (let index = 0; index < count; index++) {
      const ports: EdgePorts = { money: this.money.connectWorker(index) };
      workers.post(index, ports, [ports.money]);
    }
    return workers;
  }
}

/** Builds Worlds and hands each to the money thread first, then to the workers. */
function worldDeskOf(
  options: StartOptions,
  deskConfig: DeskConfig | null,
  currencies: AdvertiserCurrencies,
  keys: KeyFiles,
  state: SharedState,
  money: Money,
  edge: Edge,
  refusals: SnapshotRefusals,
  releases: ReleaseDesk,
): WorldDesk {
  const { log } = options;
  const { dataFolder } = options.settings;
  const places = new AllowancePlaces(state.places);
  const placeOf = (lineItem: number, unit?: AmountUnit): number => places.placeOf(lineItem, unit);
  // Held before any World has it: the money thread opens it once it is counted.
  const capPlaces = new CapPlaces(capRulesMax, (place) => holdCapRule(state, place));
  const capPlaceOf: NonNullable<WorldInput["capPlaceOf"]> = (...rule) => capPlaces.placeOf(...rule);
  const plans = new MoneyPlans({
    ...{ money, placeOf, capPlaceOf, nowMs: realClock.nowMs, log },
    exposureDaysKept: options.exposureDays,
  });
  return new WorldDesk({
    ...{ clock: realClock, placeOf, publicUrl: edge.publicUrl },
    readConfig: () => options.readConfig(deskConfig),
    capPlaceOf,
    judge: judgeAudiencesApart,
    judgeContext: {
      snapshotsFolder: snapshotsFolderOf(dataFolder),
      forgetLog: forgetLogOf(dataFolder),
      trust: trustOf(keys),
      crowdKey: keys.crowdKey,
      nowMs: realClock.nowMs,
    },
    certificateStore: openCertificateFile(dataFolder, utcDayOf(realClock.nowMs())),
    roster: new RosterFile(rosterFileOf(dataFolder), keys.askingKey, (problem) =>
      log.error({ problem }, "roster of the audiences that are asked today"),
    ),
    retired: new RetiredCreatives(join(dataFolder, "landing-pages.json")),
    currencies,
    publish: async (built, config) => {
      // Nothing bids, and nothing is shown, before it is in the release ledger.
      releases.settle();
      await plans.send(built, config);
      await edge.publish(built);
    },
    mayShowVerdicts: () => releases.isSettled,
    report: tellerOf({ log, releases, refusals, clock: realClock, also: options.onEvent }),
  });
}

async function startWorld(
  options: StartOptions,
  keys: KeyFiles,
  buffers: SharedBuffers,
  money: Money,
  edge: Edge,
): Promise<Omit<Server, "lineItems">> {
  const { settings, log, ending, demoProgress } = options;
  const { dataFolder, configFolder } = settings;
  const state = sharedStateFrom(buffers, NO_WORKER);
  const refusals = new SnapshotRefusals();
  const ledger = new ReleaseLedger(dataFolder, keys.signing, realClock.nowMs);
  const releases = new ReleaseDesk(ledger, log);
  const currencies = new AdvertiserCurrencies(currenciesPath(dataFolder));
  const deskConfig = await openDesk(options.openDesk, ending, keys, currencies);
  const own = [deskConfig, currencies, keys] as const;
  const desk = worldDeskOf(options, ...own, state, money, edge, refusals, releases);
  const people = new PeopleDesk({
    ...{ dataFolder, configFolder, keys, desk, refusals, log, demoProgress },
    load: async (request) => {
      const outcome = await loadNewestSnapshot(request);
      const { loaded } = outcome;
      if (loaded !== null) {
        releases.segments(loaded.parts.epoch, loaded.manifestDigest, loaded.segments);
      }
      return outcome;
    },
  });
  const forget = new ForgetDesk({ dataFolder, clock: realClock, log });
  const stopWatching = followEdits(configFolder, deskConfig, desk, people);
  const caps = watchCaps(state, money.totals, log);
  const clock = watchClock(money.totals, log);
  const { slots, publicUrl } = edge;
  const counters = new CounterSums(edge.counters);
  const asking = watchAsking({
    ...{ counters, slots, state, log, key: keys.crowdKey, clock: realClock },
  });
  const rows = () => funnelRows(counters, slots, caps.facts().exposures);
  const funnel = funnelOf(keys, log, releases, rows);
  const watches = [stopWatching, caps.stop, clock.stop, asking.stop, funnel.stop];
  const stop = (): boolean => stopAll(watches, people, forget);
  ending.add({ name: "watchers", rank: EndRank.WATCHERS, run: stop });
  // The demo answers contextual bids at once and loads behind; a server waits for its people.
  const started = await people.start(settings.mode === "serve");
  const { workers } = edge;
  if (!started || workers === null) throw new Error(refusalOf(desk));
  if (settings.mode === "serve" && desk.servedPeople.parts.epoch === 0) {
    log.warn({}, "no people: bidding on context only, line items with an audience are not live");
  }
  people.watch();
  forget.resume();
  return {
    ...{
      settings,
      keys,
      money,
      desk,
      deskConfig,
      people,
      refusals,
      forget,
      caps,
      clock,
      asking,
      workers,
    },
    ...{ counters, slots, publicUrl, state, releases, funnel },
  };
}

function funnelOf(
  keys: KeyFiles,
  log: Log,
  releases: ReleaseDesk,
  rows: () => readonly FunnelRow[],
): Funnel {
  return new Funnel({
    ...{ key: keys.crowdKey, clock: realClock, log, rows },
    note: (tick, counts) => releases.show([{ kind: "funnel", agency: 0, tick, counts }]),
  });
}

function stopAll(
  watches: readonly (() => void)[],
  people: PeopleDesk,
  forget: ForgetDesk,
): boolean {
  for (const stop of watches) stop();
  forget.stop();
  people.stop();
  return true;
}

function refusalOf(desk: WorldDesk): string {
  const errors = desk.lastIssues.filter(({ severity }) => severity === "error");
  if (errors.length === 0 && desk.lastFailure !== "") return desk.lastFailure;
  const shown = errors
    .slice(0, 10)
    .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
  return `the configuration cannot be used:\n${shown.join("\n") || "see the log"}`;
}

const hostInUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/**
 * Notice addresses name the port, so that port 0 must become one before the first World is built.
 */
function portOf({ host, bidPort }: Settings): Promise<number> {
  if (bidPort !== 0) return Promise.resolve(bidPort);
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host, port: 0 }, () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
