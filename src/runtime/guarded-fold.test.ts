import { expect, test } from "vitest";
import { createSharedBuffers } from "../bid/shared-state.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { GuardedFold } from "./guarded-fold.js";
import type { MoneyFold } from "./money-fold.js";
import { MoneyLoop } from "./money-loop.js";

const methods = ["begin", "replay", "adopt", "step", "take", "durable", "close"] as const;
const plan = { generation: 1, campaigns: [], billsBy: [] };

/** Counts calls; throws in one method. */
function foldThatThrowsIn(broken: string): { fold: MoneyFold; calls: string[] } {
  const calls: string[] = [];
  const method = (name: string) => (): void => {
    calls.push(name);
    if (name === broken) throw new RangeError("too many");
  };
  return { calls, fold: Object.fromEntries(methods.map((name) => [name, method(name)])) };
}

/** The life of a money thread with an earlier boot in its journal. */
function live(fold: MoneyFold): FaultyFolder {
  const folder = new FaultyFolder();
  const sizes = { workers: 1, places: 4, slots: 64, capEntries: 16, ringRecords: 16 };
  const start = (folds: readonly MoneyFold[]): MoneyLoop =>
    new MoneyLoop({
      ...{ buffers: createSharedBuffers(sizes), folder, segmentBytesMax: 1e6, folds },
      ...{ nextBoot: (boot) => boot + 1, nowMs: () => 1_800_000_000_000, acknowledge: () => {} },
    });
  start([]).close();
  const loop = start([fold]);
  loop.adopt(plan);
  loop.step();
  loop.adopt({ ...plan, generation: 2 });
  loop.step();
  loop.close();
  expect(loop.failure).toBe("");
  return folder;
}

test.each(methods)(
  "a fold that throws in %s stops alone: the journal goes on to its end",
  (name) => {
    const { fold, calls } = foldThatThrowsIn(name);
    const told: string[] = [];
    const guarded = new GuardedFold(fold, {
      name: "learning",
      failClosed: () => told.push("closed"),
      onFailure: (one, failure) => told.push(`${one}: ${failure}`),
    });
    const folder = live(guarded);
    const kinds: number[] = [];
    scanJournal(folder, ({ kind }) => kinds.push(kind));
    expect(kinds).toEqual([
      ...[RecordKind.BOOT, RecordKind.CLOSE, RecordKind.BOOT, RecordKind.GENERATION],
      ...[RecordKind.LEASE, RecordKind.GENERATION, RecordKind.CLOSE],
    ]);
    expect(guarded.failure).toBe("RangeError: too many");
    expect(told).toEqual(["closed", "learning: RangeError: too many"]);
    // Once, then nothing more is asked of it but to close.
    expect(calls.slice(calls.indexOf(name))).toEqual(
      name === "close" ? ["close"] : [name, "close"],
    );
  },
);

test("a fold that does not throw hears all that it would hear without a guard", () => {
  const [bare, guarded] = [foldThatThrowsIn(""), foldThatThrowsIn("")];
  live(bare.fold);
  live(new GuardedFold(guarded.fold, { name: "wins" }));
  expect(guarded.calls).toEqual(bare.calls);
  expect(new Set(bare.calls)).toEqual(new Set(methods));
});
