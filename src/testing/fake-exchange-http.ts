import { Agent, type ClientRequest, request } from "node:http";
import type { FakeExchange } from "./fake-exchange.js";
import type { FakeNotice } from "./fake-exchange-notice.js";

/** Requests and notices under way at most: a bidder that stands still is not asked on. */
const openMax = 64;
const tickMs = 50;
/** A tick that comes late asks for no more than this many requests to make up for it. */
const perTickMax = 40;
const patienceMs = 2000;

export type FakeTrade = {
  readonly market: FakeExchange;
  /** Asks at this share of the rate from now on. */
  readonly setShare: (share: number) => void;
  /** Ends all timers and connections at once. */
  readonly stop: () => void;
};

/**
 * Trades with a bidder over HTTP in real time, on connections that stay open. Nothing here keeps a
 * process alive or throws: what gets no answer is counted.
 */
export function tradeOverHttp(market: FakeExchange, host: string, port: number): FakeTrade {
  const trade = new HttpTrade(market, host, port);
  return { market, setShare: trade.setShare, stop: trade.stop };
}

class HttpTrade {
  private readonly market: FakeExchange;
  private readonly host: string;
  private readonly port: number;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: patienceMs });
  private readonly open = new Set<ClientRequest>();
  private readonly timer: NodeJS.Timeout;
  private share = 1;
  private nextMs = Date.now();
  private stopped = false;

  constructor(market: FakeExchange, host: string, port: number) {
    this.market = market;
    this.host = host;
    this.port = port;
    this.timer = setInterval(() => this.tick(Date.now()), tickMs);
    this.timer.unref();
  }

  readonly setShare = (share: number): void => {
    this.share = share;
  };

  readonly stop = (): void => {
    this.stopped = true;
    clearInterval(this.timer);
    for (const one of this.open) one.destroy();
    this.agent.destroy();
  };

  private tick(nowMs: number): void {
    for (const notice of this.market.dueNotices(nowMs)) this.notify(notice);
    // What a standstill left out is not made up for: that would be a burst.
    if (nowMs - this.nextMs > 1000 || this.nextMs - nowMs > 60_000) this.nextMs = nowMs;
    for (let n = 0; n < perTickMax && this.nextMs <= nowMs; n++) {
      this.nextMs += this.market.gapMs(nowMs, this.share);
      if (this.open.size < openMax) this.bid();
    }
  }

  private bid(): void {
    const asked = this.market.nextRequest();
    const version = asked.exchange.version;
    const headers = { "content-type": "application/json", "x-openrtb-version": version };
    const body = JSON.stringify(asked.request);
    this.send("POST", `/bid/${asked.exchange.name}`, headers, body, (status, answer) =>
      this.market.answered(asked, status, answer, Date.now()),
    );
  }

  private notify(notice: FakeNotice): void {
    this.send(notice.method, notice.path, {}, "", (status) => this.market.noticed(notice, status));
  }

  /** `done` is called once; status 0 = no answer. */
  private send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    done: (status: number, answer: string) => void,
  ): void {
    const { agent, host, port } = this;
    const length = method === "POST" ? { "content-length": Buffer.byteLength(body) } : {};
    const sent = request({ agent, host, port, method, path, headers: { ...headers, ...length } });
    this.open.add(sent);
    let over = false;
    const finish = (status: number, answer: string): void => {
      if (over) return;
      over = true;
      this.open.delete(sent);
      if (!this.stopped) done(status, answer);
    };
    sent.setTimeout(patienceMs, () => sent.destroy());
    sent.on("error", () => finish(0, ""));
    sent.on("close", () => finish(0, ""));
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => finish(response.statusCode ?? 0, text));
      response.on("error", () => finish(0, ""));
    });
    sent.end(body);
  }
}
