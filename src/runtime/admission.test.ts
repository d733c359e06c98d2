import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Exchange } from "../campaign/exchange.js";
import { mayAsk, QueryRate } from "./admission.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const exchangeWith = (credential: Partial<Exchange>): Exchange =>
  ({ id: 1, secretSha256: "", addresses: [], queriesPerSecMax: 0, ...credential }) as Exchange;

test("an exchange with a secret must send it", () => {
  const exchange = exchangeWith({ secretSha256: sha256("right") });
  expect(mayAsk(exchange, "right", "203.0.113.7")).toBe(true);
  expect(mayAsk(exchange, "right", "203.0.113.7")).toBe(true);
  expect(mayAsk(exchange, "wrong", "203.0.113.7")).toBe(false);
  expect(mayAsk(exchange, "", "203.0.113.7")).toBe(false);
  const other = exchangeWith({ secretSha256: sha256("other") });
  expect(mayAsk(other, "right", "203.0.113.7")).toBe(false);
});

test("an exchange with addresses must call from one of them or from a range", () => {
  const exchange = exchangeWith({ addresses: ["203.0.113.0/24", "198.51.100.9", "2001:db8::/32"] });
  expect(mayAsk(exchange, "", "203.0.113.7")).toBe(true);
  expect(mayAsk(exchange, "", "198.51.100.9")).toBe(true);
  expect(mayAsk(exchange, "", "2001:db8::1")).toBe(true);
  expect(mayAsk(exchange, "", "203.0.114.7")).toBe(false);
  expect(mayAsk(exchange, "", "198.51.100.10")).toBe(false);
  expect(mayAsk(exchange, "", "not an address")).toBe(false);
});

test("both credentials must hold where both are stated; without any only loopback may ask", () => {
  const both = exchangeWith({ secretSha256: sha256("right"), addresses: ["203.0.113.7"] });
  expect(mayAsk(both, "right", "203.0.113.7")).toBe(true);
  expect(mayAsk(both, "right", "203.0.113.8")).toBe(false);
  expect(mayAsk(both, "wrong", "203.0.113.7")).toBe(false);
  expect(mayAsk(exchangeWith({}), "", "127.0.0.1")).toBe(true);
  expect(mayAsk(exchangeWith({}), "", "203.0.113.7")).toBe(false);
});

test("queries a second are shared between the workers and begin anew each second", () => {
  const rate = new QueryRate(2);
  const exchange = exchangeWith({ queriesPerSecMax: 10 });
  const admitted = (nowMs: number): number =>
    Array.from({ length: 20 }, () => rate.admit(exchange, () => nowMs)).filter(Boolean).length;
  expect(admitted(1000)).toBe(5);
  expect(admitted(1999)).toBe(0);
  expect(admitted(2000)).toBe(5);
  expect(rate.admit(exchangeWith({ id: 2 as Exchange["id"] }), () => 2000)).toBe(true);
});
