import { setTimeout as delay } from "node:timers/promises";
import { LoadClient } from "./load-client.js";
import { record } from "./record.js";
import type { Scenario, ScenarioWorld } from "./scenarios/scenario.js";
import type { ServerFacts } from "./server-tasks.js";
import { Stand } from "./stand.js";

type Say = (line: string) => void;

export type MemorySize = {
  readonly world: ScenarioWorld;
  readonly minutes: number;
  readonly samples: number;
  readonly rate: number;
  readonly bodies: number;
  readonly workers: number;
  readonly keeps: boolean;
};

const heapBytesMax = 200e6;
/** Of the least heap in a third of the time over the third before: the first one is warm-up. */
const growthMax = 1.1;

/**
 * Resident memory, used heap a worker and its pauses for garbage under a steady load. True: the
 * heap stays within its limit and does not grow.
 */
export function printMemory(scenario: Scenario, size: MemorySize, say: Say): Promise<boolean> {
  const { world, minutes, samples, rate, bodies, workers, keeps } = size;
  const { people } = world;
  const options = { world, references: [], pinned: false, probed: true, workers };
  return Stand.with(options, async (stand) => {
    const { workload, connections, name } = scenario;
    const { port } = stand.ours;
    const client = await LoadClient.start({ port, workload, connections, people, bodies, rate });
    try {
      say(`\n${name} at ${rate}/s for ${minutes} min, ${workers} workers, ${people} people`);
      say("   sec  resident MB  heap a worker MB  pauses minor/major  longest ms  errors");
      const startedMs = performance.now();
      const seen: ServerFacts[] = [];
      let lost = 0;
      for (let i = 0; i < samples; i++) {
        const { figures } = await client.during(delay((60_000 * minutes) / samples));
        const facts = await stand.task({ task: "garbage" });
        seen.push(facts);
        lost += figures.errors;
        const sec = (performance.now() - startedMs) / 1000;
        say(lineOf(sec, facts, figures.errors));
        const row = { scenario: name, sec, minutes, rate, workers, ...facts, ...figures };
        record("memory", row, keeps ? undefined : null);
      }
      return isSteady(seen, say) && lost === 0;
    } finally {
      await client.end();
    }
  });
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

function lineOf(sec: number, { residentBytes, heapBytes, garbage }: ServerFacts, errors: number) {
  const pauses = garbage.map(({ minor, major }) => `${minor}/${major}`).join(" ");
  const longest = Math.max(0, ...garbage.map(({ longestMs }) => longestMs));
  const cells = [sec.toFixed(0).padStart(6), mb(residentBytes).padStart(12)];
  cells.push(heapBytes.map(mb).join(" ").padStart(17), pauses.padStart(19));
  return [...cells, longest.toFixed(2).padStart(11), String(errors).padStart(7)].join(" ");
}

function isSteady(seen: readonly ServerFacts[], say: Say): boolean {
  const heaps = seen.map(({ heapBytes }) => Math.max(...heapBytes));
  const third = Math.max(1, Math.floor(heaps.length / 3));
  const least = (from: number): number => Math.min(...heaps.slice(from, from + third));
  const growth = least(heaps.length - third) / least(Math.max(0, heaps.length - 2 * third));
  const most = Math.max(...heaps);
  const pauses = seen.flatMap(({ garbage }) => garbage);
  const longest = Math.max(0, ...pauses.map(({ longestMs }) => longestMs));
  const total = pauses.reduce((sum, { totalMs }) => sum + totalMs, 0);
  const resident = seen.map(({ residentBytes }) => residentBytes);
  say(
    `heap a worker: most ${mb(most)} MB (<= ${mb(heapBytesMax)}), last third over the one before ` +
      `${growth.toFixed(3)} (<= ${growthMax}); resident ${mb(resident[0] ?? 0)} to ` +
      `${mb(resident.at(-1) ?? 0)} MB`,
  );
  say(`pauses for garbage: longest ${longest.toFixed(2)} ms, ${total.toFixed(0)} ms in all`);
  return most <= heapBytesMax && growth <= growthMax;
}
