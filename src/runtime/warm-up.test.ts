import { setFlagsFromString } from "node:v8";
import { beforeAll, expect, test, vi } from "vitest";
import { ManualClock } from "../base/clock.js";
import { NOBODY } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { Cell, MoneyState } from "../bid/shared-state.js";
import { type InProcess, startInProcess, testTokenSecret } from "../testing/in-process.js";
import { TokenFields } from "../wire/token-format.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenReader } from "../wire/token-reader.js";
import type { Bidder } from "./bidder.js";
import { Rehearsal, rehearse } from "./warm-up.js";
import type { WarmUpKind } from "./warm-up-requests.js";
import { type WarmUpOrder, warmUpOf, warmUpOrder } from "./warm-up-world.js";

const now = Date.UTC(2026, 10, 27, 12) as UnixMs;
const clock = new ManualClock(now);
let real: InProcess;
let order: WarmUpOrder;
let rehearsal: Rehearsal;

beforeAll(async () => {
  real = await startInProcess({ configFolder: "config/demo", now, seed: 1 });
  const { exchanges, privacy } = real.bidder.world.world;
  const made = warmUpOrder({ exchanges, privacy }, now);
  if (made === null) throw new Error("the demo has exchanges");
  order = made;
  rehearsal = new Rehearsal(order, clock);
});

type Answered = { kind: WarmUpKind; exchange: number; gzip: boolean; status: number; text: string };

function askAll(): Answered[] {
  const { bidder } = rehearsal.bidding;
  return order.requests.map((request) => {
    const { status, length } = rehearsal.ask(request);
    const text = new TextDecoder().decode(bidder.answerBuffer.subarray(0, length));
    return { ...request, status, text };
  });
}

test("every exchange bids with a token on every format, zipped and not, and on deals", () => {
  const reader = new TokenReader([tokenKeyFrom(order.tokenSecret)]);
  const bids = askAll().filter(({ status, text }) => status === 200 && text.includes("?t="));
  for (const { text } of bids) {
    expect(reader.read(/\?t=([\w-]{88})/.exec(text)?.[1] ?? "", new TokenFields())).toBe(true);
  }
  for (const { index } of real.bidder.world.world.exchanges) {
    for (const kind of ["banner", "video", "audio", "native", "deal", "several", "test"] as const) {
      const own = bids.filter((bid) => bid.kind === kind && bid.exchange === index);
      expect([kind, index, own.length > 0]).toEqual([kind, index, true]);
    }
    expect(bids.some(({ gzip, exchange }) => gzip && exchange === index)).toBe(true);
  }
  const deals = bids.filter(({ text }) => text.includes('"dealid":"warm-deal-'));
  expect(deals.length).toBeGreaterThan(0);
  rehearsal.restore();
});

test("what fits nothing or is too dear gets no bid", () => {
  for (const { kind, status, text } of askAll()) {
    if (kind !== "nothing" && kind !== "floor") continue;
    expect(status === 204 || !text.includes("?t=")).toBe(true);
  }
  rehearsal.restore();
});

test("made-up people are known, some by their groups, some to the cap of a line item", () => {
  const { bidder } = rehearsal.bidding;
  let [known, answered, slots] = [0, 0, 0];
  for (const request of order.requests) {
    rehearsal.ask(request);
    const { person, asked } = bidder.decision;
    if (person.ordinal !== NOBODY) known++;
    if (asked.answered > 0) answered++;
    if (bidder.offers.count > 0 && bidder.offers.items[0]!.slotUse > 0) slots++;
  }
  expect(known).toBeGreaterThan(order.requests.length / 3);
  expect(answered).toBeGreaterThan(0);
  expect(slots).toBeGreaterThan(0);
  rehearsal.restore();
});

test("a round leaves as much money, room and ring as the one before found", async () => {
  const { state } = rehearsal;
  const first = askAll().map(({ status }) => status);
  rehearsal.restore();
  const wanted = state.allowances.slice();
  for (let round = 0; round < 60; round++) {
    for (const request of order.requests) rehearsal.ask(request);
    rehearsal.restore();
  }
  expect(state.allowances).toEqual(wanted);
  expect(state.cell(Cell.MONEY_STATE)).toBe(MoneyState.READY);
  expect(askAll().map(({ status }) => status)).toEqual(first);
  rehearsal.restore();
});

/** All memory that can be reached from here. */
function memoryOf(root: unknown): Set<ArrayBufferLike> {
  const [found, seen] = [new Set<ArrayBufferLike>(), new Set<object>()];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) found.add(value.buffer);
    else if (value instanceof SharedArrayBuffer) found.add(value);
    else if (value instanceof Map) for (const each of value.values()) look(each);
    else for (const name of Object.getOwnPropertyNames(value)) look(Reflect.get(value, name));
  };
  look(root);
  return found;
}

test("the warm-up shares no memory with the bidder that serves, and leaves none of its sinks", async () => {
  const served = memoryOf([real.bidder, real.state, real.ring, real.counters]);
  const shared = [...served].filter((buffer) => buffer instanceof SharedArrayBuffer);
  const before = shared.map((buffer) => Buffer.from(new Uint8Array(buffer)));
  const sinks = await sunk();
  const own = memoryOf(rehearsal);
  await rehearse(rehearsal, { monotonicNs: ticking(0.01) }, { nsMax: 1e9, goesOn: () => true });
  expect(own.size).toBeGreaterThan(20);
  // Settings of privacy are the served World's own, and nobody writes to them.
  const { eidSources } = real.bidder.world.world.privacy;
  const read = new Set(Object.values(eidSources).map(({ buffer }) => buffer));
  expect([...own].filter((buffer) => served.has(buffer) && !read.has(buffer as never))).toEqual([]);
  expect(shared.length).toBeGreaterThan(20);
  shared.forEach((buffer, i) => {
    expect(before[i]?.equals(new Uint8Array(buffer))).toBe(true);
  });
  expect(await sunk()).toEqual(sinks);
});

/** What metrics say of bids, the log, and records for the journal. */
async function sunk(): Promise<string[]> {
  const texts = (await real.sinks()).map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
  // Node's own come and go with turns of its loop.
  return texts.map((text) => text.replaceAll(/^(?:# .*|crowdbid_(?:nodejs|process)_.*)\n/gm, ""));
}

test("its keys are its own: a token is forged elsewhere, and no two warm-ups share one", () => {
  const again = warmUpOrder(real.bidder.world.world, now);
  expect(again?.tokenSecret.secret).not.toEqual(order.tokenSecret.secret);
  expect(again?.identifierKey).not.toEqual(order.identifierKey);
  const reader = new TokenReader([{ ...tokenKeyFrom(testTokenSecret), keyId: 0 }]);
  const bid = askAll().find(({ text }) => text.includes("?t="));
  const token = /\?t=([\w-]{88})/.exec(bid?.text ?? "")?.[1] ?? "";
  expect(token).not.toBe("");
  expect(reader.read(token, new TokenFields())).toBe(false);
  rehearsal.restore();
});

setFlagsFromString("--allow-natives-syntax");
const haveSameClass = new Function("a", "b", "return %HaveSameMap(a, b)") as (
  a: object,
  b: object,
) => boolean;

/** Paths of objects of which the two are of different shapes to the compiler. */
function otherShapes(a: unknown, b: unknown, path: string, seen = new Set<object>()): string[] {
  if (typeof a !== "object" || a === null || seen.has(a)) return [];
  if (typeof b !== "object" || b === null) return [path];
  seen.add(a);
  const own = haveSameClass(a, b) ? [] : [path];
  if (ArrayBuffer.isView(a) || a instanceof Map || Array.isArray(a)) return own;
  return Object.getOwnPropertyNames(a).reduce((found, name) => {
    const [of, as] = [Reflect.get(a, name), Reflect.get(b, name)];
    return found.concat(
      of === null || as === null ? [] : otherShapes(of, as, `${path}.${name}`, seen),
    );
  }, own);
}

test("objects that are made after it have the shapes that it was compiled for", async () => {
  await rehearse(rehearsal, { monotonicNs: ticking(0.01) }, { nsMax: 1e9, goesOn: () => true });
  const { bidder } = rehearsal.bidding;
  const served = await startInProcess({ configFolder: "config/demo", now, seed: 1 });
  expect(otherShapes(served.state, rehearsal.state, "state")).toEqual([]);
  for (const part of ["request", "offers", "decision", "echo"] as const) {
    const found = otherShapes(served.bidder[part], bidder[part], part);
    // A World comes to a worker as a message, here it does not: see below.
    expect(found.filter((path) => !/^decision.(world|exchange)/.test(path))).toEqual([]);
  }
  const posted = (from: Bidder) => structuredClone(from.world.world.exchanges);
  const pairs = posted(served.bidder).map((one, i) => [one, posted(bidder)[i]!] as const);
  for (const [one, other] of pairs) expect(otherShapes(one, other, "exchange")).toEqual([]);
});

/** Each look at the clock is so many ms after the last. */
function ticking(ms: number): () => never {
  let nowNs = 0;
  return () => {
    nowNs += ms * 1e6;
    return nowNs as never;
  };
}

const nothingToDo = (costs: readonly number[]) => {
  const at = { ms: 0, round: 0, asks: 0 };
  const requests = order.requests.slice(0, 10);
  const ask = (): never => {
    at.asks++;
    at.ms += (costs[Math.min(at.round, costs.length - 1)] ?? 0) / requests.length;
    return undefined as never;
  };
  const restore = (): void => void at.round++;
  const monotonicNs = (): never => (at.ms * 1e6) as never;
  return { at, fake: { requests, ask, restore }, monotonicNs };
};

test("memory of an array is taken away before the first request, as a socket will", async () => {
  const { fake, monotonicNs } = nothingToDo([400]);
  const taken: boolean[] = [];
  const spy = vi.spyOn(globalThis, "structuredClone");
  const ask = (): never => {
    taken.push(spy.mock.calls.some(([, options]) => options?.transfer?.[0] instanceof ArrayBuffer));
    return fake.ask();
  };
  await rehearse({ ...fake, ask }, { monotonicNs }, { nsMax: 50e6, goesOn: () => true });
  spy.mockRestore();
  expect(taken[0]).toBe(true);
});

test("it ends when its time is over, in the middle of a round too", async () => {
  const { at, fake, monotonicNs } = nothingToDo([400]);
  const end = await rehearse(fake, { monotonicNs }, { nsMax: 500e6, goesOn: () => true });
  expect([at.asks, at.round, end]).toEqual([13, 2, { rounds: 2, tookNs: 520e6 }]);
});

test("it ends 24 rounds after the last one that was cheaper than those before", async () => {
  const { fake, monotonicNs } = nothingToDo([40, 30, 20, 19.9]);
  const end = await rehearse(fake, { monotonicNs }, { nsMax: 5e9, goesOn: () => true });
  expect(end.rounds).toBe(3 + 24);
});

test.each([
  ["long", 100],
  ["short", 1],
])("it ends at once where the worker drains, after %s rounds too", async (_, roundMs) => {
  const { at, fake, monotonicNs } = nothingToDo([roundMs]);
  let turns = 0;
  const goesOn = (): boolean => turns < 3;
  setImmediate(function turn() {
    if (++turns < 100) setImmediate(turn);
  });
  await rehearse(fake, { monotonicNs }, { nsMax: 5e9, goesOn });
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(at.asks).toBeLessThan(50);
});

test("without an exchange, or with no time for it, there is no warm-up; what fails is told", () => {
  const told: string[] = [];
  const log = { error: (_: object, words: string) => void told.push(words) };
  const { world } = real.bidder.world;
  const parts = (exchanges: typeof world.exchanges) => ({ ...world, exchanges }) as never;
  expect(warmUpOf(parts([]), 70, now, log as never)).toBeNull();
  expect(warmUpOf(parts(world.exchanges), 0, now, log as never)).toBeNull();
  expect(warmUpOf(parts(world.exchanges), 70, now, log as never)?.msMax).toBe(70);
  expect(told).toEqual([]);
  expect(warmUpOf(parts(null as never), 70, now, log as never)).toBeNull();
  expect(told).toEqual(["nothing to warm up with: workers start cold"]);
});
