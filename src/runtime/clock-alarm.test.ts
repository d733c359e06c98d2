import { expect, test } from "vitest";
import { watchClock } from "./clock-alarm.js";
import { CounterSums, ExchangeSlots, newCounters } from "./counters.js";
import { createMetrics } from "./metrics.js";
import type { MoneyTotals } from "./money-messages.js";

test("a clock that is not believed rings once a doubt, warns after a start, and is a metric", async () => {
  const clock = { aheadSec: 0, sinceStart: false };
  const totals = (): MoneyTotals => ({ clock, counts: { doubted: 3 } }) as unknown as MoneyTotals;
  const lines: unknown[] = [];
  const watch = watchClock(totals, {
    error: (fields: unknown) => void lines.push(["error", fields]),
    warn: (fields: unknown) => void lines.push(["warn", fields]),
  });
  try {
    const look = (aheadSec: number, sinceStart = false): void => {
      Object.assign(clock, { aheadSec, sinceStart });
      watch.look();
    };
    for (const aheadSec of [0, 9000, 9000, 0]) look(aheadSec);
    expect(lines).toEqual([["error", { aheadSec: 9000 }]]);
    look(7000, true);
    expect(lines[1]).toEqual(["warn", { aheadSec: 7000 }]);
    const metrics = await createMetrics({
      ...{ counters: new CounterSums([newCounters()]), slots: new ExchangeSlots() },
      ...{ generation: () => 1, epoch: () => 0, epochAgeSeconds: () => null },
      moneyClock: watch.facts,
    }).metrics();
    expect(metrics).toContain("\ncrowdbid_clock_doubted_seconds 7000\n");
    expect(metrics).toContain("\ncrowdbid_notices_doubted_total 3\n");
  } finally {
    watch.stop();
  }
});
