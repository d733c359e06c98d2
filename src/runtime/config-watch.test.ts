import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchConfig } from "./config-watch.js";

let root = "";
let stop = (): void => undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "config-watch-"));
  mkdirSync(join(root, "own"));
  writeFileSync(join(root, "own", "rates.yaml"), "base: USD\n");
});
afterEach(() => {
  stop();
  rmSync(root, { recursive: true });
});

/** Whether a change is told within a second. */
function told(change: () => void): Promise<boolean> {
  let seen = (): void => undefined;
  const changed = new Promise<boolean>((resolve) => {
    seen = () => resolve(true);
  });
  stop = watchConfig(join(root, "own"), () => seen());
  change();
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000));
  return Promise.race([changed, late]);
}

test.each([
  ["an edit right after the beginning", "own/rates.yaml"],
  ["a new vendor list", "own/vendor-list.json"],
  ["a folder of campaigns that is made later", "own/campaigns/a.yaml"],
  ["the first profile of the parent", "exchanges/profiles/p.yaml"],
])("%s is told", async (_, name) => {
  const change = (): void => {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), "base: EUR # changed\n");
  };
  expect(await told(change)).toBe(true);
});

test("files that a config does not read are not told", async () => {
  expect(await told(() => writeFileSync(join(root, "own", "notes.txt"), "x"))).toBe(false);
});
