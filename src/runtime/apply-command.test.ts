import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packAlpha3 } from "../base/units.js";
import { testIo } from "../testing/command-io.js";
import { deskNowMs } from "../testing/desk-book.js";
import { AdvertiserCurrencies, currenciesPath } from "./advertiser-currencies.js";
import { runApply } from "./apply-command.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "apply-"));
  cpSync("config", join(root, "config"), {
    recursive: true,
    filter: (path) => !path.includes("demo"),
  });
});
afterEach(() => rmSync(root, { recursive: true }));

const apply = async () => {
  const io = testIo({}, deskNowMs);
  const code = await runApply({ config: join(root, "config"), data: root }, io);
  return { code, words: io.out() + io.err() };
};

test("money that was booked in another currency keeps the files out, as in a server", async () => {
  expect((await apply()).code).toBe(0);
  const path = join(root, "config/campaigns/example.yaml");
  const text = readFileSync(path, "utf8");
  const [, id, code] = /advertisers:[\s\S]*?id: (\d+)[\s\S]*?currency: (\w+)/.exec(text)!;
  const known = { id: Number(id), currency: packAlpha3(code!) };
  new AdvertiserCurrencies(currenciesPath(root)).note([known as never]);
  writeFileSync(path, text.replace(`currency: ${code}`, "currency: GBP"));
  const refused = await apply();
  expect([refused.code, refused.words]).toEqual([
    ...[1, expect.stringContaining(`is booked in ${code}`)],
  ]);
});
