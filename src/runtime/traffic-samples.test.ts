import { expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import {
  CounterSums,
  ExchangeSlots,
  NoticeResult,
  newCounters,
  WorkerCounters,
} from "./counters.js";
import { TrafficSamples } from "./traffic-samples.js";

function started() {
  const buffer = newCounters();
  const worker = new WorkerCounters(buffer);
  const slots = new ExchangeSlots();
  worker.useSlots(slots.slotsFor([{ id: 7, name: "seven" }]));
  const clock = { ms: 1_800_000_000_000 };
  const samples = new TrafficSamples(new CounterSums([buffer]), slots, () => clock.ms);
  const minute = (): void => {
    clock.ms += 60_000;
    samples.look();
  };
  return { worker, samples, clock, minute };
}

test("errors are counted by exchange and kind, and those of an hour ago are over", () => {
  const { worker, samples, minute } = started();
  worker.request(0);
  worker.noBid(0, Outcome.DEADLINE);
  worker.unreadable(0);
  worker.refused(401);
  worker.notice(NoticeKind.WIN, NoticeResult.FORGED);
  const counts = () => {
    const { errors } = samples.of(7);
    return errors
      .filter(({ sinceStart }) => sinceStart > 0)
      .map(({ kind, lastHour, sinceStart }) => [kind, lastHour, sinceStart]);
  };
  const kinds = [
    ...["too late to answer", "400 body cannot be read", "401 without its credential (all)"],
    "notices that are not ours (all)",
  ];
  expect(counts()).toEqual(kinds.map((kind) => [kind, 1, 1]));
  for (let i = 0; i < 59; i++) minute();
  expect(counts()).toEqual(kinds.map((kind) => [kind, 1, 1]));
  for (let i = 0; i < 3; i++) minute();
  expect(counts()).toEqual(kinds.map((kind) => [kind, 0, 1]));
  expect(samples.of(7).requests).toBe(1);
  expect(samples.of(8).requests).toBe(0);
  samples.stop();
});

test("a minute's latency is told where it is of many requests, and hours stay behind minutes", () => {
  const { worker, samples, minute } = started();
  for (let i = 0; i < 99; i++) worker.latency(10);
  minute();
  expect(samples.latency()).toMatchObject([{ requests: 99, p50Us: null, p99Us: null }]);
  for (let i = 0; i < 98; i++) worker.latency(10);
  for (let i = 0; i < 2; i++) worker.latency(4000);
  minute();
  expect(samples.latency()[1]).toMatchObject({ requests: 100, p50Us: 11 });
  expect(samples.latency()[1]?.p99Us).toBeGreaterThan(4000);
  for (let i = 0; i < 8 * 60; i++) minute();
  const points = samples.latency();
  expect(points.length).toBeGreaterThanOrEqual(361);
  expect(points.map(({ atMs }) => atMs)).toEqual(
    points.map(({ atMs }) => atMs).sort((a, b) => a - b),
  );
  expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(199);
  samples.stop();
});
