import { expect, it } from "vitest";
import { audiencesNeeded } from "../campaign/compile.js";
import type { Issue } from "../campaign/issue.js";
import { explainWorld } from "../testing/explain-world.js";
import { adminStatus, issuesShownMax } from "./status.js";

const blank = {
  ...{ world: null, epochAgeSeconds: null, issues: [], configLive: false, needed: [] },
  verdicts: new Map(),
};

it("shows the World, line items by what keeps them, and verdicts in words", async () => {
  const { served, config } = await explainWorld("fixtures/worlds/rules");
  const needed = audiencesNeeded(config.book);
  const verdicts = new Map([
    [needed[0]?.digest ?? "", "certified" as const],
    [needed[1]?.digest ?? "", "refused" as const],
  ]);
  const status = adminStatus({
    ...blank,
    ...{ world: served.world, epochAgeSeconds: 5, configLive: true, needed, verdicts },
  });
  expect([status.generation, status.epoch, status.epochAgeSeconds]).toEqual([1, 1, 5]);
  expect(status.exchanges).toContain("openrtb26");
  const all = Object.values(status.lineItems).reduce((sum, count) => sum + count, 0);
  expect([all, status.lineItems.paused > 0]).toEqual([config.book.lineItems.length, true]);
  expect(status.audiences.map(({ verdict }) => verdict).slice(0, 3)).toEqual(
    ["certified", "refused", "waiting"].slice(0, needed.length),
  );
  // Of people a refusal says one word.
  expect(status.audiences[1]).not.toHaveProperty("cause");
  expect(status.lastRefusal).toBeNull();
  expect(JSON.stringify(status.audiences)).not.toMatch(/\d{4,}|digest|people/);
});

it("says which audiences wait for their segments, and why a snapshot was refused", async () => {
  const { served, config } = await explainWorld("fixtures/worlds/rules");
  const needed = audiencesNeeded(config.book);
  const [first] = needed;
  const status = adminStatus({
    ...blank,
    ...{ world: served.world, needed, warming: new Set([first?.digest ?? ""]) },
    verdicts: new Map([[first?.digest ?? "", "certified" as const]]),
    lastRefusal: {
      epoch: 8,
      code: "changed",
      words: "table-0: its bytes",
      atMs: 1_800_000_000_000,
    },
  });
  expect(status.audiences.map(({ verdict }) => verdict).slice(0, 2)).toEqual([
    "warming",
    "waiting",
  ]);
  expect(status.lastRefusal).toEqual({
    ...{ epoch: 8, code: "changed", reason: "table-0: its bytes", at: "2027-01-15T08:00:00.000Z" },
  });
});

it("has something to show before there is a World, and cuts a long list of issues", () => {
  const issue: Issue = { severity: "error", file: "a.yaml", line: 1, column: 1, message: "x" };
  const issues = Array.from({ length: issuesShownMax + 5 }, () => issue);
  const status = adminStatus({ ...blank, issues });
  expect([status.generation, status.epoch, status.config.issuesLeftOut]).toEqual([0, 0, 5]);
  expect([status.config.live, status.config.issues.length]).toEqual([false, issuesShownMax]);
});
