import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { bankOptionsOf, tableOf } from "./bank.js";
import { measureBank } from "./bank-measure.js";
import { bankPicture } from "./bank-picture.js";

test("the bank is measured through all its stages, against the truth, as table and picture", async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-bank-bench-"));
  try {
    const order = { dataFolder, people: 4000, memoryMb: 512, nowMs: Date.now() };
    const measured = await measureBank(order, () => {});
    expect(measured.identity.precision).toBeGreaterThanOrEqual(0.99);
    expect(measured.identity.recall).toBeGreaterThan(0.9);
    const stages = measured.stages.map(({ stage }) => stage);
    expect(new Set(stages).size).toBe(stages.length);
    expect(stages).toEqual(expect.arrayContaining(["ingest", "identity", "segments", "index"]));
    for (const bytes of [measured.sourceBytes, measured.bankBytes, measured.snapshotBytes]) {
      expect(bytes).toBeGreaterThan(10_000);
    }
    const table = tableOf([measured, { ...measured, people: 8000, sec: 2 * measured.sec }]);
    expect(table.map((line) => line.slice(0, 16).trim())).toContain("precision");
    const picture = bankPicture([measured, { ...measured, people: 8000 }], "somewhere");
    expect(XMLValidator.validate(picture)).toBe(true);
    expect(picture).toContain("somewhere");
  } finally {
    rmSync(dataFolder, { recursive: true });
  }
});

test("sizes come from the command line", () => {
  expect(bankOptionsOf(["--bank", "--people", "5,7"])).toMatchObject({ people: [5, 7] });
});
