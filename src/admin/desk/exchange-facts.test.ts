import { expect, test } from "vitest";
import { startInProcess } from "../../testing/in-process.js";
import { sampleExchange } from "../../testing/wire-samples.js";
import { checkAnswer, exchangeFactOf } from "./exchange-facts.js";

const demoNow = Date.UTC(2026, 10, 26, 12);
const noCounts = { requests: 0, bids: 0, wins: 0, errors: [], queriesPerSecond: 0 };
const place = { baseUrl: "http://127.0.0.1:8080", stopped: false };

test("every sample request gets a bid in the demo that the response checker accepts", async () => {
  const demo = await startInProcess({ configFolder: "config/demo", now: demoNow, seed: 1 });
  const { exchanges, rates } = demo.config;
  expect(exchanges.length).toBe(3);
  for (const exchange of exchanges) {
    const { samples } = exchangeFactOf(exchange, place, noCounts);
    expect(samples.map(({ name }) => name)).toEqual(["banner", "video", "native"]);
    for (const { name, body } of samples) {
      const answer = demo.ask(exchange.name, new TextEncoder().encode(body));
      expect([exchange.name, name, answer.status, answer.outcome]).toEqual([
        ...[exchange.name, name, 200, "bid"],
      ]);
      const text = new TextDecoder().decode(answer.body);
      expect(checkAnswer(exchange, body, text, rates)).toEqual([]);
      const cheap = text.replace(/"price":[0-9.]+/, '"price":0.01');
      const findings = checkAnswer(exchange, body, cheap, rates);
      expect(findings.map(({ field }) => field)).toEqual(["seatbid[0].bid[0].price"]);
    }
  }
});

test("the response checker says what cannot be read, without quoting it", () => {
  const exchange = sampleExchange(0);
  const findings = checkAnswer(exchange, "{ifa:secret}", "[", null);
  expect(findings.map(({ field }) => field)).toEqual(["request", "answer"]);
  expect(JSON.stringify(findings)).not.toContain("secret");
  expect(checkAnswer(undefined, "{}", "{}", null)).toHaveLength(1);
  expect(checkAnswer(exchange, " ".repeat(300_000), "{}", null)).toHaveLength(1);
});

test("an exchange with a secret and addresses says which headers and addresses it must use", () => {
  const exchange = sampleExchange(0, { secretSha256: "ab", addresses: ["192.0.2.0/24"] });
  const { headers, endpoint } = exchangeFactOf(exchange, place, noCounts);
  expect(endpoint).toBe("http://127.0.0.1:8080/bid/exchange0");
  expect(headers.map(({ name }) => name)).toContain("x-crowdbid-secret");
  expect(JSON.stringify(headers)).not.toContain("ab,");
  expect(headers.at(-1)?.value).toBe("192.0.2.0/24");
});
