import { expect, test } from "vitest";
import { forgeries, TokenForger } from "./token-forger.js";

test("20,000 forged, altered, repeated, expired and foreign tokens change nothing", () => {
  const { tried, accepted, genuine, genuineTaken } = new TokenForger(1).run(20_000);
  expect(Object.values(tried).reduce((sum, count) => sum + count, 0)).toBe(20_000);
  expect(accepted).toEqual(Object.fromEntries(forgeries.map((name) => [name, 0])));
  expect([genuine, genuineTaken]).toEqual([313, 313]);
});
