import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordsOf } from "../admin/desk/file-entities.js";
import type { EntityRecord } from "../admin/store/desk-store.js";
import type { UnixMs } from "../base/units.js";
import { testIo } from "../testing/command-io.js";
import { BookCopy } from "./book-copy.js";
import { runCheck } from "./check-command.js";
import { bookCopyPath, readCommandConfig } from "./command-config.js";
import { DeskFolder } from "./desk-folder.js";
import { runExplain } from "./explain-command.js";

const config = "fixtures/worlds/rules";
const now = Date.parse("2026-11-23T04:00:00Z") as UnixMs;
let data: string;
let records: readonly EntityRecord[] = [];
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-command-config-"));
  records = recordsOf(new DeskFolder(config).look().entities ?? [], now);
  await keep(records.map(edited));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const keep = (kept: readonly EntityRecord[]): Promise<void> => {
  const copy = new BookCopy(bookCopyPath(data), () => undefined);
  copy.note(() => kept);
  return copy.settle();
};
/** As somebody at the desk has it, and no file. */
function edited(one: EntityRecord): EntityRecord {
  const { kind, key, form } = one;
  if (kind === "lineItem") return { ...one, form: { ...form, name: `At the desk ${key}` } };
  if (kind !== "campaign") return one;
  return { ...one, form: { ...form, flight: { start: "2001-01-01", end: "2001-02-01" } } };
}

const request = JSON.stringify({
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  ...{ site: { domain: "audience.rules.example" }, device: { geo: { country: "USA" } } },
});

describe("commands over a data folder with a store", () => {
  test("go by what the store holds and by what is stopped, not by the files", async () => {
    const stop = { kind: "exchange", key: "openrtb26", agency: "", sinceMs: now, by: "Ada" };
    writeFileSync(join(data, "stops.json"), JSON.stringify([stop]));
    const reading = readCommandConfig(config, data, now, () => undefined);
    const names = reading.config?.book.lineItems.map(({ name }) => name) ?? [];
    expect([names.length > 3, names.every((name) => name.startsWith("At the desk"))]).toEqual([
      ...[true, true],
    ]);
    const io = testIo({ "r.json": request }, now);
    await runExplain("r.json", { config, data, all: true }, io);
    expect(io.out()).toContain("At the desk 101");
    rmSync(join(data, "stops.json"));
  });

  test("a check names what is wrong in the files and in the store", async () => {
    const at = async (folder: string | undefined) => {
      const io = testIo({}, now);
      await runCheck({ config, ...(folder === undefined ? {} : { data: folder }) }, io);
      return io.out();
    };
    expect(await at(undefined)).not.toContain("the flight is over");
    expect(await at(data)).toContain("the flight is over");
  });

  test("a copy that was cut off is said, and the files stand in", () => {
    truncateSync(bookCopyPath(data), 1000);
    const said: string[] = [];
    const reading = readCommandConfig(config, data, now, (line) => said.push(line));
    expect(said).toEqual([expect.stringContaining("is not whole")]);
    expect(reading.config?.book.lineItems[0]?.name).not.toMatch(/^At the desk/);
  });
});
