import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { BodyStore } from "./body-store.js";

test("pieces of any size come out as the whole they were", () => {
  const random = new SeededRandom(5);
  const store = new BodyStore();
  for (let round = 0; round < 200; round++) {
    const whole = Uint8Array.from({ length: random.below(40_000) }, () => random.below(256));
    for (let at = 0; at < whole.length; ) {
      const end = Math.min(whole.length, at + 1 + random.below(9000));
      store.add(whole.subarray(at, end), whole.length);
      at = end;
    }
    expect(Buffer.compare(store.view(), whole)).toBe(0);
    store.clear();
  }
});

test("storage follows what has come, not what was announced, and a large one is given back", () => {
  const store = new BodyStore();
  store.add(Uint8Array.of(1), 131_072);
  expect(store.capacity).toBeLessThanOrEqual(4096);
  store.add(new Uint8Array(100_000), 131_072);
  expect(store.capacity).toBeLessThanOrEqual(131_072);
  store.clear();
  expect([store.capacity, store.length]).toEqual([0, 0]);
});

test("more than was announced is a broken invariant", () => {
  const store = new BodyStore();
  expect(() => store.add(new Uint8Array(11), 10)).toThrow("more body than announced");
});
