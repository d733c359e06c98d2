import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Duck, sqlText } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { NoticeKind } from "../base/lists.js";
import { testIo } from "../testing/command-io.js";
import { ExposureBoot } from "../testing/exposure-boot.js";
import { FaultyFolder } from "../testing/faulty-folder.js";
import { runBankBuild, runBankGenerate } from "./bank-command.js";
import { exposureFiles } from "./exposure-file.js";

const root = mkdtempSync(join(tmpdir(), "exposure-build-"));
afterAll(() => rmSync(root, { recursive: true }));
const data = join(root, "data");
const log = join(data, "exposures");
const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 26, 9);
const build = { data, config: "config/demo", memory: "512", threads: "2" };

/** Tonight's bidder shows something to three people of the epoch; one clicks. */
function serve(): void {
  const bidder = new ExposureBoot(data, new FaultyFolder(), { ms: nowMs + 3_600_000 }, "ab");
  bidder.advertiser = 11;
  bidder.adopt([], 1);
  bidder.see(5, "USA");
  for (const ordinal of [3, 1, 2]) {
    const bid = bidder.bid({ ordinal }, 50)!;
    bid.notice.cell = 5;
    bidder.notify(bid);
    if (ordinal === 2) bidder.notify(bid, NoticeKind.CLICK);
  }
  bidder.loop.close();
}

async function events(): Promise<unknown[]> {
  const duck = await Duck.open({ memoryMb: 256, threads: 1 }, join(root, "spill"));
  const files = join(bankFolders(data).batchesOf("ad"), "*", "events.parquet");
  const rows = await duck.rows(
    `SELECT count(DISTINCT who)::INT AS people, market, behaviour, brand, seconds::INT AS seconds
      FROM read_parquet(${sqlText(files)}) WHERE seconds >= ${nowMs / 1000}
      GROUP BY ALL ORDER BY behaviour`,
  );
  duck.close();
  return rows;
}

test("a bill of tonight is an event of tomorrow's bank", async () => {
  const world = { people: "300", seed: "7", out: join(root, "world"), format: "parquet" };
  const from = join(world.out, "touchpoints");
  expect(await runBankGenerate({ ...world, memory: "512" }, testIo({}, nowMs))).toBe(0);
  expect(await runBankBuild({ ...build, from }, testIo({}, nowMs))).toBe(0);
  serve();
  expect(exposureFiles(log).map(({ day, live }) => [day, live])).toEqual([["2026-11-26", false]]);
  const people = readFileSync(exposureFiles(log)[0]!.path, "latin1").match(/(?<=00,)\d+(?=,1,)/g);
  expect(people).toEqual(["1", "2", "2", "3"]);
  // It would come in without being named too, and comes in once.
  const io = testIo({}, nowMs + dayMs);
  expect(await runBankBuild({ ...build, from: log }, io)).toBe(0);
  expect(io.err()).not.toMatch(/refused|skipped/);
  expect(io.out()).toMatch(/^ad +4 /m);
  const seconds = Date.UTC(2026, 10, 26, 10) / 1000;
  const shown = { market: "US", brand: "northwind", seconds };
  expect(await events()).toEqual([
    { people: 1, behaviour: "click", ...shown },
    { people: 3, behaviour: "exposure", ...shown },
  ]);
});
