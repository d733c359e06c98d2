import { describe, expect, it } from "vitest";
import type { Fixture } from "./fixtures.js";
import { readFixtures, worldFolder } from "./fixtures.js";
import { judge } from "./oracle/judge.js";
import { readFacts } from "./oracle/read-facts.js";
import type { WorldFacts } from "./oracle/world-facts.js";

const known = new Map<string, WorldFacts>();
function factsOf({ world, nowMs }: Fixture): WorldFacts {
  const place = `${world} ${nowMs}`;
  const facts = known.get(place) ?? readFacts(worldFolder(world), nowMs);
  known.set(place, facts);
  return facts;
}

const fixtures = [...readFixtures("exemplary"), ...readFixtures("hostile")];

describe("the fixtures and the oracle, written apart, agree", () => {
  it("there are at least 70 pairs, each with a description of its own", () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(70);
    const descriptions = new Set(fixtures.map(({ description }) => description));
    expect(descriptions.size).toBe(fixtures.length);
  });

  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
    const facts = factsOf(fixture);
    const exchange = facts.exchanges.find(({ name }) => name === fixture.exchange);
    if (exchange === undefined) throw new Error(`no exchange ${fixture.exchange}`);
    const person = { known: fixture.person !== undefined };
    const { verdict, reasons, statuses } = judge(fixture.body, exchange, facts, person);
    const wanted = fixture.expect.bids.length > 0 ? "must" : "may-not";
    if (verdict !== "may") expect(verdict, reasons.join("; ")).toBe(wanted);
    const silentForm = fixture.expect.status === 200 && fixture.expect.bids.length === 0;
    expect(statuses, reasons.join("; ")).toContain(silentForm ? 204 : fixture.expect.status);
  });

  it("leaves few of them undecided", () => {
    const undecided = fixtures.filter((fixture) => {
      const facts = factsOf(fixture);
      const exchange = facts.exchanges.find(({ name }) => name === fixture.exchange);
      if (exchange === undefined) return true;
      return judge(fixture.body, exchange, facts).verdict === "may";
    });
    expect(undecided.length).toBeLessThan(fixtures.length / 3);
  });
});
