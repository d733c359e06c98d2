import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { partsOfImage } from "../index/index-parts.js";
import { SegmentIndex } from "../index/segment-index.js";
import { smallImage } from "../testing/small-snapshot.js";
import { appendForget, forgetLogStart } from "./forget-log.js";
import { openKeyFiles } from "./key-files.js";
import { PeopleDesk, type PeopleDeskParts } from "./people-desk.js";
import type { LoadedSnapshot } from "./snapshot-load.js";
import type { LoadOutcome } from "./snapshot-loader.js";
import { nobody, type People } from "./world-build.js";

let root = "";
let desk: PeopleDesk | null = null;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "people-desk-"));
});
afterEach(() => {
  desk?.stop();
  rmSync(root, { recursive: true });
});

function loadedOf(epoch: number): LoadedSnapshot {
  const { image } = smallImage(epoch, 8, 1, epoch);
  const dates = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
  return {
    ...{ parts: partsOfImage(image, [0], dates), places: new Map(), unknownSegments: [] },
    ...{ segments: [], areas: [], source: "test" },
    ...{ forgetPosition: forgetLogStart, forgetDamagedAt: [] },
  };
}

function writeManifest(epoch: number): void {
  mkdirSync(join(root, "snapshots", `epoch-${epoch}`), { recursive: true });
  writeFileSync(join(root, "snapshots", `epoch-${epoch}`, "manifest"), "m");
}

type Adopt = (people: People, justBefore: () => void) => Promise<boolean>;

function setUp(load: () => Promise<LoadOutcome>, more: Partial<PeopleDeskParts> = {}) {
  const clock = new ManualClock(Date.parse("2026-12-05T12:00Z"));
  const at = { loads: 0, errors: [] as string[], counts: 0, countsGood: true };
  const world = {
    people: nobody(),
    adopt: (async (people) => {
      world.people = people;
      return true;
    }) as Adopt,
  };
  desk = new PeopleDesk({
    ...{ dataFolder: root, keys: openKeyFiles(root), clock, demoProgress: () => undefined },
    load: () => {
      at.loads++;
      return load();
    },
    log: {
      error: (facts: unknown, words = "") =>
        void at.errors.push(`${words} ${JSON.stringify(facts)}`),
    },
    desk: {
      start: async (people, justBefore = () => undefined) => {
        if (people !== null) await world.adopt(people, justBefore);
        return true;
      },
      adoptPeople: (people, justBefore = () => undefined) => world.adopt(people, justBefore),
      certifyMissing: async () => {
        at.counts++;
        return at.countsGood;
      },
      lapse: async () => undefined,
      get servedPeople() {
        return world.people;
      },
    },
    ...more,
  });
  return { desk, clock, at, world };
}

test("no thread is started where there is no epoch to load", async () => {
  const { desk, at } = setUp(() => Promise.resolve({ loaded: null, refused: [] }));
  expect(await desk.refresh()).toBe(false);
  expect(at.loads).toBe(0);
  writeManifest(1);
  await desk.refresh();
  expect(at.loads).toBe(1);
});

test("a refused epoch is read again after growing pauses, or when it is another", async () => {
  const refused = [{ epoch: 1, code: "changed" as const, words: "home-1" }];
  const { desk, at, clock } = setUp(() => Promise.resolve({ loaded: null, refused }));
  writeManifest(1);
  const loadsIn = async (seconds: number): Promise<number> => {
    const before = at.loads;
    for (let passed = 0; passed < seconds; passed += 2) {
      await desk.refresh();
      clock.advance(2000);
    }
    return at.loads - before;
  };
  expect(await loadsIn(60)).toBe(4);
  expect(await loadsIn(3600)).toBeLessThan(14);
  expect(at.errors).toHaveLength(at.loads);
  const path = join(root, "snapshots", "epoch-1", "manifest");
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  expect(await loadsIn(2)).toBe(1);
});

test("an epoch that is not adopted has its next turn after a pause", async () => {
  const loaded = loadedOf(1);
  const { desk, at, clock, world } = setUp(() => Promise.resolve({ loaded, refused: [] }));
  const { adopt } = world;
  world.adopt = () => Promise.resolve(false);
  writeManifest(1);
  expect(await desk.refresh()).toBe(false);
  expect(await desk.refresh()).toBe(false);
  expect(at.loads).toBe(1);
  world.adopt = adopt;
  clock.advance(5000);
  expect(await desk.refresh()).toBe(true);
  expect(world.people).toBe(loaded);
});

test("a start whose people are not taken is a start, and they come later", async () => {
  const loaded = loadedOf(1);
  const { desk, clock, world } = setUp(() => Promise.resolve({ loaded, refused: [] }));
  const { adopt } = world;
  world.adopt = () => Promise.resolve(false);
  writeManifest(1);
  expect(await desk.start(true)).toBe(true);
  expect(world.people.parts.epoch).toBe(0);
  world.adopt = adopt;
  clock.advance(5000);
  expect(await desk.refresh()).toBe(true);
});

test("whoever is forgotten between loading and publication never comes back", async () => {
  let next = loadedOf(1);
  const { desk, at, world } = setUp(() => Promise.resolve({ loaded: next, refused: [] }));
  const log = join(root, "forget.log");
  const isForgotten = (people: People, ordinal: number): boolean =>
    SegmentIndex.from(people.parts).isSuppressed(ordinal as Ordinal);
  const atWorkers: boolean[] = [];
  let ordinal = 1;
  world.adopt = async (people, justBefore) => {
    appendForget(log, [ordinal as Ordinal]);
    justBefore();
    atWorkers.push(isForgotten(people, ordinal));
    appendForget(log, [(ordinal + 1) as Ordinal]);
    world.people = people;
    return true;
  };
  writeManifest(1);
  expect(await desk.start(true)).toBe(true);
  expect([isForgotten(next, 1), isForgotten(next, 2)]).toEqual([true, true]);
  writeManifest(2);
  next = loadedOf(2);
  ordinal = 3;
  expect([await desk.refresh(), at.errors]).toEqual([true, []]);
  expect(atWorkers).toEqual([true, true]);
  expect([1, 2, 3, 4].map((one) => isForgotten(next, one))).toEqual([true, true, true, true]);
});

test("a failed count of an edit is asked again after growing pauses", async () => {
  const { desk, at, clock } = setUp(() => Promise.resolve({ loaded: null, refused: [] }));
  at.countsGood = false;
  for (let i = 0; i < 30; i++) {
    await desk.refresh();
    clock.advance(2000);
  }
  expect(at.counts).toBe(4);
});

test("the demo's people count as served when the watch brought them in first", async () => {
  const loaded = loadedOf(1);
  let build = (): void => undefined;
  const built = new Promise<void>((resolve) => {
    build = resolve;
  });
  const result = built.then(() => ({ epoch: 1 as Epoch, made: true, dropped: [] }));
  const { desk, at } = setUp(() => Promise.resolve({ loaded, refused: [] }), {
    buildDemo: () => ({ result, stop: () => undefined }),
  });
  const live = desk.buildDemo();
  writeManifest(1);
  const watched = desk.refresh();
  build();
  expect([await watched, await live]).toEqual([true, true]);
  expect(at.loads).toBe(1);
});
