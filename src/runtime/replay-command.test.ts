import { expect, it } from "vitest";
import { testIo } from "../testing/command-io.js";
import { corporaFolder, corporaMissing, corporaPresent } from "../testing/corpora.js";
import { processIo } from "./command-io.js";
import { type ReplayOptions, type ReplayReport, runReplay } from "./replay-command.js";

const config = "fixtures/worlds/rules";
const now = Date.parse("2026-11-23T04:00:00Z");
const request = (site: string, change: object = {}): object => ({
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  ...{ site: { domain: `${site}.rules.example` }, device: { geo: { country: "USA" } } },
  ...change,
});

async function replay(lines: readonly string[], options: Partial<ReplayOptions> = {}) {
  const io = testIo({ "requests.ndjson": lines.join("\n") }, now);
  const code = await runReplay("requests.ndjson", { config, ...options }, io);
  return { code, out: io.out(), err: io.err() };
}

const lines = [
  JSON.stringify(request("plain")),
  JSON.stringify({ n: 1, kind: "2.x", req: request("plain") }),
  JSON.stringify({ req: JSON.stringify(request("first")) }),
  "",
  "{broken",
  JSON.stringify(request("plain", { bcat: ["IAB25"] })),
  JSON.stringify(request("plain", { regs: { gdpr: 1 } })),
  "7",
  JSON.stringify({ id: "no imps" }),
  JSON.stringify(
    request("audience", { device: { os: "iOS", ifa: "6D92078A-8246-4BA4-AE5B-76104861E7DC" } }),
  ),
];

it("counts what became of each request, and numbers the lines that hold none", async () => {
  const { code, out } = await replay(lines, { json: true });
  const report = JSON.parse(out) as ReplayReport;
  expect(code).toBe(0);
  expect(report).toMatchObject({ requests: 7, answered: 3, exchange: "openrtb26" });
  expect(report.outcomes).toMatchObject({
    ...{ bid: 3, creative_category: 1, no_consent: 1, bad_request: 1 },
  });
  expect(Object.values(report.outcomes).reduce((sum, count) => sum + count, 0)).toBe(7);
  expect([report.badLines, report.badLineNumbers]).toEqual([2, [5, 8]]);
  expect(report.meanMicroseconds).toBeGreaterThan(0);
});

it("prints the same as a table, the most frequent first", async () => {
  const { out } = await replay(lines);
  expect(out).toMatch(/^exchange openrtb26: 7 requests, 3 answered with \d bids/);
  expect(out).toMatch(/outcome +requests +share\nbid +3 +42.9 %/);
  expect(out).toContain("2 lines hold no request: 5, 8");
  expect(out).not.toContain("6D92078A");
});

it("speaks as the exchange that is named, and refuses one that does not exist", async () => {
  const { out } = await replay(lines.slice(0, 1), { exchange: "strict", json: true });
  expect((JSON.parse(out) as ReplayReport).outcomes).toEqual({ schain_blocked: 1 });
  await expect(replay(lines, { exchange: "x" })).rejects.toMatchObject({ name: "UsageError" });
});

it("fails where no line holds a request, and where there is no file", async () => {
  expect((await replay(["", "{"])).code).toBe(1);
  const io = testIo({}, now);
  expect([await runReplay("none", { config }, io), io.err()]).toEqual([
    ...[1, expect.stringContaining("none: ENOENT")],
  ]);
});

it.skipIf(!corporaPresent())(`runs the whole corpus (${corporaMissing})`, async () => {
  const out: string[] = [];
  const io = { ...processIo, stdout: (text: string) => void out.push(text) };
  const file = `${corporaFolder}/misc-requests.ndjson`;
  expect(await runReplay(file, { config: "config/demo", json: true }, io)).toBe(0);
  expect(JSON.parse(out.join(""))).toMatchObject({ requests: 651, badLines: 0 });
});
