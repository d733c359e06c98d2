import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgencyId, Epoch, Ordinal } from "../base/ids.js";
import { SegmentIndex } from "../index/segment-index.js";
import { testIdentifierKey } from "../testing/in-process.js";
import {
  smallFacts,
  smallImage,
  testNowMs,
  testSigningKeys,
  testTrust,
} from "../testing/small-snapshot.js";
import { judgeAudiencesApart } from "./certificate-count.js";
import type { LoadRequest } from "./snapshot-load.js";
import { loadNewestSnapshot } from "./snapshot-loader.js";
import { writeSnapshot } from "./snapshot-write.js";

const keys = testSigningKeys(1);
const root = mkdtempSync(join(tmpdir(), "crowdbid-loader-"));
const request: LoadRequest = {
  ...{ snapshotsFolder: root, forgetLog: join(root, "forget.log"), trust: testTrust(keys) },
  ...{ servedEpoch: 0 as Epoch, wanted: null, nowMs: testNowMs },
};

const any = { manifestDigest: "", crowdKey: testIdentifierKey };

beforeAll(() => {
  for (const epoch of [1, 2]) {
    writeSnapshot(root, smallImage(epoch, 200, 40, epoch).image, smallFacts(40), keys);
  }
  const path = join(root, "epoch-2", "home-1");
  const bytes = readFileSync(path);
  bytes[70]! ^= 4;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
});
afterAll(() => rmSync(root, { recursive: true }));

test("the loader thread refuses a changed epoch aloud and serves the one before", async () => {
  const { loaded, refused } = await loadNewestSnapshot(request);
  expect(refused).toMatchObject([{ epoch: 2, code: "changed", words: /home-1/ }]);
  if (loaded === null) throw new Error("nothing was loaded");
  const index = SegmentIndex.from(loaded.parts);
  const { truth } = smallImage(1, 200, 40, 1);
  const [lo, hi] = truth.hashes[9]![0]!;
  expect(index.ordinalOf(lo, hi)).toBe(9);
  const row = new Uint32Array(2);
  index.rowInto(9 as Ordinal, row);
  expect([...row]).toEqual([...truth.rows[9]!]);
  expect(loaded.places.get("group.s33")).toEqual({ word: 1, bit: 1, agencies: [] });
});

test("when no epoch above the served one is good, nothing is loaded", async () => {
  const { loaded, refused } = await loadNewestSnapshot({ ...request, servedEpoch: 1 as Epoch });
  expect(loaded).toBeNull();
  expect(refused.length).toBe(1);
  const gone = { ...request, snapshotsFolder: join(root, "none") };
  expect(await loadNewestSnapshot(gone)).toEqual({ loaded: null, refused: [] });
});

test("the counting process keeps the crowd minimum and answers with verdicts alone", async () => {
  const { snapshotsFolder, forgetLog, trust, nowMs } = request;
  const asked = { snapshotsFolder, forgetLog, trust, nowMs, epoch: 1 as Epoch, ...any };
  const audiences = ["group.s1", "gone"].map((name) => ({
    ...{ agency: 1 as AgencyId, terms: [{ all: [name], none: [] }], judged: true },
  }));
  expect(await judgeAudiencesApart({ ...asked, audiences })).toEqual({
    ok: true,
    epoch: 1,
    judged: [
      { verdict: "refused", bears: 0 },
      { verdict: "unknown_segment", bears: 0 },
    ],
    forgetSequence: 0,
  });
  const missing = await judgeAudiencesApart({ ...asked, epoch: 7 as Epoch, audiences });
  expect(missing).toMatchObject({ ok: false, code: "unreadable" });
});

test("a count that takes too long is a refusal, and its process is ended", async () => {
  const { snapshotsFolder, forgetLog, trust, nowMs } = request;
  const asked = { snapshotsFolder, forgetLog, trust, nowMs, epoch: 1 as Epoch, ...any };
  const answer = await judgeAudiencesApart({ ...asked, audiences: [] }, 1);
  expect(answer).toMatchObject({ ok: false, words: "counting took over 1 ms" });
});
