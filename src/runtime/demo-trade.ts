import { demoSeed } from "../bank/generate/demo-person.js";
import { unpackAlpha3 } from "../base/units.js";
import { FakeExchange, type TradeTotals } from "../testing/fake-exchange.js";
import { type FakeTrade, tradeOverHttp } from "../testing/fake-exchange-http.js";
import type { DemoConsole } from "./demo-console.js";
import type { Ending } from "./ending.js";
import type { Server } from "./server.js";

/** Requests a second, the mean of a day: a laptop idles beside it. */
const requestsPerSec = 80;
/** While the demo's people are built both cores have other work. */
const gentleShare = 0.1;
const firstLineMs = 5000;
const lineEveryMs = 30_000;

/** What a newcomer sees of the trade since the last line. */
export type TradeLine = {
  readonly sec: number;
  readonly requests: number;
  readonly answered: number;
  readonly bids: number;
  readonly won: number;
  readonly violations: number;
  /** Billed today, nanos by currency, and what of it came since the last line. */
  readonly spent: readonly { readonly currency: string; readonly today: bigint; more: bigint }[];
  /** Campaigns that keep to a plan: nanos of today, and the share of requests that they bid on. */
  readonly paces: readonly PaceLine[];
  /** Impressions counted towards frequency caps since the start; rules that count earlier ones. */
  readonly caps: { readonly impressions: number; readonly rulesHeld: number };
};

export type PaceLine = {
  readonly name: string;
  readonly currency: string;
  readonly spent: bigint;
  readonly planned: bigint;
  readonly participationPermille: number;
};

/**
 * The demo's trading partner: the fake exchange asks over HTTP from the first World on, gently
 * until the people are live, and the console says now and then what came of it.
 */
export class DemoTrade {
  private readonly server: Server;
  private readonly trade: FakeTrade;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly tell: DemoConsole;
  private before: TradeTotals;
  private spentBefore = new Map<string, bigint>();
  private beforeMs = performance.now();

  /** null: there is nobody to trade with, or nothing to trade. */
  static start(server: Server, ending: Ending, tell: DemoConsole): DemoTrade | null {
    const { settings, desk } = server;
    const config = desk.current?.config;
    if (!settings.traffic || config === undefined) return null;
    const trade = new DemoTrade(server, tell);
    ending.add({ name: "fake exchange", run: () => trade.stop() });
    return trade;
  }

  private constructor(server: Server, tell: DemoConsole) {
    this.server = server;
    this.tell = tell;
    const { exchanges, rates } = server.desk.current!.config;
    const seed = demoSeed + server.money.boot;
    const market = new FakeExchange({ seed, exchanges, rates, requestsPerSec });
    const { settings, workers } = server;
    this.trade = tradeOverHttp(market, settings.host, workers.port);
    this.trade.setShare(gentleShare);
    this.before = { ...market.totals };
    const first = setTimeout(() => this.line(), firstLineMs);
    this.timers.push(
      first,
      setInterval(() => this.line(), lineEveryMs),
    );
    for (const timer of this.timers) timer.unref();
  }

  /** The people are in, or will not come. */
  fullRate(): void {
    this.trade.setShare(1);
  }

  get totals(): TradeTotals {
    return this.trade.market.totals;
  }

  private stop(): boolean {
    for (const timer of this.timers) clearTimeout(timer);
    this.trade.stop();
    return true;
  }

  private line(): void {
    const { totals, before } = this;
    const nowMs = performance.now();
    const since = (name: keyof TradeTotals): number => totals[name] - before[name];
    const line = {
      sec: (nowMs - this.beforeMs) / 1000,
      ...{ requests: since("requests"), answered: since("answered"), bids: since("bids") },
      ...{ won: since("won"), violations: totals.violations, spent: this.spent() },
      ...{ paces: pacesOf(this.server), caps: capsOf(this.server) },
    };
    this.before = { ...totals };
    this.beforeMs = nowMs;
    this.tell.trading(tradeWords(line));
    this.tell.trading(paceWords(line));
  }

  private spent(): TradeLine["spent"] {
    const spent = spentToday(this.server);
    const rows = [...spent].map(([currency, today]) => ({
      ...{ currency, today, more: today - (this.spentBefore.get(currency) ?? 0n) },
    }));
    this.spentBefore = spent;
    return rows.sort((a, b) => (a.currency < b.currency ? -1 : 1));
  }
}

type Named = { readonly name: string; readonly currency: string };

/** Campaigns of the served config by id. */
function campaignsOf({ desk }: Server): ReadonlyMap<number, Named> {
  const { campaigns = [], advertisers = [] } = desk.current?.config.book ?? {};
  const currencyOf = new Map(advertisers.map(({ id, currency }) => [id, unpackAlpha3(currency)]));
  return new Map(
    campaigns.map(({ id, name, advertiser }) => [
      id as number,
      { name, currency: currencyOf.get(advertiser) ?? "" },
    ]),
  );
}

function pacesOf(server: Server): PaceLine[] {
  const campaigns = campaignsOf(server);
  return (server.money.totals()?.spend ?? []).flatMap((spend) => {
    const named = campaigns.get(spend.campaign);
    const { participationPermille, plannedToday } = spend;
    // Those that bid as soon as possible follow no plan.
    if (named === undefined || plannedToday === "" || participationPermille === 1000) return [];
    const spent = BigInt(spend.spentToday);
    return [{ ...named, spent, planned: BigInt(plannedToday), participationPermille }];
  });
}

function capsOf({ caps }: Server): TradeLine["caps"] {
  const { exposures, rulesHeld } = caps.facts();
  return { impressions: exposures, rulesHeld };
}

/** Nanos billed today by currency, from the money thread's totals. */
function spentToday(server: Server): Map<string, bigint> {
  const campaigns = campaignsOf(server);
  const spent = new Map<string, bigint>();
  for (const { campaign, spentToday: nanos } of server.money.totals()?.spend ?? []) {
    const { currency } = campaigns.get(campaign) ?? {};
    if (currency === undefined || nanos === "0") continue;
    spent.set(currency, (spent.get(currency) ?? 0n) + BigInt(nanos));
  }
  return spent;
}

/** One line for the console. */
export function tradeWords(line: TradeLine): string {
  const { sec, requests, answered, bids, won, violations, spent } = line;
  const perSec = sec > 0 ? Math.round(requests / sec) : 0;
  const shares = `bids on ${percent(answered, requests)}, wins ${percent(won, bids)} of its bids`;
  const money = spent.map(({ currency, today, more }) => {
    const perMinute = sec > 0 ? (Number(more) * 60) / sec : 0;
    return `${currency} ${amount(Number(today))} (${amount(perMinute)} a minute)`;
  });
  const today = money.length === 0 ? "" : `; spent today ${money.join(", ")}`;
  const broken = violations === 0 ? "" : `; ${violations} answers broke a rule`;
  return `trading: ${perSec} requests a second, ${shares}${today}${broken}`;
}

/** A second line: what holds bids back. */
export function paceWords({ paces, caps }: TradeLine): string {
  const plans = paces.map(
    ({ name, currency, spent, planned, participationPermille }) =>
      `${name} ${amount(Number(spent))} of ${amount(Number(planned))} ${currency} planned, ` +
      `bids on ${(participationPermille / 10).toFixed(1)} % of its requests`,
  );
  const waiting = caps.rulesHeld === 0 ? "" : `, ${caps.rulesHeld} rules still count earlier ones`;
  const pace = plans.length === 0 ? "nothing is held back" : plans.join("; ");
  return `  pace: ${pace}; caps: ${caps.impressions} impressions counted${waiting}`;
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "nothing" : `${Math.round((100 * part) / whole)} %`;

const amount = (nanos: number): string => (nanos / 1e9).toFixed(2);
