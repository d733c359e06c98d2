import { beforeAll, describe, expect, it } from "vitest";
import type { Leak } from "./canary.js";
import { CanarySearch } from "./canary.js";
import { echoed, markedPerson, markedRequest } from "./canary-requests.js";
import { sinksOf } from "./canary-sinks.js";
import type { InProcess } from "./in-process.js";
import { startInProcess } from "./in-process.js";

const nowMs = Date.UTC(2026, 10, 23, 4);
const people = Array.from({ length: 12 }, (_, i) => markedPerson(i + 1, nowMs));
const kinds = 255;
const exchanges = ["openrtb26", "openrtb25", "onebid"] as const;

let bidder: InProcess;
let search: CanarySearch;
const answers = new Map<number, number>();
const outcomes = new Set<string>();
const leaks: Leak[] = [];

/** Which person a mark is of stands in front of its field. */
const owned = (person: number, field: string): string => `person ${person}: ${field}`;

beforeAll(async () => {
  bidder = await startInProcess({
    configFolder: "config/demo",
    now: nowMs,
    seed: 1,
    snapshot: {
      people: people.map(({ of }) => ({ idfa: of("device.ifa"), segments: ["interest.running"] })),
    },
  });
  for (const person of people) for (let kind = 0; kind < 17; kind++) markedRequest(person, kind);
  search = new CanarySearch(
    people.flatMap(({ marks }, i) =>
      marks.map(({ field, text }) => ({ field: owned(i, field), text })),
    ),
  );
  for (let kind = 0; kind < kinds; kind++) {
    for (const [i, person] of people.entries()) askMarked(i, markedRequest(person, kind), kind);
  }
}, 120_000);

/** Asks, and looks at once whether the answer holds anything but the request's own ids. */
function askMarked(i: number, body: Uint8Array, kind: number): void {
  const exchange = exchanges[kind % exchanges.length] ?? "openrtb26";
  const answer = bidder.ask(exchange, body);
  outcomes.add(answer.outcome);
  answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
  for (const leak of search.leaksIn({ name: `answer to kind ${kind}`, bytes: answer.body })) {
    const own =
      leak.field.startsWith(owned(i, "")) && echoed(leak.field.slice(owned(i, "").length));
    if (!own) leaks.push(leak);
  }
}

describe("marked identities in every field of thousands of requests", () => {
  it("are asked about, and answered with bids, silence and refusals", () => {
    expect(answers.get(200) ?? 0).toBeGreaterThan(people.length * kinds * 0.1);
    expect(answers.get(204) ?? 0).toBeGreaterThan(0);
    expect(answers.get(400) ?? 0).toBeGreaterThan(0);
    expect([...answers.keys()].sort((a, b) => a - b)).toEqual([200, 204, 400]);
  });

  it("never stand in an answer", () => {
    expect(leaks).toEqual([]);
  });

  it("never reach a log line, a metric, a record for the journal or shared memory", async () => {
    const sinks = await sinksOf(bidder, outcomes);
    expect(sinks.length).toBeGreaterThanOrEqual(5);
    for (const sink of sinks) {
      expect(sink.bytes.length, `${sink.name} is empty: nothing was searched`).toBeGreaterThan(0);
      expect(search.leaksIn(sink)).toEqual([]);
    }
  });
});
