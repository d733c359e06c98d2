import { generateKeyPairSync } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UnixMs } from "../base/units.js";
import type { ChainReading, Release } from "./release-chain.js";
import { hashOf, headText, lineOf, noPrevious } from "./release-chain.js";
import { ReleaseLedger, readReleases, releaseFiles, releasesFolderOf } from "./release-ledger.js";

const keys = generateKeyPairSync("ed25519");
const signing = { ...keys, keyId: "test" };
const pem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
const november = Date.UTC(2026, 10, 29, 12);
const dayMs = 86_400_000;
let data = "";
let nowMs = november;
let ledger: ReleaseLedger;

const newLedger = (): ReleaseLedger => new ReleaseLedger(data, signing, () => nowMs as UnixMs);
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-releases-"));
  nowMs = november;
  ledger = newLedger();
});
afterEach(() => rmSync(data, { recursive: true }));

const folder = (): string => releasesFolderOf(data);
const at = (name: string): string => join(folder(), name);
const read = (): ChainReading => readReleases(folder(), pem);
const verdict = (digest: string): Release => ({
  ...{ kind: "certificate", agency: 7, digest, epoch: 5, rule: 1, verdict: "certified" },
});

/** Three days around a month's end, three records each. */
function threeDays(): void {
  for (let day = 0; day < 3; day++) {
    nowMs = november + day * dayMs;
    ledger.append([verdict(`a${day}`), verdict(`b${day}`)]);
    ledger.append([verdict(`c${day}`)]);
  }
}
const november26 = "2026-11.ndjson";
const december26 = "2026-12.ndjson";

test("records are read back in order over the months, each bound to the one before", () => {
  threeDays();
  const { records, hashes, breaks, unsigned, tornBytes } = read();
  expect([breaks, unsigned, tornBytes]).toEqual([[], 0, 0]);
  expect(records.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(records.map(({ previous }) => previous)).toEqual([noPrevious, ...hashes.slice(0, -1)]);
  expect(releaseFiles(folder()).map(({ name }) => name)).toEqual([november26, december26]);
  expect(records[3]).toMatchObject({ at: "2026-11-30T12:00:00.000Z", digest: "a1", agency: 7 });
});

/** Every line of every file with one way to harm it. */
function harmed(harm: (lines: string[], i: number) => void): string[] {
  const missed: string[] = [];
  for (const { name, text } of releaseFiles(folder())) {
    const count = text.split("\n").length - 1;
    for (let i = 0; i < count; i++) {
      const lines = text.split("\n").slice(0, -1);
      harm(lines, i);
      const after = lines.map((line) => `${line}\n`).join("");
      if (after === text) continue;
      writeFileSync(at(name), after);
      if (read().breaks.length === 0) missed.push(`${name}:${i + 1}`);
      writeFileSync(at(name), text);
    }
  }
  expect(read().breaks).toEqual([]);
  return missed;
}

test("a line that was deleted, edited, swapped, doubled or cut off is found at every place", () => {
  threeDays();
  expect(harmed((lines, i) => lines.splice(i, 1))).toEqual([]);
  expect(
    harmed((lines, i) => {
      lines[i] = lines[i]?.replace('"agency":7', '"agency":8') ?? "";
    }),
  ).toEqual([]);
  expect(
    harmed((lines, i) => {
      const [a = "", b = ""] = [lines[i], lines[i + 1]];
      if (b !== "") lines.splice(i, 2, b, a);
    }),
  ).toEqual([]);
  expect(harmed((lines, i) => lines.splice(i, 0, lines[i] ?? ""))).toEqual([]);
  expect(harmed((lines, i) => lines.splice(i))).toEqual([]);
});

test("a line that was made anew with a right hash no longer fits the one after it", () => {
  threeDays();
  const forge = (lines: string[], i: number): void => {
    const before = i === 0 ? undefined : lines[i - 1];
    const record = JSON.parse(lines[i] ?? "") as Record<string, unknown>;
    const previous = before === undefined ? record["previous"] : hashOf(before);
    lines[i] = JSON.stringify({ ...record, verdict: "refused", previous });
  };
  expect(harmed(forge)).toEqual([]);
});

test("a file or the head that is gone, or another key's head, is found", () => {
  threeDays();
  const [head, month] = [readFileSync(at("head.json")), readFileSync(at(november26))];
  unlinkSync(at(november26));
  expect(read().breaks).not.toEqual([]);
  writeFileSync(at(november26), month);
  unlinkSync(at("head.json"));
  expect(read().breaks).toEqual([
    { file: "head.json", line: 0, what: expect.stringContaining("missing") as string },
  ]);
  writeFileSync(at("head.json"), String(head).replace('"records":9', '"records":8'));
  expect(read().breaks).not.toEqual([]);
  writeFileSync(at("head.json"), head);
  expect(read().breaks).toEqual([]);
});

test("a line torn by a crash is cut off and the chain goes on", () => {
  threeDays();
  appendFileSync(at(december26), '{"n":10,"at":"2026-12-01T12:0');
  expect(read()).toMatchObject({ breaks: [], tornBytes: 29 });
  newLedger().append([verdict("after the crash")]);
  const { records, breaks, tornBytes } = read();
  expect([breaks, tornBytes, records.length, records.at(-1)?.n]).toEqual([[], 0, 10, 10]);
});

/** The head as a crash leaves it: it has announced the lines behind record `n`. */
function crashedBehind(n: number): void {
  const { hashes } = read();
  const pending = hashes.slice(n);
  const head = { records: n, hash: hashes[n - 1] ?? noPrevious, pending };
  writeFileSync(at("head.json"), headText(head, signing));
}
const digests = (): string[] =>
  read().records.map((record) => ("digest" in record ? record.digest : ""));

test("records written right before a crash, unsigned, are kept and signed with the next", () => {
  ledger.append([verdict("a")]);
  nowMs += 5 * dayMs;
  ledger.append([verdict("b"), verdict("c")]);
  crashedBehind(1);
  expect(read()).toMatchObject({ breaks: [], unsigned: 2 });
  newLedger().append([verdict("d")]);
  expect(read()).toMatchObject({ breaks: [], unsigned: 0 });
  expect(digests()).toEqual(["a", "b", "c", "d"]);
});

test("what was announced and only begun to be written leaves a whole ledger", () => {
  threeDays();
  crashedBehind(6);
  const text = readFileSync(at(december26), "utf8");
  writeFileSync(at(december26), text.slice(0, text.indexOf("\n") + 20));
  expect(read()).toMatchObject({ breaks: [], unsigned: 1, tornBytes: 19 });
  newLedger().append([verdict("after the crash")]);
  expect(read()).toMatchObject({ breaks: [], unsigned: 0, tornBytes: 0 });
});

test("well-chained lines by a hand without the key are a break, kept and never signed", () => {
  ledger.append([verdict("a")]);
  const { hashes } = read();
  const forged = lineOf(verdict("forged"), 2, "2026-11-29T12:00:00.000Z", hashes[0] ?? "");
  appendFileSync(at(november26), `${forged}\n`);
  expect(read().breaks).toEqual([
    { file: "head.json", line: 0, what: expect.stringContaining("record 2 stands") as string },
  ]);
  newLedger().append([verdict("b")]);
  newLedger().append([verdict("c")]);
  expect(digests()).toEqual(["a", "forged", "b", "c"]);
  expect(read().records.at(-2)).toMatchObject({ n: 2, previous: hashes[0] });
  expect(read().breaks).not.toEqual([]);
});

test("a ledger that was cut is written on, and the gap stays to be seen", () => {
  threeDays();
  const text = readFileSync(at(december26), "utf8");
  for (const cut of [text.split("\n").slice(0, 1).join("\n"), `${text.slice(0, -5)}`, ""]) {
    writeFileSync(at(december26), cut);
    newLedger().append([verdict("after"), verdict("and on")]);
    expect(read().breaks, cut).not.toEqual([]);
    expect(read().records.at(-1)).toMatchObject({ digest: "and on" });
    writeFileSync(at(december26), text);
    // The head is of the longer ledger now: its records are not there.
    expect(read().breaks).not.toEqual([]);
    rmSync(folder(), { recursive: true });
    nowMs = november;
    threeDays();
  }
  unlinkSync(at("head.json"));
  newLedger().append([verdict("after the head was lost")]);
  expect(read().breaks).not.toEqual([]);
});

test("what is appended at once by two writers is one chain", () => {
  const other = newLedger();
  for (let i = 0; i < 10; i++) (i % 2 === 0 ? ledger : other).append([verdict(`${i}`)]);
  expect(read()).toMatchObject({ breaks: [], unsigned: 0 });
  expect(read().records).toHaveLength(10);
});

test("a clock that goes back over a month's end writes on in the newer file", () => {
  threeDays();
  nowMs = november;
  ledger.append([verdict("back")]);
  expect(read().breaks).toEqual([]);
  expect(read().records.at(-1)?.at).toBe("2026-11-29T12:00:00.000Z");
});
