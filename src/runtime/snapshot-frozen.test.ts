import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Epoch } from "../base/ids.js";
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

/**
 * The bytes of the snapshot format, pinned: 20 people in 33 segments, epoch 1. Ed25519 signatures
 * have no randomness, so that the manifest is pinned as well. A change here is a new
 * `formatVersion` (parts) or `manifestVersion`. Manifest 2, 2026-11: the agencies of a segment.
 */
const frozen = fileURLToPath(new URL("../../fixtures/frozen/snapshot", import.meta.url));
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

test("the frozen bytes are still admitted and filled", () => {
  const prepared = prepareLoad(
    {
      ...{ snapshotsFolder: frozen, forgetLog: join(root, "none"), trust: testTrust(keys) },
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
