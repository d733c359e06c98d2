import { beforeAll, describe, expect, test } from "vitest";
import { personAnswersMax, repeatedAsksAt } from "../base/limits.js";
import { RingReader } from "../base/ring.js";
import { isControl, isHeldOut } from "../bid/asking.js";
import { Identified } from "../bid/identify.js";
import { RingKind } from "../journal/record.js";
import { ghostBid } from "../journal/ring-entry.js";
import { AskingNote } from "../runtime/counters.js";
import { type AskingWorld, askingWorld, siteOf, siteOfAll } from "./asking-world.js";
import { testAsking } from "./in-process.js";

const nowMs = Date.UTC(2026, 10, 26, 23, 50);
const day = Math.floor(nowMs / 86_400_000);
const otherExchange = "openrtb25";
const audiences = 12;
const all = Array.from({ length: audiences }, (_, i) => i);
/** Person n has ordinal n + 1; all in every segment but the last one. */
const people = [...Array.from({ length: 60 }, () => all), []];
const stranger = people.length - 1;

let limited: AskingWorld;
let open: AskingWorld;
const holdOutKey = testAsking({ asks: null as never }).holdOutKey;
const held = (person: number, audience: number): boolean =>
  isControl(holdOutKey, person + 1, audience + 1);
const answering = (world: AskingWorld, person: number): number[] =>
  all.filter((i) => world.isIn(person, i));

beforeAll(async () => {
  limited = await askingWorld({ audiences, people, nowMs, day });
  open = await askingWorld({ audiences, people, nowMs });
});

describe("of an agency's twelve audiences", () => {
  test("at most five answer for a person a day, and every one of them for somebody", () => {
    const lists = people.slice(0, 40).map((_, person) => answering(limited, person));
    expect(Math.max(...lists.map((list) => list.length))).toBe(5);
    expect(new Set(lists.flat())).toEqual(new Set(all));
    const again = people.slice(0, 40).map((_, person) => answering(limited, person));
    expect(again).toEqual(lists);
  });

  test("all answer where there is no rule, but for the control groups", () => {
    for (let person = 0; person < 40; person++) {
      expect(answering(open, person)).toEqual(all.filter((i) => !held(person, i)));
    }
  });

  test("another exchange gets the same five, another day others", async () => {
    const tomorrow = await askingWorld({ audiences, people, nowMs, day: day + 1 });
    const some = people.slice(0, 20);
    const own = some.map((_, person) => answering(limited, person).join());
    const elsewhere = some.map((_, person) =>
      all.filter((i) => limited.isIn(person, i, otherExchange)).join(),
    );
    expect(elsewhere).toEqual(own);
    expect(own.filter((list) => list === "").length).toBeLessThan(3);
    const others = people.slice(0, 20).map((_, person) => answering(tomorrow, person).join());
    expect(others.filter((list, i) => list === own[i]).length).toBeLessThan(10);
  });
});

describe("answers by a person's groups", () => {
  test("end after 200 a day at an exchange, test requests counted; the next day they go on", () => {
    const person = all.length + 30;
    const site = siteOf(all.find((i) => open.isIn(person, i))!);
    let answers = 1;
    for (let i = 0; i < 2 * personAnswersMax; i++) {
      if (open.askAbout(person, site, { test: i % 2 }) !== "") answers++;
    }
    expect(answers).toBeGreaterThan(personAnswersMax - 20);
    expect(answers).toBeLessThanOrEqual(personAnswersMax);
    expect([open.askAbout(person, site), open.bidder.outcome]).toEqual(["", 48]);
    expect(open.askAbout(person, siteOfAll)).not.toBe("");
    open.clock.advance(20 * 60_000);
    expect(open.askAbout(person, site)).not.toBe("");
  });
});

test("creative and price are the request's: the same for everybody in the audience", () => {
  const crids = new Set<string>();
  for (let n = 0; n < 6; n++) {
    const answers = people.slice(0, 30).flatMap((_, person) => {
      if (held(person, 2)) return [];
      const body = open.askAbout(person, siteOf(2), { id: `request-${n}`, test: 1 });
      const [, price] = /"price":([\d.]+)/.exec(body) ?? [];
      const [, crid] = /"crid":"(\w+)"/.exec(body) ?? [];
      crids.add(crid ?? "");
      return [`${price} ${crid}`];
    });
    expect([new Set(answers).size, answers.length > 20]).toEqual([1, true]);
    expect(answers[0]).toMatch(/^[\d.]+ \w{4,}$/);
  }
  expect(crids.size).toBe(2);
});

test("the alarm on probing counts a person once a day, however often somebody asks", () => {
  const { counters, slots } = open;
  const slot = [...slots.entries()].find(([, name]) => name === otherExchange)?.[0] ?? -1;
  const notes = [AskingNote.KNOWN, AskingNote.CAPPED, AskingNote.REPEATED, AskingNote.MIXED];
  const counted = (): number[] => notes.map((note) => counters.asking(slot, note));
  const before = counted();
  const person = 45;
  const site = siteOf(all.find((i) => !held(person, i))!);
  for (let i = 0; i < repeatedAsksAt + 500; i++) {
    open.askAbout(person, site, { exchange: otherExchange });
    open.askAbout(stranger + 1, site, { exchange: otherExchange });
  }
  expect(counted().map((count, i) => count - before[i]!)).toEqual([1, 1, 1, 0]);
});

describe("a control group", () => {
  const pairs = people.flatMap((own, person) =>
    own.filter((i) => held(person, i)).map((audience) => ({ person, audience })),
  );

  test("is two in a hundred", () => {
    let members = 0;
    for (let ordinal = 1; ordinal <= 50_000; ordinal++) {
      if (isControl(holdOutKey, ordinal, 3)) members++;
    }
    expect(members / 50_000).toBeCloseTo(0.02, 2);
  });

  test("is the campaign's: all of its line items leave out the same people", () => {
    const { table } = open.bidder.decision;
    const inOne = { ...table, lineItemCampaign: table.lineItemCampaign.slice().fill(77) };
    let members = 0;
    for (let ordinal = 1; ordinal <= 1000; ordinal++) {
      const person = Object.assign(new Identified(), { ordinal });
      const decision = { ...open.bidder.decision, table: inOne, known: 1, person };
      const left = all.filter((lineItem) => isHeldOut(decision, lineItem));
      expect(left).toEqual(isControl(holdOutKey, ordinal, 77) ? all : []);
      members += left.length / all.length;
    }
    expect(members).toBeGreaterThan(5);
  });

  test("is not bid for, leaves a ghost and nothing else, and still sees what is for everybody", () => {
    const [{ person, audience } = { person: 0, audience: 0 }] = pairs;
    const reader = new RingReader(open.ring);
    const before = reader.published();
    const left = open.state.allowances.slice();
    const flow = open.state.flow.slice();
    open.askAbout(person, siteOf(audience), { test: 1 });
    expect(reader.published()).toBe(before);
    expect(open.askAbout(person, siteOf(audience))).toBe("");
    expect(open.bidder.outcome).toBe(48);
    expect(open.state.allowances).toEqual(left);
    expect(open.state.flow).toEqual(flow);
    const ghosts = [];
    for (let at = before; at !== reader.published(); at++) {
      const offset = reader.offsetOf(at);
      if (reader.view.getUint8(offset) === RingKind.GHOST) ghosts.push(ghostBid(reader, offset));
    }
    const country = ghosts[0]?.country;
    expect(ghosts).toEqual([{ lineItem: audience + 1, ordinal: person + 1, country }]);
    expect(open.askAbout(person, siteOfAll)).not.toBe("");
  });

  test("leaves no ghost where nobody would have been bid for", () => {
    const [{ person, audience } = { person: 0, audience: 0 }] = pairs;
    const reader = new RingReader(open.ring);
    const ask = (): number => {
      const before = reader.published();
      open.askAbout(person, siteOf(audience));
      return reader.published() - before;
    };
    expect(ask()).toBe(1);
    const place = open.bidder.decision.table.lineItemAllowance[audience]!;
    open.state.skips[place] = 2 ** 32 - 1;
    expect(ask()).toBe(0);
    open.state.skips[place] = 0;
    const left = open.state.allowances[place]!;
    open.state.allowances[place] = 1n;
    expect(ask()).toBe(0);
    open.state.allowances[place] = left;
    // A ring that is half full is for notices and cells.
    let more = 0;
    for (let i = 0; i < 1000; i++) more += ask();
    expect(more).toBeLessThanOrEqual(512);
    expect(open.state.cell(6)).toBeGreaterThan(400);
  });

  test("is nobody who is not in the audience", () => {
    expect(answering(open, stranger)).toEqual([]);
  });
});

test("which creative is shown never depends on how long somebody's identifiers are", () => {
  const creatives = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const shown = ["", "u", "a-much-longer-identifier"].map((userId) => {
      const answer = open.askAbout(stranger, siteOfAll, { id: `request-${i}`, userId });
      return /"crid":"(\w+)"/.exec(answer)?.[1] ?? "none";
    });
    expect(new Set(shown).size).toBe(1);
    creatives.add(shown[0]!);
  }
  expect(creatives.size).toBe(2);
});
