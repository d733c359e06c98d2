import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Duck, sqlParquet, sqlText } from "../duck.js";
import { SeenEvents } from "./duplicates.js";

test("every row is asked about, also where DuckDB holds a column as a dictionary", async () => {
  const root = mkdtempSync(join(tmpdir(), "crowdbid-seen-"));
  const duck = await Duck.open({ memoryMb: 512, threads: 2 }, join(root, "spill"));
  try {
    const file = join(root, "ids.parquet");
    await duck.run(`COPY (SELECT 'order-' || (i % 50) AS id FROM range(200000) t(i))
      TO ${sqlText(file)} (FORMAT parquet)`);
    const { sqlFunction } = await SeenEvents.of(duck, [], 200_000);
    const fresh = await duck.number(`SELECT count(*) FILTER (seen = 0) FROM (
      SELECT ${sqlFunction}(hash(id)) AS seen FROM ${sqlParquet([file])})`);
    expect(fresh).toBe(50);
  } finally {
    duck.close();
    rmSync(root, { recursive: true });
  }
});
