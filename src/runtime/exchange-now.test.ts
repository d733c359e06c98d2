import { expect, test } from "vitest";
import { plainExchange } from "../testing/echo-app.js";
import { exchangeNow } from "./exchange-now.js";

test("an exchange is that of the World which answers, wherever it has moved to", () => {
  const before = [plainExchange({ name: "a" }), plainExchange({ name: "b", index: 1 })];
  const [, asked] = before;
  if (asked === undefined) throw new Error("there are two");
  expect(exchangeNow(before, asked)).toBe(asked);
  const alone = [plainExchange({ name: "b", index: 0, maxBids: 7 })];
  expect(exchangeNow(alone, asked)).toBe(alone[0]);
  expect(exchangeNow([plainExchange({ name: "a" })], asked)).toBeNull();
  expect(exchangeNow([], asked)).toBeNull();
});
