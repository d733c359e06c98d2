import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { testIo } from "../testing/command-io.js";
import { runBankBuild, runBankForget, runBankGenerate } from "./bank-command.js";
import { type Inspected, runBankInspect, threeDigits } from "./bank-inspect.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-bank-command-"));
afterAll(() => rmSync(root, { recursive: true }));
const data = join(root, "data");
const out = join(root, "world");
const nowMs = Date.UTC(2026, 10, 26, 9);
const build = { data, config: "config/demo", memory: "512", threads: "2" };

test("a world is generated, built, shown and forgotten from, without a number of people", async () => {
  const io = testIo({}, nowMs);
  const world = { people: "2000", seed: "7", out, format: "parquet", memory: "512" };
  expect(await runBankGenerate(world, io)).toBe(0);
  expect(await runBankBuild({ ...build, from: join(out, "touchpoints") }, io)).toBe(0);
  expect(io.out()).toContain("epoch 1: 0 segments, 51 left out");
  const shown = testIo({}, nowMs);
  expect(runBankInspect({ data, json: true }, shown)).toBe(0);
  const found = JSON.parse(shown.out()) as Inspected;
  expect(found).toMatchObject({ epoch: 1, segments: [] });
  expect(found.leftOut).toContainEqual({ name: "interest.food", why: "below the crowd minimum" });
  const said = testIo({}, nowMs);
  expect(await runBankForget(["email:nobody@example.com"], { data }, said)).toBe(0);
  expect(said.out()).not.toContain("nobody");
  const again = testIo({}, nowMs);
  expect(await runBankBuild({ ...build, from: join(out, "touchpoints") }, again)).toBe(0);
  expect(again.out()).toContain("nothing new to take in");
  expect(again.out()).toContain("epoch 2: ");
});

test("a wrong identifier is told by its place, never repeated", async () => {
  await expect(runBankForget(["secret-value"], { data }, testIo({}, nowMs))).rejects.toThrow(
    /^identifier 1: write kind:value/,
  );
});

test("a folder without a snapshot and a config without touch-points say what to do", async () => {
  const io = testIo({}, nowMs);
  expect(runBankInspect({ data: join(root, "none") }, io)).toBe(1);
  expect(io.err()).toContain("crowdbid bank build");
  const other = testIo({}, nowMs);
  expect(await runBankBuild({ ...build, config: "fixtures/worlds/rules" }, other)).toBe(1);
  expect(other.err()).toContain("touchpoints is missing");
});

test("numbers of people are rounded down to three digits", () => {
  expect([0, 7, 1234, 2_339_114].map(threeDigits)).toEqual([0, 7, 1230, 2_330_000]);
});
