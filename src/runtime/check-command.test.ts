import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { bankTexts } from "../testing/bank-config.js";
import { testIo } from "../testing/command-io.js";
import { type CheckOptions, runCheck } from "./check-command.js";

const now = Date.parse("2026-11-23T04:00:00Z");
const made: string[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crowdbid-check-"));
  made.push(folder);
  cpSync("fixtures/worlds/rules", folder, { recursive: true });
});
afterAll(() => {
  for (const one of made) rmSync(one, { recursive: true, force: true });
});

function change(file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

async function check(options: Partial<CheckOptions> = {}) {
  const io = testIo({}, now);
  const code = await runCheck({ config: folder, ...options }, io);
  return { code, out: io.out(), err: io.err() };
}

type Report = {
  ok: boolean;
  errors: number;
  issues: { file: string; line: number; column: number; severity: string; message: string }[];
};

it("passes the demo's config and says what it holds", async () => {
  const { code, out } = await check({ config: "config/demo" });
  expect(code).toBe(0);
  expect(out).toMatch(/\d+ exchanges, \d+ line items, \d+ creatives: 0 errors, \d+ warnings?\n$/);
  const lines = out.trim().split("\n");
  expect(new Set(lines).size, "each finding once").toBe(lines.length);
});

it("points at an unknown key with file, line and column", async () => {
  change("campaigns/rules.yaml", "    name: House\n", "    nome: House\n");
  const { code, out } = await check();
  expect(code).toBe(1);
  expect(out).toMatch(/campaigns\/rules\.yaml:5:5: error: .*did you mean "name"\?/);
  expect(out).toMatch(/\d+ errors?, \d+ warnings?\n$/);
});

it("says of the privacy file what is wrong and where", async () => {
  change("privacy.yaml", "maxAgeDays: 395", "maxAgeDays: 0");
  const { code, out } = await check();
  expect([code, /privacy\.yaml:\d+:\d+: error: tcf\.maxAgeDays/.test(out)]).toEqual([1, true]);
});

it("finds a macro in markup that no template can fill, at its creative", async () => {
  change("campaigns/rules.yaml", `html: '<a`, `html: '<b>{NO_SUCH_MACRO}</b><a`);
  const { code, out } = await check({ json: true });
  const report = JSON.parse(out) as Report;
  const found = report.issues.find(({ message }) => message.includes("NO_SUCH_MACRO"));
  expect([code, report.ok, found?.severity]).toEqual([1, false, "error"]);
  expect(found?.file).toContain("campaigns/rules.yaml");
  expect(found?.line).toBeGreaterThan(1);
});

/** Puts a small bank beside the campaigns; its advertiser 1 is agency 1's, as there. */
function addBank(audience: string): void {
  for (const [name, text] of Object.entries(bankTexts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text.replace("advertiser: 11", "advertiser: 1"));
  }
  change(
    "campaigns/rules.yaml",
    "    campaign: 1\n",
    `    campaign: 1\n    audience: ${audience}\n`,
  );
}

it("takes the names of segments from the bank's files where no snapshot is given", async () => {
  addBank("{ all: [interest.sports, { none: [aipl.northwind.loyalty] }] }");
  const { out } = await check();
  expect(out).toMatch(/\n1 market, 2 touch-points, 7 segments, \d+ exchanges, /);
  expect(out).not.toContain("no snapshot");
  expect(out).not.toMatch(/no segment "(?:interest\.sports|aipl)/);
  change("campaigns/rules.yaml", "[interest.sports,", "[interest.sprots,");
  const { code, out: told } = await check();
  expect(code).toBe(1);
  expect(told).toMatch(
    /rules\.yaml:\d+:\d+: error: there is no segment "interest\.sprots": did you mean "interest.sp/,
  );
});

it("knows no private segment for another agency, and suggests none", async () => {
  addBank("premium.guests");
  const { code, out } = await check();
  expect(code).toBe(1);
  expect(out).toContain('error: there is no segment "premium.guests": known: aipl.northwind');
  expect(out.match(/premium/g)).toHaveLength(1);
});

it("prints the findings of the bank's files, and of an inside segment that is used", async () => {
  addBank("inside.viewers");
  expect((await check()).out).toContain('error: there is no segment "inside.viewers"');
  change("segments/a.yaml", "did: search, category", "did: serch, category");
  change("segments/a.yaml", "advertiser: 1\n", "advertiser: 6\n");
  const { code, out } = await check();
  expect(code).toBe(1);
  expect(out).toMatch(/segments\/a\.yaml:6:18: error: there is no touch-point "serch"/);
  expect(out).toContain("error: advertiser 6 belongs to agency 2: write 2");
});

it("fails for a folder that is not there, in one line", async () => {
  const { code, out } = await check({ config: join(folder, "nowhere") });
  expect([code, out]).toEqual([1, expect.stringContaining("no config folder")]);
});
