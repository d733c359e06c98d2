import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Duck, sqlText } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { generateWorld } from "../bank/generate/generate-world.js";
import type { UnixMs } from "../base/units.js";
import { makeEpoch } from "./bank-make.js";
import { touchpointsIn } from "./data-folder.js";
import { bankConfigOf } from "./read-config.js";
import { listEpochs } from "./snapshot-read.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-make-"));
afterAll(() => rmSync(root, { recursive: true }));

const dayMs = 24 * 3600 * 1000;
const limits = { memoryMb: 512, threads: 2 };
const config = bankConfigOf("config/demo");

const worlds = new Map<number, Promise<string>>();

/** The touch-points of a day, made once for all that build from them: nothing writes there. */
function world(nowMs: number): Promise<string> {
  const made = worlds.get(nowMs) ?? madeWorld(join(root, `world-${nowMs}`), nowMs);
  worlds.set(nowMs, made);
  return made;
}

async function madeWorld(folder: string, nowMs: number): Promise<string> {
  await generateWorld({
    ...{ folder, people: 1500, seed: 11, nowMs: nowMs as UnixMs, format: "parquet" },
    ...{ truth: false, limits, report: () => undefined },
  });
  return touchpointsIn(folder);
}

const make = (dataFolder: string, from: string | null, nowMs: number) =>
  makeEpoch(
    { dataFolder, config, limits, nowMs: nowMs as UnixMs, report: () => undefined },
    from,
    "test",
  );

async function peopleOf(dataFolder: string, epoch: number): Promise<Map<string, number>> {
  const duck = await Duck.open(limits, join(root, "spill"));
  const file = join(bankFolders(dataFolder).peopleOf(epoch), "identifiers.parquet");
  const rows = await duck.rows<{ key: string; ordinal: number }>(
    `SELECT key::VARCHAR AS key, ordinal FROM ${sqlText(file)}`,
  );
  duck.close();
  return new Map(rows.map(({ key, ordinal }) => [key, ordinal]));
}

test("the next day's build finds the same people under the same ordinals", async () => {
  const nowMs = Date.UTC(2026, 10, 26, 9);
  const dataFolder = join(root, "days");
  await make(dataFolder, await world(nowMs), nowMs);
  const next = await make(dataFolder, await world(nowMs + dayMs), nowMs + dayMs);
  expect(next.epoch).toBe(2);
  const accepted = next.ingested?.touchpoints.reduce((sum, one) => sum + one.accepted, 0);
  expect(accepted).toBeGreaterThan(1000);
  const [before, after] = [await peopleOf(dataFolder, 1), await peopleOf(dataFolder, 2)];
  expect(before.size).toBeGreaterThan(1500);
  const known = [...before].filter(([key]) => after.has(key));
  expect(known.length).toBeGreaterThan(before.size * 0.9);
  const moved = known.filter(([key, ordinal]) => after.get(key) !== ordinal);
  // A link that the second day shows may join two persons of the first: the smaller ordinal stays.
  const byOldOrdinal = new Map(moved.map(([key, ordinal]) => [ordinal, after.get(key) as number]));
  expect(byOldOrdinal.size).toBeLessThan(1500 * 0.02);
  for (const [old, now] of byOldOrdinal) expect(now).toBeLessThan(old);
});

/** Stages by identifier: what labels say, whatever ordinals the people have. */
async function stagesOf(dataFolder: string, epoch: number): Promise<string[]> {
  const folders = bankFolders(dataFolder);
  const duck = await Duck.open(limits, join(root, "spill"));
  const [day] = readdirSync(folders.aipl);
  const identifiers = join(folders.peopleOf(epoch), "identifiers.parquet");
  const rows = await duck.rows<{ said: string }>(
    `SELECT concat_ws(' ', key, advertiser, stage) AS said
      FROM read_parquet(${sqlText(join(folders.aipl, day as string))})
      JOIN read_parquet(${sqlText(identifiers)}) USING (ordinal) ORDER BY said`,
  );
  duck.close();
  return rows.map(({ said }) => said);
}

test("labels of a build that failed are not those of the next one's people", async () => {
  const nowMs = Date.UTC(2026, 10, 26, 9);
  const from = await world(nowMs);
  const some = join(root, "labels-some");
  for (const touchpoint of ["commerce", "consent"]) {
    cpSync(join(from, touchpoint), join(some, touchpoint), { recursive: true });
  }
  const failed = join(root, "labels-failed");
  mkdirSync(join(failed, "bank"), { recursive: true });
  writeFileSync(join(failed, "bank", "segments.json"), "bad");
  await expect(make(failed, some, nowMs)).rejects.toThrow(/segments\.json/);
  const labelled = readdirSync(bankFolders(failed).aipl);
  expect(labelled).toEqual(["2026-11-26.parquet"]);
  rmSync(join(failed, "bank", "segments.json"));
  const clean = join(root, "labels-clean");
  cpSync(join(failed, "keys"), join(clean, "keys"), { recursive: true });
  await make(failed, from, nowMs);
  await make(clean, from, nowMs);
  const stages = await stagesOf(clean, 1);
  expect(stages.length).toBeGreaterThan(500);
  expect(await stagesOf(failed, 1)).toEqual(stages);
});

test("three snapshots stay, none with ordinals that others may have, and what belongs to them", async () => {
  const nowMs = Date.UTC(2026, 10, 26, 9);
  const dataFolder = join(root, "retired");
  const folders = bankFolders(dataFolder);
  const epochsIn = (folder: string): string[] => readdirSync(folder).sort();
  const from = await world(nowMs);
  for (const day of [0, 0, 1, 2]) await make(dataFolder, from, nowMs + day * dayMs);
  const three = ["epoch-2", "epoch-3", "epoch-4"];
  expect(epochsIn(join(dataFolder, "snapshots"))).toEqual(three);
  expect(epochsIn(folders.people)).toEqual(three);
  expect(epochsIn(folders.reports)).toEqual(three.map((name) => `${name}.json`));
  await make(dataFolder, null, nowMs + 91 * dayMs);
  expect(epochsIn(join(dataFolder, "snapshots"))).toEqual(["epoch-4", "epoch-5"]);
  expect(readdirSync(folders.aipl)).toEqual(["2026-11-28.parquet", "2027-02-25.parquet"]);
}, 120_000);

/** Runs the real command, killed at the first line that names the stage; true = it got there. */
async function buildUntil(
  dataFolder: string,
  from: string,
  stage: string | null,
): Promise<boolean> {
  const args = ["bank", "build", "--from", from, "--data", dataFolder, "--config", "config/demo"];
  const child = spawn(process.execPath, ["dist/main.js", ...args, "--memory", "512"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => {
      said += piece.toString("utf8");
      if (stage !== null && new RegExp(`^${stage}\\b`, "m").test(said)) child.kill("SIGKILL");
    });
  }
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (stage === null) expect([code, said]).toEqual([0, expect.stringContaining("epoch ")]);
  return signal === "SIGKILL";
}

const peopleBytes = (dataFolder: string, epoch: number): Buffer[] =>
  ["identifiers.parquet", "persons.parquet"].map((name) =>
    readFileSync(join(bankFolders(dataFolder).peopleOf(epoch), name)),
  );

test("a build killed at each of its stages goes on, and ends as one that nobody disturbed", async () => {
  const from = await world(Date.now());
  const undisturbed = join(root, "undisturbed");
  const killed = join(root, "killed");
  await buildUntil(undisturbed, from, null);
  cpSync(join(undisturbed, "keys"), join(killed, "keys"), { recursive: true });
  const reached: string[] = [];
  for (const stage of ["ingest", "identity", "stages", "segments", "index", "write"]) {
    if (await buildUntil(killed, from, stage)) reached.push(stage);
    for (const epoch of listEpochs(join(killed, "snapshots"))) {
      expect(readdirSync(join(killed, "snapshots", `epoch-${epoch}`))).toContain("manifest");
    }
  }
  expect(reached.length).toBeGreaterThanOrEqual(4);
  await buildUntil(killed, from, null);
  const newest = listEpochs(join(killed, "snapshots"))[0] as number;
  expect(peopleBytes(killed, newest)).toEqual(peopleBytes(undisturbed, 1));
  const leftovers = readdirSync(join(killed, "snapshots")).filter(
    (name) => !/^epoch-\d+$/.test(name),
  );
  expect(leftovers).toEqual([]);
}, 120_000);
