import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ordinal } from "../base/ids.js";
import { CapLevel } from "../campaign/caps.js";
import { RecordKind } from "../journal/record.js";
import { scanJournal } from "../journal/scan.js";
import { ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { exposureFiles } from "./exposure-file.js";
import { appendForget } from "./forget-log.js";

let data = "";
const now = { ms: 0 };
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "ghosts-"));
  now.ms = Date.parse("2026-11-26T08:10:00Z");
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const once = { level: CapLevel.LINE_ITEM, id: 50, windowSec: 3600, impressions: 1 };
const rows = (): string[] =>
  exposureFiles(join(data, "exposures"))
    .flatMap(({ path }) => readFileSync(path, "latin1").split("\n").slice(1))
    .filter((line) => line !== "")
    .map((line) => line.replace(/^[^,]*,/, ""));

test("a ghost is a row of the exposure log and in no record, count or cap", () => {
  const journal = new FaultyFolder();
  const boot = new ExposureBoot(data, journal, now, "ab");
  boot.adopt([once]);
  const kinds = (): number[] => {
    const all: number[] = [];
    scanJournal(journal, (entry) => void all.push(entry.kind));
    return all;
  };
  const before = kinds().filter((kind) => kind !== RecordKind.GRANT);
  boot.ghost(42, 50);
  boot.ghost(42, 51);
  boot.ghost(0, 50);
  const hour = Date.parse("2026-11-26T08:00:00Z") / 1000;
  expect(rows()).toEqual([`${hour},42,3,ghost,50,1,7,`, `${hour},42,3,ghost,51,1,7,`]);
  expect(kinds().filter((kind) => kind !== RecordKind.GRANT)).toEqual(before);
  expect(boot.fold.totals().rows).toBe(0);
  expect(boot.bid({ ordinal: 42 }, 50)).not.toBeNull();
  // A start counts what was shown from the log; a ghost was not.
  boot.loop.close();
  const next = new ExposureBoot(data, journal, now, "cd");
  next.adopt([once]);
  expect(next.bid({ ordinal: 42 }, 50)).not.toBeNull();
});

test("nobody who is forgotten becomes a ghost", () => {
  const boot = new ExposureBoot(data, new FaultyFolder(), now, "ab");
  boot.adopt([]);
  appendForget(join(data, "forget.log"), [42 as Ordinal]);
  now.ms += 1500;
  boot.loop.step();
  boot.ghost(42, 50);
  boot.ghost(43, 50);
  expect(rows().map((row) => row.split(",")[1])).toEqual(["43"]);
});
