import { expect, test } from "vitest";
import { paceWords, type TradeLine, tradeWords } from "./demo-trade.js";

const line: TradeLine = {
  sec: 30,
  requests: 2400,
  answered: 1200,
  bids: 1200,
  won: 300,
  violations: 0,
  spent: [{ currency: "USD", today: 2_500_000_000n, more: 500_000_000n }],
  paces: [
    {
      ...{ name: "Spring", currency: "USD", participationPermille: 345 },
      ...{ spent: 1_020_000_000n, planned: 1_050_000_000n },
    },
  ],
  caps: { impressions: 298, rulesHeld: 0 },
};

test("the trading line says what was asked, bid, won and spent", () => {
  expect(tradeWords(line)).toBe(
    "trading: 80 requests a second, bids on 50 %, wins 25 % of its bids; " +
      "spent today USD 2.50 (1.00 a minute)",
  );
});

test("the line below says what holds bids back: the plan of the day and the caps", () => {
  expect(paceWords(line)).toBe(
    "  pace: Spring 1.02 of 1.05 USD planned, bids on 34.5 % of its requests; " +
      "caps: 298 impressions counted",
  );
  const held = { ...line, paces: [], caps: { impressions: 0, rulesHeld: 2 } };
  expect(paceWords(held)).toBe(
    "  pace: nothing is held back; caps: 0 impressions counted, 2 rules still count earlier ones",
  );
});
