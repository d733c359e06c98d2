import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { explain } from "../admin/explain.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { testIo } from "../testing/command-io.js";
import { buildSyntheticIndex } from "../testing/synthetic-index.js";
import { runCheck } from "./check-command.js";
import { buildCommandWorld } from "./command-world.js";
import { snapshotsFolderOf } from "./data-folder.js";
import { runExplain } from "./explain-command.js";
import { openKeyFiles } from "./key-files.js";
import { keepServedEpoch } from "./served-epoch.js";
import { writeSnapshot } from "./snapshot-write.js";

/** Line item 230 is agency 1's and buys on interest.running. */
const config = "fixtures/worlds/rules";
const now = Date.parse("2026-11-23T04:00:00Z") as UnixMs;
const request = JSON.stringify({
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  ...{ site: { domain: "audience.rules.example" }, device: { geo: { country: "USA" } } },
});
const root = mkdtempSync(join(tmpdir(), "private-segment-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A data folder whose interest.running is these agencies' (none = everybody's). */
function dataFolderOf(agencies: readonly number[]): string {
  const folder = mkdtempSync(join(root, "data-"));
  const { identifierKey, identifierKeyId, signing } = openKeyFiles(folder);
  const options = { seed: 7, people: 500, epoch: 4 as Epoch, identifierKey, crowdMinimum: 1 };
  const built = buildSyntheticIndex(options);
  const segments = built.segments.map((one) => ({
    ...{ ...one, bandedPeople: 100_000 },
    agencies: one.name === "interest.running" ? agencies : [],
  }));
  const facts = {
    ...{ createdMs: now, notAfterMs: (now + 1e9) as UnixMs, identifierKeyId, source: "test" },
    ...{ forgetSequence: 0, segments, areas: built.areas },
  };
  writeSnapshot(snapshotsFolderOf(folder), built.image, facts, signing);
  return folder;
}

async function toldOf(data: string): Promise<{ explained: string; checked: string; err: string }> {
  const io = testIo({ "r.json": request }, now);
  await runExplain("r.json", { config, data, lineItem: "230" }, io);
  const checking = testIo({}, now);
  await runCheck({ config, data }, checking);
  return { explained: io.out(), checked: checking.out(), err: io.err() };
}

test("explain and check speak of others' own segment as of one that is not there", async () => {
  const own = await toldOf(dataFolderOf([1, 9]));
  expect(own.explained).toMatch(/230 .*no certificate in epoch 4 for interest\.running/);
  expect(own.checked).not.toContain('no segment "interest.running"');
  const foreign = await toldOf(dataFolderOf([2, 9]));
  expect(foreign.explained).toMatch(/230 .*epoch 4 has no segment interest\.running/);
  expect(foreign.checked).toContain('there is no segment "interest.running"');
});

test("explain says of a segment that is being loaded that it warms up", async () => {
  const built = await buildCommandWorld({
    configFolder: config,
    dataFolder: dataFolderOf([]),
    nowMs: now,
  });
  if (!built.ok) throw new Error(built.lines.join("\n"));
  const { world } = built;
  const { "interest.running": _, ...others } = Object.fromEntries(world.places);
  const result = explain({
    ...{ world: world.served.world, config: world.config, exchange: "openrtb26", now },
    ...{ places: new Map(Object.entries(others)), absent: new Map([["interest.running", []]]) },
    ...{ request: Buffer.from(request), segments: null, lineItems: [230] },
  });
  expect(JSON.stringify(result)).toContain("warming: segment interest.running is being loaded");
});

test("commands refuse an epoch that is older than the last served one, as the server does", async () => {
  const data = dataFolderOf([]);
  keepServedEpoch(data, 5 as Epoch);
  const { err, explained } = await toldOf(data);
  expect(err).toContain("epoch 4 is older than epoch 5, which was served already");
  expect(explained).toContain("epoch 0");
});
