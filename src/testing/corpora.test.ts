import { describe, expect, it } from "vitest";
import { corporaPresent, corporaTitle } from "./corpora.js";
import { acceptanceCheck, isClean, reportText, runCorpora } from "./corpora-run.js";
import { startInProcess } from "./in-process.js";
import { readFacts } from "./oracle/read-facts.js";

const nowMs = Date.UTC(2026, 10, 23, 4);

describe.skipIf(!corporaPresent())(corporaTitle("the demo world and the public corpora"), () => {
  it.each(["openrtb26", "openrtb25", "onebid"])(
    "%s: nothing that must be bid on is missed, nothing is wrongly bid on",
    async (name) => {
      const facts = readFacts("config/demo", nowMs);
      const bidder = await startInProcess({ configFolder: "config/demo", now: nowMs, seed: 1 });
      const exchange = facts.exchanges.find((one) => one.name === name);
      if (exchange === undefined) throw new Error(`the demo has no exchange ${name}`);
      const ask = async (to: string, body: Uint8Array) => bidder.ask(to, body);
      const checks = [acceptanceCheck(bidder, name)];
      const report = await runCorpora(ask, exchange, facts, checks);
      expect(isClean(report), reportText(report)).toBe(true);
      const answered = [...report.groups.values()].reduce((sum, one) => sum + one.mustAnswered, 0);
      expect(answered).toBeGreaterThan(100);
    },
  );
});
