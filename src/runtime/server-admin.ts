import type { AdminFacts, ExplainAsk } from "../admin/admin-facts.js";
import { explain } from "../admin/explain.js";
import type { ExplainResult } from "../admin/explain-result.js";
import type { HeldCampaign } from "../admin/holds.js";
import { type AdminServer, startAdmin } from "../admin/server.js";
import { spendNow } from "../admin/spend.js";
import { type AdminStatus, adminStatus } from "../admin/status.js";
import type { World } from "../bid/world.js";
import { audiencesNeeded } from "../campaign/compile.js";
import { hasErrors } from "../campaign/issue.js";
import { deskOf } from "./desk-admin.js";
import { type Ending, EndRank } from "./ending.js";
import type { Log } from "./log.js";
import { createMetrics, type MetricSources } from "./metrics.js";
import { realClock } from "./real-clock.js";
import type { Server } from "./server.js";
import { servedWorldFrom, type WorldParts } from "./world-parts.js";

/**
 * The admin server over a running server; it answers until the very end, so that probes see the
 * drain.
 */
export async function startServerAdmin(
  server: Server,
  ending: Ending,
  log: Log,
  trading: () => AdminStatus["trading"] = () => null,
  print: (line: string) => void = () => undefined,
): Promise<AdminServer> {
  const { settings, keys } = server;
  const admin = await startAdmin({
    ...{ host: settings.adminHost, port: settings.adminPort, token: keys.adminToken.reveal(), log },
    facts: factsOf(server, ending, trading),
    desk: deskOf(server, log, ending, print),
  });
  const close = (): Promise<boolean> => admin.close().then(() => true);
  ending.add({ name: "admin", rank: EndRank.ADMIN, run: close });
  return admin;
}

function factsOf(
  server: Server,
  ending: Ending,
  trading: () => AdminStatus["trading"],
): AdminFacts {
  const worldNow = worldReader(server);
  const epochAgeSeconds = (): number | null => {
    const { epoch, createdMs } = server.desk.servedPeople.parts;
    return epoch === 0 ? null : Math.floor((realClock.nowMs() - createdMs) / 1000);
  };
  const metrics = createMetrics({
    counters: server.counters,
    slots: server.slots,
    funnel: server.funnel,
    generation: () => worldNow()?.generation ?? 0,
    epoch: () => server.desk.servedPeople.parts.epoch,
    epochAgeSeconds,
    repeatedNotices: () => server.money.totals()?.counts.duplicates ?? 0,
    snapshotsRefused: () => server.refusals.counts,
    caps: server.caps.facts,
    moneyClock: server.clock.facts,
    asking: server.asking.alarms,
    ghostsLost: server.asking.ghostsLost,
    health: () => healthOf(server),
  });
  return {
    readiness: () => ({
      generation: worldNow()?.generation ?? 0,
      epoch: worldNow()?.index.epoch ?? 0,
      epochAgeSeconds: epochAgeSeconds(),
      journal: server.money.failure() === "" ? "ok" : "failing",
      draining: ending.begun,
    }),
    metrics: () => metrics.metrics(),
    status: () => {
      const { desk } = server;
      const book = desk.current?.config.book;
      return adminStatus({
        ...{ world: worldNow(), epochAgeSeconds: epochAgeSeconds(), issues: desk.lastIssues },
        epochExpired: desk.current?.expired === true,
        lastRefusal: server.refusals.last,
        warming: new Set(desk.warming().map(({ digest }) => digest)),
        held: heldCampaigns(server),
        audienceChecks: desk.checksLeft(),
        configLive: !hasErrors(desk.lastIssues),
        needed: book === undefined ? [] : audiencesNeeded(book),
        verdicts: new Map(desk.verdicts().map(({ needed, verdict }) => [needed.digest, verdict])),
        ...{ spend: server.money.totals()?.spend ?? [], trading: trading() },
      });
    },
    spend: () => {
      const totals = server.money.totals();
      return spendNow(totals?.spend ?? [], server.desk.current?.config.book ?? null, {
        failure: totals?.ledgerFailure ?? "",
      });
    },
    explain: (ask) => explainNow(server, worldNow(), ask),
    forget: server.forget,
    holds: {
      release: (campaign, name) => {
        const exchange = worldNow()?.exchanges.find((one) => one.name === name);
        return exchange !== undefined && server.money.release(campaign, exchange.id);
      },
    },
  };
}

function healthOf({ desk, money }: Server): ReturnType<NonNullable<MetricSources["health"]>> {
  const verdicts = desk.verdicts();
  const certified = verdicts.filter(({ verdict }) => verdict === "certified").length;
  const totals = money.totals();
  return {
    configErrors: desk.lastIssues.filter(({ severity }) => severity === "error").length,
    audiencesCertified: certified,
    audiencesRefused: verdicts.length - certified,
    campaignsHeld: totals?.held.length ?? 0,
    exchangesHeld: totals?.exchangesHeld.length ?? 0,
    bidsUncounted: totals?.bidsUncounted ?? 0,
    foldsFailed: totals?.foldsFailed ?? [],
    journalFailed: money.failure() === "" ? 0 : 1,
    ledgerFailed: (totals?.ledgerFailure ?? "") === "" ? 0 : 1,
  };
}

function heldCampaigns({ desk, money }: Server): HeldCampaign[] {
  const exchanges = desk.current?.config.exchanges ?? [];
  return (money.totals()?.held ?? []).map(({ campaign, exchange, sinceMs, wins, bids }) => ({
    campaign,
    exchange: exchanges.find(({ id }) => id === exchange)?.name ?? String(exchange),
    since: new Date(sinceMs).toISOString(),
    ...{ wins, bids },
  }));
}

/** Views over what is served now, made once a World. */
function worldReader({ desk }: Server): () => World | null {
  let parts: WorldParts | null = null;
  let world: World | null = null;
  return () => {
    const current = desk.current?.built.parts ?? null;
    if (current !== parts) world = current === null ? null : servedWorldFrom(current).world;
    parts = current;
    return world;
  };
}

function explainNow(server: Server, world: World | null, ask: ExplainAsk): ExplainResult | null {
  const { current, servedPeople } = server.desk;
  if (world === null || current === null) return null;
  const exchange = ask.exchange ?? world.exchanges[0]?.name ?? "";
  return explain({
    ...{ world, config: current.config, exchange },
    ...{ places: servedPeople.places, absent: servedPeople.absent },
    ...{ request: ask.request, segments: ask.segments, lineItems: ask.lineItems },
    now: realClock.nowMs(),
    learnt: server.state.learnt,
    money: server.state,
  });
}
