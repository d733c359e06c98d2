import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demoPerson } from "../bank/generate/demo-person.js";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { testIo } from "../testing/command-io.js";
import { buildSyntheticIndex } from "../testing/synthetic-index.js";
import { snapshotsFolderOf } from "./data-folder.js";
import { type ExplainOptions, runExplain } from "./explain-command.js";
import { openKeyFiles } from "./key-files.js";
import { writeSnapshot } from "./snapshot-write.js";

const config = "fixtures/worlds/rules";
const now = Date.parse("2026-11-23T04:00:00Z") as UnixMs;
const request = JSON.stringify({
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  ...{ site: { domain: "audience.rules.example" }, device: { geo: { country: "USA" } } },
});

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), "crowdbid-explain-"));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

async function run(options: Partial<ExplainOptions>, file = "r.json", text = request) {
  const io = testIo({ "r.json": text, "-": text }, now);
  const code = await runExplain(file, { config, ...options }, io);
  return { code, out: io.out(), err: io.err() };
}

describe("crowdbid explain", () => {
  it("prints why each line item bids or not, on epoch 0", async () => {
    const { code, out } = await run({});
    expect(code).toBe(0);
    expect(out).toContain("exchange  openrtb26, generation 1, epoch 0");
    expect(out).toMatch(/not_live +230 +Buys on audience: not live: certificate: seen epoch 0 has/);
  });

  it("reads standard input, prints JSON, and lists only what is asked for", async () => {
    const { code, out } = await run({ json: true, lineItem: "101, 151" }, "-");
    const result = JSON.parse(out) as { imps: { lineItems: { lineItem: number }[] }[] };
    expect(code).toBe(0);
    expect(result.imps[0]?.lineItems.map((one) => one.lineItem)).toEqual([101, 151]);
  });

  it("warns that declared segments mean nothing without a snapshot", async () => {
    const { code, err } = await run({ segments: "interest.running" });
    expect([code, err.includes("give --data")]).toEqual([0, true]);
  });

  it("fails with 1 for a request of a 400, a missing file, a broken config", async () => {
    const refused = await run({}, "r.json", "{}");
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining("400: `id`")]);
    const missing = await run({}, "none.json");
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("none.json: ENOENT")]);
    const broken = await run({ config: join(data, "nowhere") });
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining("no config folder")]);
  });

  it.each([
    [{ exchange: "nowhere" }, "--exchange: give one of openrtb26"],
    [{ segments: "a", person: "1" }, "give one of them"],
    [{ person: "0" }, "--person"],
    [{ person: "x" }, "--person"],
    [{ lineItem: "a" }, "--line-item"],
  ])("throws a usage error for %j", async (options, words) => {
    await expect(run(options)).rejects.toMatchObject({
      ...{ name: "UsageError", message: expect.stringContaining(words) },
    });
  });
});

describe("with a snapshot", () => {
  const folder = (): string => join(data, "with-snapshot");
  beforeAll(() => {
    const keys = openKeyFiles(folder());
    const { identifierKey, identifierKeyId, signing } = keys;
    const people = 2_000;
    const options = { seed: 7, people, epoch: 4 as Epoch, identifierKey, crowdMinimum: 1 };
    const built = buildSyntheticIndex(options);
    // The real crowd minimum judges: bands say that the segments are large, the count says that
    // they are not.
    const segments = built.segments.map((one) => ({ ...one, bandedPeople: 100_000 }));
    const facts = {
      ...{ createdMs: now, notAfterMs: (now + 1e9) as UnixMs, identifierKeyId, source: "test" },
      ...{ forgetSequence: 0, segments, areas: built.areas },
    };
    writeSnapshot(snapshotsFolderOf(folder()), built.image, facts, signing);
  });

  it("uses its segments and counts its audiences at the real crowd minimum", async () => {
    const { code, out } = await run({ data: folder(), segments: "interest.running" });
    expect(code).toBe(0);
    expect(out).toContain("epoch 4");
    expect(out).toContain("declared segments: interest.running");
    expect(out).toMatch(/230 +Buys on audience: .*no certificate in epoch 4 for interest.running/);
  });

  it("takes a generated person, by the segments that the snapshot holds", async () => {
    const { out, code } = await run({ data: folder(), person: "12", json: true });
    const result = JSON.parse(out) as { person: { segments: string[]; unknownPlaces: number[] } };
    const { segments } = demoPerson(12);
    expect(code).toBe(0);
    expect(result.person.segments.length + result.person.unknownPlaces.length).toBe(
      segments.length,
    );
    expect(segments).toEqual(expect.arrayContaining(result.person.segments));
  });

  it("falls back to epoch 0 with a warning when the snapshot is refused", async () => {
    const io = testIo({ "r.json": request }, now + 2e9);
    expect(await runExplain("r.json", { config, data: folder() }, io)).toBe(0);
    expect([io.err(), io.out()]).toEqual([
      expect.stringContaining("epoch 4 is refused"),
      expect.stringContaining("epoch 0"),
    ]);
  });
});
