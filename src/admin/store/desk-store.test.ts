import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type StoreEngine, storeEngines } from "../../testing/store-engines.js";
import { entityPromises } from "../../testing/store-promises.js";
import { auditPromises } from "../../testing/store-promises-audit.js";
import { peoplePromises } from "../../testing/store-promises-people.js";

describe.each(storeEngines)("the store over %s", (name, start) => {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-store-"));
  let engine: StoreEngine | null = null;
  beforeAll(async () => {
    const started = await start(folder);
    if ("why" in started) console.warn(`the store is not tried over ${name}: ${started.why}`);
    else engine = started;
  });
  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  test.each([...entityPromises, ...peoplePromises, ...auditPromises])("%s", async (_, tried) => {
    if (engine !== null) await tried(await engine.fresh());
  });
});
