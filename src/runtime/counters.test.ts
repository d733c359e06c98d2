import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import {
  CounterSums,
  ExchangeSlots,
  exchangeSlotsMax,
  NoticeResult,
  newCounters,
  refusalStatuses,
  Single,
  WorkerCounters,
} from "./counters.js";

function twoWorkers() {
  const buffers = [newCounters(), newCounters()];
  const workers = buffers.map((buffer) => new WorkerCounters(buffer));
  return { workers: workers as [WorkerCounters, WorkerCounters], sums: new CounterSums(buffers) };
}

test("what two workers count is read as one sum, by exchange and outcome", () => {
  const { workers, sums } = twoWorkers();
  const [first, second] = workers;
  for (const worker of workers) worker.useSlots(Uint8Array.of(3, 7));
  first.request(0);
  first.request(1);
  second.request(1);
  second.bids(1, 2);
  first.noBid(0, Outcome.CAPPED);
  expect([sums.requests(3), sums.requests(7), sums.requests(0)]).toEqual([1, 2, 0]);
  expect([sums.bids(3), sums.bids(7)]).toEqual([0, 2]);
  expect(sums.noBids(3, Outcome.CAPPED)).toBe(1);
  expect(sums.noBids(3, Outcome.AUDIENCE)).toBe(0);
});

test("no two counters share a place", () => {
  const { workers, sums } = twoWorkers();
  const [worker] = workers;
  worker.useSlots(Uint8Array.of(exchangeSlotsMax - 1));
  for (const kind of Object.values(NoticeKind)) {
    for (const result of Object.values(NoticeResult)) worker.notice(kind, result);
  }
  for (const status of [...refusalStatuses, 500, 503]) worker.refused(status);
  for (const single of Object.values(Single)) worker.add(single);
  for (const outcome of Object.values(Outcome)) worker.noBid(0, outcome);
  worker.request(0);
  worker.bids(0, 1);
  for (const durationUs of [0, 20, 1e9]) worker.latency(durationUs);
  for (const kind of Object.values(NoticeKind)) {
    for (const result of Object.values(NoticeResult)) expect(sums.notices(kind, result)).toBe(1);
  }
  for (const place of refusalStatuses.keys()) expect(sums.refusals(place)).toBe(1);
  expect(sums.refusals(refusalStatuses.length)).toBe(2);
  for (const single of Object.values(Single)) expect(sums.single(single)).toBe(1);
  for (const outcome of Object.values(Outcome)) {
    expect(sums.noBids(exchangeSlotsMax - 1, outcome)).toBe(1);
  }
  expect(sums.requests(exchangeSlotsMax - 1)).toBe(1);
  expect(sums.bids(exchangeSlotsMax - 1)).toBe(1);
  expect(sums.latencyCounts().reduce((sum, count) => sum + count)).toBe(3);
  expect(sums.latencySumUs()).toBe(1e9 + 20);
});

test("an exchange keeps its slot when a reload changes its place and its name", () => {
  const slots = new ExchangeSlots();
  expect([
    ...slots.slotsFor([
      { id: 5, name: "a" },
      { id: 9, name: "b" },
    ]),
  ]).toEqual([1, 2]);
  expect([
    ...slots.slotsFor([
      { id: 9, name: "b2" },
      { id: 2, name: "c" },
    ]),
  ]).toEqual([2, 3]);
  expect([...slots.entries()].map(([, name]) => name)).toEqual(["other", "a", "b2", "c"]);
});

test("exchanges beyond the slots share the first", () => {
  const slots = new ExchangeSlots();
  const many = Array.from({ length: 200 }, (_, id) => ({ id: id + 1, name: `x${id}` }));
  const given = slots.slotsFor(many);
  expect(given[exchangeSlotsMax - 2]).toBe(exchangeSlotsMax - 1);
  expect(given[exchangeSlotsMax - 1]).toBe(0);
});
