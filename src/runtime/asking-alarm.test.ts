import { expect, test } from "vitest";
import { watchAsking } from "./asking-alarm.js";
import { AskingNote, CounterSums, ExchangeSlots, newCounters, WorkerCounters } from "./counters.js";
import { createMetrics } from "./metrics.js";

function setUp() {
  const buffer = newCounters();
  const worker = new WorkerCounters(buffer);
  const slots = new ExchangeSlots();
  worker.useSlots(slots.slotsFor([{ id: 4, name: "openrtb26" }]));
  const counters = new CounterSums([buffer]);
  const logged: object[] = [];
  const log = { error: (fields: object) => void logged.push(fields) };
  const watch = watchAsking({ counters, slots, log: log as never, state: { cell: () => 3 } });
  const registry = createMetrics({
    ...{ counters, slots, generation: () => 1, epoch: () => 1, epochAgeSeconds: () => 1 },
    ...{ asking: watch.alarms, ghostsLost: watch.ghostsLost },
  });
  const ask = (requests: number, note: AskingNote | null): void => {
    for (let i = 0; i < requests; i++) {
      worker.asking(0, AskingNote.KNOWN);
      if (note !== null) worker.asking(0, note);
    }
  };
  return { watch, logged, ask, scrape: () => registry.metrics() };
}

test.each([
  ["capped", AskingNote.CAPPED, 5],
  ["repeated", AskingNote.REPEATED, 5],
  ["mixed", AskingNote.MIXED, 25],
] as const)(
  "an exchange of %s requests raises the alarm, and it ends",
  async (kind, note, share) => {
    const { watch, logged, ask, scrape } = setUp();
    ask(10 * share, note);
    ask(1000 - 10 * share, null);
    watch.look();
    expect(logged).toEqual([{ exchange: "openrtb26", kind }]);
    expect(await scrape()).toContain(
      `crowdbid_asking_alarm{exchange="openrtb26",kind="${kind}"} 1\n`,
    );
    ask(10 * share - 10, note);
    ask(1010 - 10 * share, null);
    watch.look();
    expect([logged.length, watch.alarms()]).toEqual([1, []]);
    expect(await scrape()).not.toContain("asking_alarm{");
    watch.stop();
  },
);

test("few requests raise nothing, and no number of them is shown", async () => {
  const { watch, logged, ask, scrape } = setUp();
  ask(499, AskingNote.MIXED);
  const before = await scrape();
  watch.look();
  ask(1, AskingNote.CAPPED);
  expect(logged).toEqual([]);
  const ours = (text: string) =>
    text.split("\n").filter((line) => /asking|requests_tot/.test(line));
  expect(ours(await scrape())).toEqual(ours(before));
  expect(before).toContain("crowdbid_ghosts_lost_total 3\n");
  watch.stop();
});
