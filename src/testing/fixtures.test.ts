import { beforeAll, describe, expect, it } from "vitest";
import type { Fixture } from "./fixtures.js";
import { peopleOf, readFixtures, seenIn, wantedOf, worldFolder } from "./fixtures.js";
import type { InProcess } from "./in-process.js";
import { startInProcess } from "./in-process.js";
import { answerFaults } from "./oracle/answer-checks.js";
import { isPlain, parsed, textAt } from "./oracle/plain.js";
import { readFacts } from "./oracle/read-facts.js";
import type { WorldFacts } from "./oracle/world-facts.js";

const exemplary = readFixtures("exemplary");
const hostile = readFixtures("hostile");
const all = [...exemplary, ...hostile];
const running = new Map<string, InProcess>();
const factsAt = new Map<string, WorldFacts>();
const placeOf = ({ world, nowMs }: Fixture): string => `${world} ${nowMs}`;

beforeAll(async () => {
  for (const fixture of all) {
    const place = placeOf(fixture);
    if (running.has(place)) continue;
    const bidder = await startInProcess({
      configFolder: worldFolder(fixture.world),
      now: fixture.nowMs,
      seed: 1,
      snapshot: { people: peopleOf(all, fixture.world) },
    });
    running.set(place, bidder);
    factsAt.set(place, readFacts(worldFolder(fixture.world), fixture.nowMs));
  }
});

function check(fixture: Fixture): void {
  const { expect: wanted, exchange } = fixture;
  const bidder = running.get(placeOf(fixture));
  const facts = factsAt.get(placeOf(fixture));
  if (bidder === undefined || facts === undefined) throw new Error(`no bidder: ${fixture.world}`);
  const answer = bidder.ask(exchange, fixture.body);
  const creatives = facts.book.creatives.map(({ id }): number => id);
  expect.soft(answer.status, `status; outcome ${answer.outcome}`).toBe(wanted.status);
  expect.soft(seenIn(answer.body, wanted, creatives)).toEqual(wantedOf(wanted));
  if (wanted.cur !== undefined) {
    expect.soft(textAt(parsed(answer.body)?.value, "cur")).toBe(wanted.cur);
  }
  if (wanted.noBidReason !== undefined) expect.soft(answer.outcome).toBe(wanted.noBidReason);
  const request = parsed(fixture.body)?.value;
  const place = facts.exchanges.find(({ name }) => name === exchange);
  if (wanted.bids.length > 0 && isPlain(request) && place !== undefined) {
    expect.soft(answerFaults(request, answer.body, place, facts)).toEqual([]);
  }
}

describe("exemplary requests", () => {
  it.each(exemplary.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
    check(fixture);
  });
});

describe("hostile requests", () => {
  it.each(hostile.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
    check(fixture);
  });
});
