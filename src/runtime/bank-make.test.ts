import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Duck, sqlText } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { generateWorld } from "../bank/generate/generate-world.js";
import type { UnixMs } from "../base/units.js";
import { makeEpoch } from "./bank-make.js";
import { bankConfigOf } from "./bank-open.js";
import { touchpointsIn } from "./data-folder.js";
import { listEpochs } from "./snapshot-read.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-make-"));
afterAll(() => rmSync(root, { recursive: true }));

const dayMs = 24 * 3600 * 1000;
const limits = { memoryMb: 512, threads: 2 };
const config = bankConfigOf("config/demo");

async function world(folder: string, nowMs: number): Promise<string> {
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
  await make(dataFolder, await world(join(root, "day-1"), nowMs), nowMs);
  const next = await make(
    dataFolder,
    await world(join(root, "day-2"), nowMs + dayMs),
    nowMs + dayMs,
  );
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

/** Runs the real command and kills it at the first line that names the stage; true = it got there. */
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
  const from = await world(join(root, "world"), Date.now());
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
