import { expect, test } from "vitest";
import { demoIdentifier, demoSeed } from "../bank/generate/demo-person.js";
import { NoticeKind } from "../base/lists.js";
import { noticeKindOf } from "../edge/routes.js";
import { NoticeParameters, parseNotice } from "../wire/notice.js";
import { TokenFields } from "../wire/token-format.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenReader } from "../wire/token-reader.js";
import { FakeExchange, type InProcessBidder, tradeInProcess } from "./fake-exchange.js";
import { trafficShape } from "./fake-exchange-market.js";
import { fillMacros, pathsInMarkup, priceText } from "./fake-exchange-notice.js";
import { startInProcess, testTokenSecret } from "./in-process.js";

const startMs = 1_800_000_000_000;
const seconds = 60;

/** What the bidder heard: by kind, genuine tokens with their clearing price. */
type Heard = { kind: number; token: string; clearing: number; price: number; loss: number };

async function trade(seed: number) {
  const segments = ["aipl.mirado.awareness", "premium.luxury-pavilion", "aipl.northwind.purchase"];
  const people = Array.from({ length: 200 }, (_, n) => demoIdentifier(demoSeed, n))
    .filter((identifier) => identifier?.kind === "idfa")
    .map((identifier) => ({ idfa: identifier?.value ?? "", segments }));
  const one = await startInProcess({
    ...{ configFolder: "config/demo", now: startMs, seed, snapshot: { people } },
  });
  const { exchanges, rates } = one.config;
  const market = new FakeExchange({ seed, exchanges, rates, requestsPerSec: 50 });
  const reader = new TokenReader([tokenKeyFrom(testTokenSecret)]);
  const [token, said] = [new TokenFields(), new NoticeParameters()];
  const heard: Heard[] = [];
  let forged = 0;
  const bidder: InProcessBidder = {
    bid: (exchange, body) => {
      const answer = one.ask(exchange, Buffer.from(body));
      return { status: answer.status, body: Buffer.from(answer.body).toString("utf8") };
    },
    notice: (path) => {
      const [place = "", query = ""] = path.split("?");
      const kind = noticeKindOf(place);
      expect(kind, path).toBeDefined();
      parseNotice(kind as NoticeKind, query, "", said);
      if (!reader.read(said.token, token)) forged++;
      else {
        const { clearingMicros: clearing, lossCode: loss } = said;
        heard.push({
          kind: kind as number,
          token: said.token,
          clearing,
          loss,
          price: token.priceMicros,
        });
      }
      return kind === NoticeKind.CLICK ? 302 : 204;
    },
    setNow: (nowMs) => one.clock.advance(nowMs - one.clock.nowMs()),
  };
  tradeInProcess(market, bidder, startMs, startMs + seconds * 1000);
  return { market, heard, forged };
}

/** Asked for by two tests. */
const first = trade(1);

test("a minute of trade: rules kept, auctions won and lost, and every kind of notice", async () => {
  const { market, heard, forged } = await first;
  const { totals } = market;
  expect(market.violations).toEqual([]);
  expect(totals.requests).toBeGreaterThan(1500);
  expect(totals.bids / totals.requests).toBeGreaterThan(0.4);
  expect(totals.won / totals.answered).toBeGreaterThan(0.15);
  expect(totals.won / totals.answered).toBeLessThan(0.85);
  expect(totals.dealBids).toBeGreaterThan(0);
  expect([totals.failed, totals.forged > 0, market.noticesWaiting]).toEqual([0, true, 0]);
  expect(forged).toBe(totals.forged);
  const kinds = new Set(heard.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(Object.values(NoticeKind)));
  const tokens = heard.map(({ kind, token }) => `${kind} ${token}`);
  expect(new Set(tokens).size).toBeLessThan(tokens.length);
  const bills = heard.filter(({ kind }) => kind === NoticeKind.BILL);
  expect(bills.every(({ clearing, price }) => clearing > 0 && clearing <= price)).toBe(true);
  expect(bills.some(({ clearing, price }) => clearing < price)).toBe(true);
  const losses = heard.filter(({ kind }) => kind === NoticeKind.LOSS);
  expect(losses.every(({ loss }) => loss === 102 || loss === 103)).toBe(true);
});

test("the same seed trades the same, another one otherwise", async () => {
  const [a, b, c] = [await first, await trade(1), await trade(3)];
  expect(a.market.totals).toEqual(b.market.totals);
  expect(a.heard.map(({ kind, clearing }) => [kind, clearing])).toEqual(
    b.heard.map(({ kind, clearing }) => [kind, clearing]),
  );
  expect(c.market.totals).not.toEqual(a.market.totals);
});

test("answers that break a rule are counted, and win nothing", () => {
  const market = new FakeExchange({
    ...{
      seed: 1,
      requestsPerSec: 1,
      exchanges: [{ name: "x", version: "2.6", atDefault: 1 } as never],
    },
    rates: { codes: [], numerator: [], denominator: [], asOfMs: 0 as never, fixed: true },
  });
  const asked = market.nextRequest();
  const answer = (bid: object): string =>
    JSON.stringify({
      ...{ id: asked.request["id"], bidid: "1", cur: asked.currency },
      seatbid: [
        { seat: "s", bid: [{ id: "1", impid: "1", price: 9e5, adomain: ["a.example"], ...bid }] },
      ],
    });
  expect(market.violations).toEqual([]);
  for (const body of ["not JSON", answer({ impid: "2" }), answer({ price: -1 }), "[]"]) {
    market.answered(asked, 200, body, startMs);
  }
  market.answered(asked, 500, "", startMs);
  expect(market.totals).toMatchObject({ violations: 4, bids: 0, won: 0, failed: 1 });
});

test("macros are filled as exchanges do, unknown ones stay", () => {
  const values = {
    ...{ requestId: "r", bidId: "b", impId: "1", seat: "s", adId: "a", currency: "USD" },
    ...{ price: 1.25, loss: 0, minToWin: 0.5 },
  };
  const macro = (name: string): string => `\${${name}}`;
  const text = ["AUCTION_PRICE", "AUCTION_PRICE:B64", "AUCTION_LOSS", "OTHER"].map(macro).join("|");
  expect(fillMacros(text, values)).toBe(`1.25|MS4yNQ|0|${macro("OTHER")}`);
  expect(fillMacros(text, { ...values, loss: 102 })).toBe(`||102|${macro("OTHER")}`);
  expect([0.5, 1, 2.000001, 1e-7].map(priceText)).toEqual(["0.5", "1", "2.000001", "0"]);
  const token = "T".repeat(88);
  const pixel = `<img src="http://h:1/impression?t=${token}&amp;pb=MQ">`;
  const markup = `${pixel}<a href='http://h/click?t=${token}'>`;
  expect(pathsInMarkup(markup, "impression")).toBe(`/impression?t=${token}&pb=MQ`);
  expect(pathsInMarkup(markup, "click")).toBe(`/click?t=${token}`);
});

test("a day's traffic has its mean, a quiet night and a full evening", () => {
  const shares = Array.from({ length: 24 * 60 }, (_, minute) => trafficShape(minute * 60_000));
  expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeCloseTo(1, 1);
  expect(Math.max(...shares) / Math.min(...shares)).toBeGreaterThan(2.5);
});
