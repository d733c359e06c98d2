import { expect, test } from "vitest";
import { Cell, createSharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import { watchCaps } from "./cap-alarm.js";
import { CounterSums, ExchangeSlots, newCounters } from "./counters.js";
import { createMetrics } from "./metrics.js";
import type { MoneyTotals } from "./money-messages.js";

test("a full table of caps and a log that fails ring once each time, and are metrics", async () => {
  const sizes = { workers: 1, places: 1, slots: 1, capEntries: 2, ringRecords: 1 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  const exposures = { rows: 5, lost: 2, rulesHeld: 3, capsLost: 0, failure: "" };
  const totals = (): MoneyTotals => ({ exposures }) as unknown as MoneyTotals;
  const lines: unknown[] = [];
  const watch = watchCaps(state, totals, {
    error: (...args: unknown[]) => void lines.push(args[0]),
  });
  try {
    watch.look();
    expect(lines).toEqual([]);
    state.countIn(Cell.CAPS_FULL);
    state.countIn(Cell.CAPS_FULL);
    watch.look();
    watch.look();
    Object.assign(exposures, { failure: "no room", capsLost: 4 });
    watch.look();
    watch.look();
    expect(lines).toEqual([{ times: 2 }, { impressions: 4 }, { failure: "no room" }]);
    const metrics = await createMetrics({
      ...{ counters: new CounterSums([newCounters()]), slots: new ExchangeSlots() },
      funnel: { shown: (series) => (series === "exposures" ? 5 : 0) },
      ...{ generation: () => 1, epoch: () => 0, epochAgeSeconds: () => null, caps: watch.facts },
    }).metrics();
    for (const row of [
      "cap_table_full_total 2",
      "exposures_total 5",
      "exposures_lost_total 2",
      "cap_rules_held 3",
      "exposure_log_failed 1",
    ]) {
      expect(metrics).toContain(`\ncrowdbid_${row}\n`);
    }
  } finally {
    watch.stop();
  }
});
