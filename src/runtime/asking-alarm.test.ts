import { expect, test } from "vitest";
import { SipKey } from "../base/hash.js";
import type { UnixMs } from "../base/units.js";
import {
  askingEpsilon,
  askingExcessMin,
  askingNoise,
  askingRules,
  watchAsking,
} from "./asking-alarm.js";
import { AskingNote, CounterSums, ExchangeSlots, newCounters, WorkerCounters } from "./counters.js";
import { funnelTickMs } from "./funnel.js";
import { createMetrics } from "./metrics.js";

const morning = Date.UTC(2026, 10, 26, 9);

function setUp(keyWord = 1) {
  const buffer = newCounters();
  const worker = new WorkerCounters(buffer);
  const slots = new ExchangeSlots();
  worker.useSlots(slots.slotsFor([{ id: 4, name: "openrtb26" }]));
  const counters = new CounterSums([buffer]);
  const logged: object[] = [];
  const log = { error: (fields: object) => void logged.push(fields) };
  let nowMs = morning;
  const watch = watchAsking({
    ...{ counters, slots, log: log as never, state: { cell: () => 3 } },
    key: new SipKey(keyWord, 2, 3, 4),
    clock: { nowMs: () => nowMs as UnixMs },
  });
  const registry = createMetrics({
    ...{ counters, slots, generation: () => 1, epoch: () => 1, epochAgeSeconds: () => 1 },
    ...{ asking: watch.alarms, ghostsLost: watch.ghostsLost },
  });
  const ask = (people: number, note: AskingNote | null): void => {
    for (let i = 0; i < people; i++) {
      worker.asking(0, AskingNote.KNOWN);
      if (note !== null) worker.asking(0, note);
    }
  };
  const look = (ticks = 1): void => {
    nowMs += ticks * funnelTickMs;
    watch.look();
  };
  return { watch, logged, ask, look, scrape: () => registry.metrics() };
}

/** More than the noise can hide. */
const surely = askingExcessMin + 2 * (askingNoise().ofDay.margin + askingNoise().ofLook.margin);

test.each(askingRules)(
  "an exchange of $kind people raises the alarm until the day is over",
  async ({ kind, note, permilleMin }) => {
    const { watch, logged, ask, look, scrape } = setUp();
    const noted = Math.ceil(surely / (1 - permilleMin / 1000)) + 1;
    ask(noted, note);
    look();
    expect(logged).toEqual([{ exchange: "openrtb26", kind }]);
    const line = `crowdbid_asking_alarm{exchange="openrtb26",kind="${kind}"} 1\n`;
    expect(await scrape()).toContain(line);
    ask(100_000, null);
    look();
    expect([logged.length, await scrape()]).toEqual([1, expect.stringContaining(line)]);
    look(4 * 24);
    expect([logged.length, watch.alarms()]).toEqual([1, []]);
    // What is within the allowed part of the next day's people raises nothing.
    ask(permilleMin * 100, note);
    ask((1000 - permilleMin) * 100, null);
    look();
    expect([logged.length, watch.alarms()]).toEqual([1, []]);
    watch.stop();
  },
);

test("few people raise nothing, and no number of them is shown", async () => {
  const { watch, logged, ask, look, scrape } = setUp();
  ask(499, AskingNote.MIXED);
  const before = await scrape();
  look();
  ask(1, AskingNote.CAPPED);
  expect(logged).toEqual([]);
  const ours = (text: string) =>
    text.split("\n").filter((line) => /asking|requests_tot/.test(line));
  expect(ours(await scrape())).toEqual(ours(before));
  expect(before).toContain("crowdbid_ghosts_lost_total 3\n");
  watch.stop();
});

test("whether one person more is known moves the flag's chance by e^epsilon at most", () => {
  // Exactly, over all draws of both noises: the chance that a look rings at each excess.
  const { ofDay, ofLook } = askingNoise();
  const tail = new Map<number, number>();
  let sum = 0;
  for (let z = ofLook.margin; z >= -ofLook.margin; z--) {
    sum += ofLook.probability(z);
    tail.set(z, sum);
  }
  const rings = (excess: number): number => {
    let chance = 0;
    for (let t = -ofDay.margin; t <= ofDay.margin; t++) {
      const need = askingExcessMin + t - excess;
      const one = need > ofLook.margin ? 0 : (tail.get(Math.max(need, -ofLook.margin)) ?? 0);
      chance += ofDay.probability(t) * one;
    }
    return chance;
  };
  let worst = 0;
  for (let excess = 0; excess < 2 * askingExcessMin; excess += 7) {
    const [without, withOne] = [rings(excess), rings(excess + 1)];
    worst = Math.max(worst, withOne - without * Math.exp(askingEpsilon));
    worst = Math.max(worst, 1 - without - (1 - withOne) * Math.exp(askingEpsilon));
  }
  expect(worst).toBeLessThan(1e-9);
  expect([rings(0), rings(askingExcessMin) > 0.49]).toEqual([0, true]);
  expect(rings(surely)).toBeCloseTo(1, 9);
});

test("the excess that rings is another for each key and day", () => {
  const rungAt = (keyWord: number, days: number): boolean => {
    const { watch, ask, look } = setUp(keyWord);
    look(4 * 24 * days);
    ask(Math.ceil(askingExcessMin / 0.99), AskingNote.CAPPED);
    look();
    watch.stop();
    return watch.alarms().length > 0;
  };
  const byKey = Array.from({ length: 12 }, (_, i) => rungAt(i, 1));
  const byDay = Array.from({ length: 12 }, (_, i) => rungAt(1, i + 1));
  expect([new Set(byKey).size, new Set(byDay).size]).toEqual([2, 2]);
});
