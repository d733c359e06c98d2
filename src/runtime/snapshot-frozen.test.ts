import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import type { AgencyId, Epoch } from "../base/ids.js";
import {
  smallFacts,
  smallImage,
  testNowMs,
  testSigningKeys,
  testTrust,
} from "../testing/small-snapshot.js";
import { fillPieces } from "./snapshot-fill.js";
import { prepareLoad } from "./snapshot-load.js";
import { writeSnapshot } from "./snapshot-write.js";
import { judgeAudiences } from "./term-count.js";

/**
 * The bytes of the snapshot format, pinned: 20 people in 33 segments, epoch 1. Ed25519 signatures
 * have no randomness, so that the manifest is pinned as well. A change here is a new
 * `formatVersion` (parts) or `manifestVersion`. Manifest 2, 2026-11: the agencies of a segment; 3,
 * 2026-11-26: people bits say who counts.
 */
const frozenAt = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/frozen/${name}`, import.meta.url));
const frozen = frozenAt("snapshot");
const older = frozenAt("snapshot-manifest-2");
const root = mkdtempSync(join(tmpdir(), "crowdbid-frozen-"));
afterAll(() => rmSync(root, { recursive: true }));

const keys = testSigningKeys(1);
const [first, ...others] = smallFacts(33).segments;
const facts = smallFacts(33, { segments: [{ ...first!, agencies: [3, 70_000] }, ...others] });

test("the same people still give the frozen bytes", () => {
  const { image } = smallImage(1, 20, 33);
  const written = writeSnapshot(root, image, facts, keys);
  const pinned = join(frozen, "epoch-1");
  expect(existsSync(pinned), `${pinned} is missing`).toBe(true);
  expect(readdirSync(written).sort()).toEqual(readdirSync(pinned).sort());
  for (const name of readdirSync(written)) {
    const [got, want] = [written, pinned].map((folder) =>
      readFileSync(join(folder, name)).toString("hex"),
    );
    expect(got, name).toBe(want);
  }
});

test.each([frozen, older])("frozen bytes are still admitted and filled: %s", (snapshotsFolder) => {
  const prepared = prepareLoad(
    {
      ...{ snapshotsFolder, forgetLog: join(root, "none"), trust: testTrust(keys) },
      ...{ servedEpoch: 0 as Epoch, wanted: null, nowMs: testNowMs },
    },
    1,
  );
  if (!prepared.ok) throw new Error(prepared.words);
  expect(fillPieces(prepared.plan, () => {})).toBeNull();
  expect(prepared.load.places.get("group.s0")?.agencies).toEqual([3, 70_000]);
  const { truth } = smallImage(1, 20, 33);
  expect([...new Uint32Array(prepared.plan.rows[0]!)]).toEqual(
    truth.rows.flatMap((row) => [...row]),
  );
});

test("nothing is certified over people of whom only their being there is known", () => {
  const judge = (snapshotsFolder: string) =>
    judgeAudiences(
      {
        ...{ snapshotsFolder, forgetLog: join(root, "none"), trust: testTrust(keys, 1) },
        ...{ epoch: 1 as Epoch, nowMs: testNowMs, manifestDigest: "" },
        crowdKey: sipKeyFrom(new Uint8Array(16)),
        audiences: [
          { agency: 1 as AgencyId, terms: [{ all: ["group.s1"], none: [] }], judged: true },
        ],
      },
      -500,
    );
  expect(judge(frozen)).toMatchObject({ judged: [{ verdict: "certified" }] });
  expect(judge(older)).toMatchObject({ judged: [{ verdict: "refused" }] });
});
