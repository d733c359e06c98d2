import { expect, test } from "vitest";
import { microsMax } from "../base/money.js";
import { SeededRandom } from "../base/random.js";
import type { CurrencyCode, Micros, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { convertCeil, convertFloor, RateMemo } from "../bid/rates.js";
import { peopleOf, readFixtures, worldFolder } from "./fixtures.js";
import { startInProcess } from "./in-process.js";

const fixtures = readFixtures("exemplary");
const fixture = (name: string) => {
  const found = fixtures.find((one) => one.name === `exemplary/${name}`);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
};
const start = (nowMs: number) =>
  startInProcess({
    configFolder: worldFolder("rules"),
    now: nowMs,
    seed: 1,
    snapshot: { people: peopleOf(fixtures, "rules") },
  });

test("an empty allowance is named where no person is involved, and is the person class else", async () => {
  const plain = fixture("quantity");
  const capped = fixture("capped-person");
  const { ask, state } = await start(plain.nowMs);
  expect(ask(plain.exchange, plain.body).status).toBe(200);
  state.allowances.fill(0n);
  expect(ask(plain.exchange, plain.body).outcome).toBe("no_allowance");
  expect(ask(capped.exchange, capped.body).outcome).toBe("person");
});

test("a screen's quantity multiplies what is held", async () => {
  const { exchange, body, nowMs } = fixture("quantity");
  const once = new TextEncoder().encode(
    new TextDecoder().decode(body).replace(',"qty":{"multiplier":2.5}', ""),
  );
  const { ask, state } = await start(nowMs);
  const held = (asked: Uint8Array): bigint => {
    const sum = () => state.allowances.reduce((total, nanos) => total + nanos, 0n);
    const before = sum();
    expect(ask(exchange, asked).status).toBe(200);
    return before - sum();
  };
  expect(held(once)).toBe(2_000_000n);
  expect(held(body)).toBe(5_000_000n);
});

test("an amount that money cannot hold has no conversion, on the way through the base either", () => {
  const codes = ["EUR", "JPY", "GBP"].map((code) => packAlpha3(code) as CurrencyCode);
  const [eur, jpy, gbp] = codes as [CurrencyCode, CurrencyCode, CurrencyCode];
  const rates = {
    ...{ codes, numerator: [1, 160, 1], denominator: [1, 1, 2] },
    ...{ asOfMs: 0 as UnixMs, fixed: true },
  };
  for (const convert of [convertFloor, convertCeil]) {
    const of = (amount: number, from: CurrencyCode, to: CurrencyCode): number =>
      convert(new RateMemo(), rates, 0 as UnixMs, amount as Micros, from, to);
    expect(of(microsMax, eur, jpy)).toBe(-1);
    expect(of(microsMax - 1, gbp, jpy)).toBe(-1);
    expect(of(1000, eur, jpy)).toBe(160_000);
  }
});

test("a conversion that is remembered is what it would be anew, for every pair of currencies", () => {
  const codes = "EUR JPY GBP USD CNY INR KRW CHF SEK PLN DKK AUD".split(" ").map(packAlpha3);
  const rates = {
    ...{ codes: codes as CurrencyCode[], numerator: codes.map((_, i) => 7 + 13 * i) },
    ...{ denominator: codes.map((_, i) => 5 + (i % 4)), asOfMs: 0 as UnixMs, fixed: true },
  };
  const memo = new RateMemo();
  const random = new SeededRandom(8);
  for (let i = 0; i < 20_000; i++) {
    const amount = random.below(4) as Micros;
    const [from, to] = [random.pick(rates.codes), random.pick(rates.codes)];
    const convert = random.pick([convertCeil, convertFloor]);
    const anew = convert(new RateMemo(), rates, 0 as UnixMs, amount, from, to);
    expect(convert(memo, rates, 0 as UnixMs, amount, from, to)).toBe(anew);
  }
});
