import {
  type AudienceQuestion,
  audienceFacts,
  type CheckAnswer,
} from "../admin/desk/audience-facts.js";
import type {
  AudienceFacts,
  DeskBook,
  DeskFacts,
  FunnelBar,
  LineItemNow,
  ListFacts,
  SeriesPoint,
  Stops,
} from "../admin/desk/desk.js";
import { checkedAsk } from "../admin/desk/desk-report.js";
import { checkAnswer, exchangeFactOf } from "../admin/desk/exchange-facts.js";
import { FunnelCounts, funnelBars } from "../admin/desk/funnel-counts.js";
import { type LineItemsInput, lineItemSteps, lineItemsNow } from "../admin/desk/line-item-now.js";
import type { AudienceTrouble } from "../admin/desk/line-item-state.js";
import { unservedLineItems } from "../admin/desk/unserved.js";
import type { EntityRecord } from "../admin/store/desk-store.js";
import type { LoadedConfig } from "../campaign/load.js";
import { tableFrom } from "../campaign/table.js";
import { decimalOf } from "../ledger/report-text.js";
import { ListDesk } from "./list-desk.js";
import type { Log } from "./log.js";
import { realClock } from "./real-clock.js";
import { ReportDesk } from "./report-apart.js";
import { reportNames } from "./report-names.js";
import type { Server } from "./server.js";
import { giveWay, inSlices } from "./slices.js";
import { TrafficSamples } from "./traffic-samples.js";
import type { Published } from "./world-desk.js";
import type { WorldParts } from "./world-parts.js";

export type DeskFactParts = {
  readonly server: Server;
  readonly log: Log;
  /** Drafts and saved audiences come from here; null = the configuration is all that there is. */
  readonly book: Pick<DeskBook, "all" | "get"> | null;
  readonly stops: Pick<Stops, "list"> | null;
};

export type AllDeskFacts = {
  readonly facts: DeskFacts;
  readonly audiences: AudienceFacts;
  readonly lists: ListFacts;
  readonly stop: () => void;
};

/** Lists are asked for by every page that is open: the same answer serves them for a moment. */
const keptMs = 500;

/** Everything that the desk's pages show of a running server. */
export function deskFacts(parts: DeskFactParts): AllDeskFacts {
  const { server, log } = parts;
  const { settings } = server;
  const samples = new TrafficSamples(server.counters, server.slots, realClock.nowMs);
  const lists = new ListDesk({
    ...{ dataFolder: settings.dataFolder, configFolder: settings.configFolder },
    ...{ clock: realClock, log },
    segments: () => new Set((server.desk.servedPeople.segments ?? []).map(({ name }) => name)),
  });
  const startMs = realClock.nowMs();
  const funnel = followSamples(server);
  const facts: DeskFacts = {
    ...lineItemReader(parts),
    funnel: (lineItem, days) => funnelOf(server, funnel, startMs, lineItem, days),
    latency: () => samples.latency(),
    series: (of) => seriesOf(server, of),
    exchanges: () => exchangesNow(parts, samples),
    checkAnswer: (name, request, answer) => {
      const config = server.desk.current?.config;
      const exchange = config?.exchanges.find((one) => one.name === name);
      return checkAnswer(exchange, request, answer, config?.rates ?? null);
    },
    report: reporterOf(server),
  };
  const stop = (): void => {
    samples.stop();
    lists.stop();
  };
  return { facts, audiences: audienceFacts(audienceSources(parts)), lists, stop };
}

function followSamples(server: Server): FunnelCounts {
  const { counters, slots, desk, lineItems } = server;
  const funnel = new FunnelCounts((exchange) => counters.requests(slots.slotOf(exchange)));
  let parts: WorldParts | null = null;
  let ids = new Uint32Array();
  lineItems.onSample = (sample) => {
    const now = desk.current?.built.parts ?? null;
    // One of the World before, or of one that is not told of yet.
    if (now === null || now.generation !== sample.generation) return;
    if (now !== parts) ids = tableFrom(now.table).lineItemId.slice();
    parts = now;
    funnel.take(sample, ids, realClock.nowMs());
  };
  return funnel;
}

function funnelOf(
  { desk, lineItems }: Server,
  funnel: FunnelCounts,
  startMs: number,
  id: number,
  days: number,
): readonly FunnelBar[] {
  const book = desk.current?.config.book;
  const lineItem = book?.lineItems.find((one) => one.id === id);
  if (lineItem === undefined) return [];
  const nowMs = realClock.nowMs();
  const fromMs = Math.max(startMs, nowMs - days * 86_400_000);
  const { bids, wins, billed } = lineItems.sums.since(id, fromMs, nowMs);
  return funnelBars(lineItem, funnel.since(id, fromMs), { bids, won: Math.max(wins, billed) });
}

/** What does not change while one World is served. */
type Served = {
  readonly published: Published;
  readonly live: ReadonlyMap<number, number>;
  readonly zoneOf: ReadonlyMap<number, string>;
};

function servedOf(published: Published): Served {
  const table = tableFrom(published.built.parts.table);
  const live = new Map<number, number>();
  for (let i = 0; i < table.lineItemId.length; i++) {
    live.set(table.lineItemId[i]!, table.lineItemLive[i]!);
  }
  const { book } = published.config;
  const zones = new Map(book.advertisers.map(({ id, timeZone }) => [id, timeZone]));
  const campaigns = new Map(book.campaigns.map((one) => [one.id, one]));
  const zoneOf = new Map<number, string>();
  for (const { id, campaign } of book.lineItems) {
    const advertiser = campaigns.get(campaign)?.advertiser;
    const zone = advertiser === undefined ? undefined : zones.get(advertiser);
    if (zone !== undefined) zoneOf.set(id, zone);
  }
  return { published, live, zoneOf };
}

type Kept = {
  readonly of: Published;
  readonly madeMs: number;
  readonly all: ReadonlyMap<number, LineItemNow>;
};

function lineItemReader({
  server,
  book,
  stops,
}: DeskFactParts): Pick<DeskFacts, "lineItems" | "lineItem"> {
  let served: Served | null = null;
  let kept: Kept | null = null;
  let making: Promise<ReadonlyMap<number, LineItemNow>> | null = null;
  const fresh = (nowMs: number): Kept["all"] | null => {
    if (kept === null || kept.of !== server.desk.current) return null;
    const ageMs = nowMs - kept.madeMs;
    return ageMs >= 0 && ageMs < keptMs ? kept.all : null;
  };
  const inputNow = (of: Published, nowMs: number): LineItemsInput => {
    if (served?.published !== of) served = servedOf(of);
    return inputOf(server, served, stops?.list() ?? [], nowMs);
  };
  const unserved = (records: readonly EntityRecord[], now: Map<number, LineItemNow>): void => {
    for (const one of unservedLineItems(records, now, server.desk.lastIssues)) now.set(one.id, one);
  };
  const make = async (of: Published, madeMs: number): Promise<Kept["all"]> => {
    const all = await inSlices(lineItemSteps(inputNow(of, madeMs)));
    await giveWay();
    unserved(book?.all("lineItem") ?? [], all);
    kept = { of, madeMs, all };
    return all;
  };
  return {
    lineItems: async () => {
      const nowMs = realClock.nowMs();
      const { current } = server.desk;
      const known = fresh(nowMs);
      if (known !== null || current === null) return known ?? new Map();
      making ??= make(current, nowMs).finally(() => {
        making = null;
      });
      return making;
    },
    lineItem: (id) => {
      const nowMs = realClock.nowMs();
      const { current } = server.desk;
      const known = fresh(nowMs);
      if (known !== null || current === null) return known?.get(id);
      const only = advertiserOf(current.config.book, id);
      const now = lineItemsNow({ ...inputNow(current, nowMs), only });
      const record = book?.get("lineItem", String(id)) ?? null;
      if (record !== null) unserved([record], now);
      return now.get(id);
    },
  };
}

/** 0 = it has none: no line item is told of then. */
function advertiserOf({ lineItems, campaigns }: LoadedConfig["book"], id: number): number {
  const of = lineItems.find((one) => one.id === id)?.campaign;
  return campaigns.find((one) => one.id === of)?.advertiser ?? 0;
}

function inputOf(
  server: Server,
  { published, live, zoneOf }: Served,
  stops: LineItemsInput["stops"],
  nowMs: number,
): LineItemsInput {
  const { config, people } = published;
  const totals = server.money.totals();
  return {
    ...{ config, nowMs, live, zoneOf, stops },
    epoch: people.parts.epoch,
    audiences: audienceTroubles(server, published),
    sums: server.lineItems.sums,
    paces: server.lineItems.paces(),
    spend: totals?.spend ?? [],
    heldAt: heldAt(server, config),
    trouble: server.money.failure() === "" ? "" : "billing stopped: nothing is bid",
  };
}

const rank: Readonly<Record<AudienceTrouble, number>> = {
  ...{ "": 0, waiting: 1, warming: 2, "unknown segment": 3, refused: 4 },
};

/** The worst of a line item's audiences; those that answer have no entry. */
function audienceTroubles(
  { desk }: Server,
  { built, expired }: Published,
): ReadonlyMap<number, AudienceTrouble> {
  const troubles = new Map<number, AudienceTrouble>();
  if (expired) return troubles;
  const warming = new Set(desk.warming().map(({ digest }) => digest));
  const verdicts = new Map(desk.verdicts().map(({ needed, verdict }) => [needed.digest, verdict]));
  for (const { digest, lineItems } of built.compiled.audiencesNeeded) {
    const verdict = verdicts.get(digest);
    const trouble = warming.has(digest) ? "warming" : troubleOf(verdict);
    if (trouble === "") continue;
    for (const lineItem of lineItems) {
      const before = troubles.get(lineItem) ?? "";
      if (rank[trouble] > rank[before]) troubles.set(lineItem, trouble);
    }
  }
  return troubles;
}

function troubleOf(verdict: string | undefined): AudienceTrouble {
  if (verdict === undefined) return "waiting";
  if (verdict === "certified") return "";
  return verdict === "unknown_segment" ? "unknown segment" : "refused";
}

function heldAt({ money }: Server, { exchanges, book }: LoadedConfig) {
  const totals = money.totals();
  const names = new Map(exchanges.map(({ id, name }) => [id as number, name]));
  const held = new Map<number, string[]>();
  const hold = (campaign: number, exchange: number): void => {
    const name = names.get(exchange);
    if (name === undefined) return;
    const list = held.get(campaign) ?? [];
    if (!list.includes(name)) held.set(campaign, [...list, name]);
  };
  for (const { campaign, exchange } of totals?.held ?? []) hold(campaign, exchange);
  for (const exchange of totals?.exchangesHeld ?? []) {
    for (const { id } of book.campaigns) hold(id, exchange);
  }
  return held;
}

function seriesOf(
  { desk, lineItems }: Server,
  of: Parameters<DeskFacts["series"]>[0],
): readonly SeriesPoint[] {
  const book = desk.current?.config.book;
  const advertisers = new Map((book?.advertisers ?? []).map((one) => [one.id as number, one]));
  const campaigns = new Map((book?.campaigns ?? []).map((one) => [one.id as number, one]));
  const wanted = new Set<number>();
  for (const { id, campaign } of book?.lineItems ?? []) {
    const advertiser = campaigns.get(campaign)?.advertiser ?? 0;
    const agency = advertisers.get(advertiser)?.agency;
    const isWanted =
      (of.lineItem === undefined || of.lineItem === id) &&
      (of.advertiser === undefined || of.advertiser === advertiser) &&
      (of.agency === undefined || of.agency === "" || of.agency === String(agency));
    if (isWanted) wanted.add(id);
  }
  return lineItems.sums
    .seriesOf((id) => wanted.has(id), realClock.nowMs())
    .map(({ atMs, sums: { media, bids, wins, billed } }) => ({
      ...{ atMs, bids, wins: Math.max(wins, billed) },
      spend: decimalOf(BigInt(media)),
      cpm: billed === 0 ? null : decimalOf((BigInt(media) * 1000n) / BigInt(billed)),
    }));
}

function exchangesNow({ server, stops }: DeskFactParts, samples: TrafficSamples) {
  const { desk, lineItems, settings, workers } = server;
  const stopped = new Set(
    (stops?.list() ?? []).filter(({ kind }) => kind === "exchange").map(({ key }) => key),
  );
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  const baseUrl = settings.publicUrl || `http://${host}:${workers.port}`;
  return (desk.current?.config.exchanges ?? []).map((exchange) => {
    const { wins, billed } = lineItems.sums.ofExchange(exchange.id);
    const counts = { ...samples.of(exchange.id), wins: Math.max(wins, billed) };
    return exchangeFactOf(exchange, { baseUrl, stopped: stopped.has(exchange.name) }, counts);
  });
}

function reporterOf({ desk, settings }: Server): DeskFacts["report"] {
  const reports = new ReportDesk();
  return async (wanted) => {
    const checked = checkedAsk(wanted);
    if (!checked.ok) throw new Error(checked.problems.map(({ message }) => message).join("; "));
    const names = reportNames(desk.current?.config ?? null);
    const { agency } = wanted;
    const order = { dataFolder: settings.dataFolder, names, agency, ask: checked.ask };
    const answer = await reports.make(order);
    if (!answer.ok) throw new Error(answer.words);
    return answer.report;
  };
}

function audienceSources({ server, book }: DeskFactParts) {
  const { desk, releases } = server;
  return {
    dictionary: () => desk.servedPeople.segments ?? [],
    absent: () => desk.servedPeople.absent,
    checksLeft: (agency: number) =>
      desk.checksLeft().find((one) => one.agency === agency)?.leftToday ?? 0,
    judge: async (question: AudienceQuestion): Promise<CheckAnswer> => {
      const answer = await askDesk(desk, question);
      // Nothing is told before it stands in the release ledger.
      try {
        releases.settle();
      } catch {
        return "waiting";
      }
      return answer;
    },
    saved: (agency: string, id: number) => {
      const record = book?.get("audience", String(id)) ?? null;
      if (record === null || record.archived || record.draft) return null;
      if (agency !== "" && record.agency !== agency) return null;
      const { audience } = record.form;
      if (typeof audience === "string") return audience;
      const isForm = typeof audience === "object" && audience !== null && !Array.isArray(audience);
      return isForm ? (audience as Readonly<Record<string, never>>) : null;
    },
  };
}

async function askDesk(desk: Server["desk"], question: AudienceQuestion): Promise<CheckAnswer> {
  const verdict = await desk.judgeAlso({ lineItems: [], ...question });
  switch (verdict) {
    case null:
      return "waiting";
    case "no_check_left":
      return "no check left";
    case "certified":
      return "certified";
    default:
      return "refused";
  }
}
