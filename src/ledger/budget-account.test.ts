import { expect, test } from "vitest";
import { Account, type TopUpSize } from "./budget-account.js";
import type { Level } from "./budget-level.js";

const size: TopUpSize = { aheadSec: 2, partOfLeft: 100n, bidsMin: 8 };
const unlimited = { left: () => null, live: 1, parent: null } as unknown as Level;

/** What an allowance of 800 is to hold after it fell to `allowance` within so many seconds. */
function targetAfter(allowance: bigint, elapsedSec: number, left: bigint | null = null): bigint {
  const account = new Account(1, 1, 0, unlimited);
  account.bidMax = 100n;
  account.lastAllowance = 800n;
  account.measureRate(allowance, elapsedSec);
  return account.target(left, size);
}

test("an allowance is to hold two seconds of its use", () => {
  expect(targetAfter(100n, 1)).toBe(1400n);
  expect(targetAfter(100n, 0.5)).toBe(2800n);
});

test("one that ran dry is taken to have done so at once, within its part of the budget", () => {
  expect(targetAfter(0n, 1)).toBe(32_000n);
  expect(targetAfter(0n, 0.05)).toBe(32_000n);
  expect(targetAfter(0n, 1, 100_000n)).toBe(1000n);
});
