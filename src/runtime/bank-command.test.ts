import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BankError } from "../bank/bank.js";
import { testIo } from "../testing/command-io.js";
import { runBankBuild, runBankForget, runBankGenerate } from "./bank-command.js";
import { type Inspected, runBankInspect, threeDigits } from "./bank-inspect.js";
import { runListAdd, runListRemove, runListShow } from "./bank-list-command.js";
import { bankFailure } from "./bank-open.js";
import { openKeyFiles } from "./key-files.js";
import { ReleaseLedger } from "./release-ledger.js";

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

test("forgetting in a folder without a bank fails and makes nothing there", async () => {
  const io = testIo({}, nowMs);
  const nowhere = join(root, "typo");
  expect(await runBankForget(["email:me@example.com"], { data: nowhere }, io)).toBe(1);
  expect(io.err()).toContain("there is no bank in");
  expect(existsSync(nowhere)).toBe(false);
});

test("whom to forget is read from standard input, where no list of processes shows it", async () => {
  const place = { data: join(root, "typo") };
  const read = async (text: string, identifiers: string[]): Promise<string> => {
    const io = testIo({ "-": text }, nowMs);
    return runBankForget(identifiers, place, io).then(
      () => io.err(),
      (error: unknown) => (error as Error).message,
    );
  };
  expect(await read("email:me@example.com\n\nidfa:x\n", ["-"])).toContain("there is no bank in");
  expect(await read("email:me@example.com\nemail me\n", ["-"])).toContain("identifier 2: write");
  expect(await read("", ["-"])).toContain("name whom to forget");
  const both = { ...place, file: "list.txt" };
  await expect(runBankForget(["-"], both, testIo({}, nowMs))).rejects.toThrow("not both");
});

test("a refused file fails the command, and JSON tells no number of people", async () => {
  const from = join(root, "refused", "commerce");
  mkdirSync(from, { recursive: true });
  writeFileSync(join(from, "broken.parquet"), "PAR1 no");
  const io = testIo({}, nowMs);
  const options = { ...build, data: join(root, "refused-data"), json: true };
  expect(await runBankBuild({ ...options, from: join(root, "refused") }, io)).toBe(1);
  expect(io.err()).toContain("1 files were refused: epoch 1 is without them");
  const made = JSON.parse(io.out()) as Record<string, unknown>;
  expect(made).toMatchObject({ epoch: 1, people: 0, identifiers: 0 });
  expect(io.out()).not.toMatch(/"(merged|gone|suppressed)"/);
});

test("a wrong identifier is told by its place, never repeated", async () => {
  await expect(runBankForget(["secret-value"], { data }, testIo({}, nowMs))).rejects.toThrow(
    /^identifier 1: write kind:value/,
  );
});

test("what DuckDB quotes of a file is not said, what we say is", () => {
  const quoting = new Error('Conversion Error: Could not convert string "me@example.com" to INT64');
  expect(bankFailure(quoting)).toMatch(/^Conversion Error: look whether/);
  expect(bankFailure(new BankError("the disk is full"))).toBe("the disk is full");
});

test("a list comes in from the command line, without a word of who is in it", async () => {
  const file = join(root, "emails.txt");
  writeFileSync(file, "me@example.com\nno address\n");
  const options = { data, config: "config/demo", agency: "1", kind: "email" };
  const io = testIo({}, nowMs);
  expect(await runListAdd("friends", file, options, io)).toBe(0);
  const { signing } = openKeyFiles(options.data);
  const released = new ReleaseLedger(options.data, signing, io.nowMs).records();
  expect(released).toMatchObject([{ n: 1, kind: "list", agency: 1, list: "friends" }]);
  expect(io.out()).toBe(
    "list.1.friends: 2 rows, 1 of them no email; a segment from the next build on\n",
  );
  expect(await runListAdd("friends", join(root, "none"), options, io)).toBe(1);
  const shown = testIo({}, nowMs);
  expect(runListShow({ data }, shown)).toBe(0);
  expect(shown.out()).toMatch(/^agency\s+list\s+until\n1\s+friends\s+2027-02-24\n$/);
  expect(runListRemove("friends", options, io)).toBe(0);
  expect(runListRemove("friends", options, io)).toBe(1);
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
