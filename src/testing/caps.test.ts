import { expect, test } from "vitest";
import { Hash64 } from "../base/hash.js";
import { capCommit, capKeyInto, capReserve } from "../bid/cap.js";
import { holdCapRule, openCapRule } from "../bid/cap-rule.js";
import { Cell, type SharedState } from "../bid/shared-state.js";
import type { CampaignBook, FrequencyCap } from "../campaign/model.js";
import { peopleOf, readFixtures, worldFolder } from "./fixtures.js";
import { startInProcess } from "./in-process.js";

const fixtures = readFixtures("exemplary");
const fixture = fixtures.find(({ name }) => name === "exemplary/capped-person")!;
const hourSec = 3600;

type Caps = {
  readonly lineItem?: readonly FrequencyCap[];
  readonly campaign?: readonly FrequencyCap[];
  readonly advertiser?: readonly FrequencyCap[];
};

/** The world of the rules with other caps, and its clock. */
function start(caps: Caps, merges: readonly number[] = []) {
  const withCaps = (book: CampaignBook): CampaignBook => ({
    ...book,
    lineItems: book.lineItems.map((one) => ({ ...one, frequency: caps.lineItem ?? [] })),
    campaigns: book.campaigns.map((one) => ({ ...one, frequency: caps.campaign ?? [] })),
    advertisers: book.advertisers.map((one) => ({ ...one, frequency: caps.advertiser ?? [] })),
  });
  return startInProcess({
    configFolder: worldFolder("rules"),
    now: fixture.nowMs,
    seed: 1,
    snapshot: { people: peopleOf(fixtures, "rules"), merges },
    reading: (reading) => ({
      ...reading,
      config: reading.config && { ...reading.config, book: withCaps(reading.config.book) },
    }),
  });
}

const text = new TextDecoder().decode(fixture.body);
const bodyOf = (from: string, to: string): Uint8Array => {
  if (!text.includes(from)) throw new Error(`the request has no ${from}`);
  return new TextEncoder().encode(text.replaceAll(from, to));
};
const elsewhere = bodyOf("capped.rules", "cappedopen.rules");
const strangers = bodyOf("6D92078A", "11111111");
const bidsIn = (body: Uint8Array): number =>
  body.length === 0 ? 0 : (new TextDecoder().decode(body).match(/"impid"/g) ?? []).length;

test("a line item's caps are its own, a campaign's and an advertiser's are shared", async () => {
  for (const level of ["lineItem", "campaign", "advertiser"] as const) {
    const { ask } = await start({ [level]: [{ impressions: 1, windowSec: hourSec }] });
    expect(ask(fixture.exchange, fixture.body).status).toBe(200);
    expect(ask(fixture.exchange, fixture.body).outcome).toBe("person");
    expect(ask(fixture.exchange, elsewhere).status, level).toBe(level === "lineItem" ? 200 : 204);
    expect(ask(fixture.exchange, strangers).status).toBe(200);
  }
});

test("every window holds, and a bid that one refuses leaves nothing with the others", async () => {
  const { ask, state } = await start({
    lineItem: [
      { impressions: 5, windowSec: 7 * 24 * hourSec },
      { impressions: 2, windowSec: hourSec },
    ],
  });
  const pending = (): number => {
    let sum = 0;
    for (let word = 2; word < state.caps.length; word += 8) sum += state.caps[word]! & 0xffff;
    return sum;
  };
  for (const expected of [2, 4]) {
    expect(ask(fixture.exchange, fixture.body).status).toBe(200);
    expect(pending()).toBe(expected);
  }
  const before = state.allowances.reduce((sum, nanos) => sum + nanos, 0n);
  expect(ask(fixture.exchange, fixture.body).status).toBe(204);
  expect(pending()).toBe(4);
  expect(state.allowances.reduce((sum, nanos) => sum + nanos, 0n)).toBe(before);
});

test("imps of one request count together", async () => {
  const imp = '{"id":"1","banner":{"w":300,"h":250}}';
  const imps = [1, 2, 3, 4].map((n) => imp.replace('"1"', `"${n}"`)).join(",");
  const many = bodyOf(imp, imps);
  for (const level of ["lineItem", "campaign", "advertiser"] as const) {
    const { ask } = await start({ [level]: [{ impressions: 3, windowSec: hourSec }] });
    expect(bidsIn(ask(fixture.exchange, many).body)).toBe(3);
    expect(ask(fixture.exchange, fixture.body).status).toBe(204);
  }
});

test("a held rule bids for nobody, an opened one not yet for strangers", async () => {
  const { ask, state, clock } = await start({ campaign: [{ impressions: 9, windowSec: hourSec }] });
  const rule = 0;
  holdCapRule(state, rule);
  expect(ask(fixture.exchange, fixture.body).outcome).toBe("person");
  expect(ask(fixture.exchange, strangers).outcome).toBe("person");
  const nowSec = Math.floor(clock.nowMs() / 1000);
  openCapRule(state, rule, nowSec + 10);
  expect(ask(fixture.exchange, fixture.body).status).toBe(200);
  expect(ask(fixture.exchange, strangers).outcome).toBe("person");
  openCapRule(state, rule, nowSec);
  expect(ask(fixture.exchange, strangers).status).toBe(200);
});

test("a full table of caps bids for capped line items no more, and counts how often", async () => {
  const { ask, state } = await start({ advertiser: [{ impressions: 9, windowSec: hourSec }] });
  // Each place is a stranger's, with one impression pending.
  for (let word = 2; word < state.caps.length; word += 8) state.caps[word] = 0x1_0001;
  const before = [...state.caps];
  expect(ask(fixture.exchange, fixture.body).outcome).toBe("person");
  expect(state.cell(Cell.CAPS_FULL)).toBeGreaterThan(0);
  expect([...state.caps]).toEqual(before);
});

test("impressions of whoever went into a person count for them, pending or billed", async () => {
  const people = peopleOf(fixtures, "rules");
  const ordinal = 1 + people.findIndex(({ idfa }) => text.includes(idfa));
  expect(ordinal).toBeGreaterThan(0);
  const caps: Caps = { campaign: [{ impressions: 4, windowSec: hourSec }] };
  const shownTo = (state: SharedState, earlier: number, billed: boolean, nowSec: number) => {
    const key = new Hash64();
    capKeyInto(earlier, 0, 0, key);
    const slot = capReserve(state, key.lo, key.hi, 4, hourSec, nowSec);
    if (billed) capCommit(state, slot, nowSec);
  };
  const { ask, state, clock } = await start(caps, [900, ordinal, 901, ordinal, 902, ordinal + 1]);
  const nowSec = Math.floor(clock.nowMs() / 1000);
  shownTo(state, 900, true, nowSec);
  shownTo(state, 901, false, nowSec);
  shownTo(state, 902, true, nowSec);
  expect(ask(fixture.exchange, fixture.body).status).toBe(200);
  expect(ask(fixture.exchange, fixture.body).status).toBe(200);
  expect(ask(fixture.exchange, fixture.body).outcome).toBe("person");
});
