import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { partsOfImage } from "../index/index-parts.js";
import type { SegmentWanted } from "../index/projection.js";
import { SegmentIndex } from "../index/segment-index.js";
import { smallImage } from "../testing/small-snapshot.js";
import { appendForget, forgetLogStart } from "./forget-log.js";
import { openKeyFiles } from "./key-files.js";
import { PeopleDesk, type PeopleDeskParts } from "./people-desk.js";
import { servedEpochFileOf } from "./served-epoch.js";
import type { LoadedSnapshot, LoadRequest } from "./snapshot-load.js";
import type { LoadOutcome } from "./snapshot-loader.js";
import { SnapshotRefusals } from "./snapshot-refusals.js";
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
    ...{ parts: partsOfImage(image, [0], dates), places: new Map(), absent: new Map() },
    ...{ segments: [], areas: [], source: "test", manifestDigest: `digest ${epoch}` },
    ...{ forgetPosition: forgetLogStart, forgetDamagedAt: [] },
  };
}

function writeManifest(epoch: number): void {
  mkdirSync(join(root, "snapshots", `epoch-${epoch}`), { recursive: true });
  writeFileSync(join(root, "snapshots", `epoch-${epoch}`, "manifest"), "m");
}

type Adopt = (people: People, justBefore: () => void) => Promise<boolean>;

function setUp(
  load: (request: LoadRequest) => Promise<LoadOutcome>,
  more: Partial<PeopleDeskParts> = {},
) {
  const clock = new ManualClock(Date.parse("2026-12-05T12:00Z"));
  const at = {
    ...{ loads: 0, errors: [] as string[], warnings: [] as string[], counts: 0, countsGood: true },
    ...{ requests: [] as LoadRequest[], wanted: [] as SegmentWanted[], missing: false },
  };
  const refusals = new SnapshotRefusals();
  const world = {
    people: nobody(),
    adopt: (async (people) => {
      world.people = people;
      return true;
    }) as Adopt,
  };
  desk = new PeopleDesk({
    ...{
      dataFolder: root,
      configFolder: "config/demo",
      keys: openKeyFiles(root),
      clock,
      demoProgress: () => undefined,
    },
    refusals,
    load: (request) => {
      at.loads++;
      at.requests.push(request);
      return load(request);
    },
    log: {
      error: (facts: unknown, words = "") =>
        void at.errors.push(`${words} ${JSON.stringify(facts)}`),
      warn: (facts: object) => void at.warnings.push("words" in facts ? String(facts.words) : ""),
    },
    desk: {
      readFirst: async () => true,
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
      noteForgotten: () => undefined,
      get servedPeople() {
        return world.people;
      },
      get segmentsWanted() {
        return at.wanted;
      },
      get segmentsMissing() {
        return at.missing;
      },
    },
    ...more,
  });
  return { desk, clock, at, world, refusals };
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

test("planes that an edit needs are loaded once, of the very snapshot that is served", async () => {
  const first = loadedOf(3);
  const { desk, at, world } = setUp(async ({ again }) => ({
    loaded: again === undefined ? first : { ...first, segments: [] },
    refused: [],
  }));
  writeManifest(3);
  expect(await desk.start(true)).toBe(true);
  expect(await desk.refresh()).toBe(false);
  at.wanted = [{ name: "video.drama", agency: 1 }];
  at.missing = true;
  const { adopt } = world;
  world.adopt = (people, justBefore) => {
    at.missing = false;
    return adopt(people, justBefore);
  };
  expect(await desk.refresh()).toBe(true);
  expect(at.requests.at(-1)).toMatchObject({
    ...{ wanted: at.wanted, highestServed: 3 },
    again: { epoch: 3, manifestDigest: "digest 3" },
  });
  expect(at.requests.at(-1)?.again?.suppressed).toBe(first.parts.suppressed);
  expect([await desk.refresh(), at.loads]).toEqual([false, 2]);
});

test("planes that do not fit are asked for again when the config asks for others", async () => {
  const first = loadedOf(3);
  const tooMany = { epoch: 3, code: "dictionary" as const, words: "17 planes" };
  const { desk, at, clock, refusals } = setUp(async ({ again }) =>
    again === undefined ? { loaded: first, refused: [] } : { loaded: null, refused: [tooMany] },
  );
  writeManifest(3);
  await desk.start(true);
  at.missing = true;
  const loads = async (): Promise<number> => {
    const before = at.loads;
    await desk.refresh();
    return at.loads - before;
  };
  at.wanted = [{ name: "a", agency: 1 }];
  expect([await loads(), await loads()]).toEqual([1, 0]);
  at.wanted = [{ name: "a", agency: 2 }];
  expect([await loads(), await loads()]).toEqual([1, 0]);
  clock.advance(5000);
  expect(await loads()).toBe(1);
  expect(refusals.counts).toEqual(new Map([["dictionary", 3]]));
  expect(refusals.last).toMatchObject({ epoch: 3, words: "17 planes" });
});

test("the highest served epoch bars older ones, over a restart too, until its file goes", async () => {
  let loaded: LoadedSnapshot | null = loadedOf(5);
  const load = () => Promise.resolve({ loaded, refused: [] });
  const first = setUp(load);
  for (const epoch of [3, 5]) writeManifest(epoch);
  await first.desk.start(true);
  expect(readFileSync(servedEpochFileOf(root), "utf8")).toBe('{"epoch":5}\n');
  await first.desk.refresh();
  expect([first.at.errors, first.at.warnings]).toEqual([[], []]);
  writeManifest(4);
  await first.desk.refresh();
  await first.desk.refresh();
  expect(first.at.errors).toHaveLength(1);
  const words = "epoch 4 is older than epoch 5, which was served already";
  expect(first.refusals.last).toMatchObject({ epoch: 4, code: "not_newer", words });
  first.desk.stop();

  rmSync(join(root, "snapshots", "epoch-5"), { recursive: true });
  loaded = loadedOf(4);
  const second = setUp(load);
  expect(await second.desk.start(true)).toBe(true);
  expect([second.world.people.parts.epoch, second.at.loads]).toEqual([0, 0]);
  expect(second.refusals.counts).toEqual(new Map([["not_newer", 2]]));
  expect(second.refusals.last).toMatchObject({ epoch: 4, words });
  await second.desk.refresh();
  expect(second.at.warnings).toEqual([
    expect.stringMatching(/epoch 5, .* is gone or refused.* delete .*served-epoch\.json, start/),
  ]);
  second.desk.stop();

  rmSync(servedEpochFileOf(root));
  const third = setUp(load);
  await third.desk.start(true);
  expect([third.world.people, third.at.warnings]).toEqual([loaded, []]);
});

test("a damaged file of the served epoch means no people, and says what to do", async () => {
  for (const text of ["", "5", '{"epoch":0}', '{"epoch":"5"}', '{"epoch":4294967296}']) {
    writeFileSync(servedEpochFileOf(root), text);
    const { desk, at } = setUp(() => Promise.resolve({ loaded: loadedOf(9), refused: [] }));
    writeManifest(9);
    expect(await desk.start(true)).toBe(true);
    await desk.refresh();
    expect([at.loads, at.warnings]).toEqual([0, [expect.stringMatching(/damaged.*or delete it/)]]);
  }
});
