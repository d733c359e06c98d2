import { describe, expect, it } from "vitest";
import { corporaPresent, corporaTitle } from "./corpora.js";
import type { Ask, CorporaReport } from "./corpora-run.js";
import { askOne, emptyReport, reportText, runCorpora } from "./corpora-run.js";
import { judge } from "./oracle/judge.js";
import { objectsAt, parsed } from "./oracle/plain.js";
import { tinyExchange, tinyFacts } from "./oracle/tiny-world.js";

/** Bidders that are wrong on purpose: the run must find each of them out. */
const encoder = new TextEncoder();
const empty = new Uint8Array();
const bidOn = (body: Uint8Array): Uint8Array => {
  const request = parsed(body)?.value;
  const imp = objectsAt(request, "imp")[0] ?? {};
  const id = (request as { id?: unknown } | undefined)?.id;
  const bid = {
    ...{ id: "1", impid: imp["id"], price: 2.5, adm: "<b></b>", crid: "1", cid: "1" },
    ...{ adomain: ["brand.example"], mtype: 1, w: 300, h: 250 },
  };
  return encoder.encode(JSON.stringify({ id, seatbid: [{ seat: "seat-1", bid: [bid] }] }));
};
const silent: Ask = async () => ({ status: 204, body: empty });
const eager: Ask = async (_exchange, body) => ({ status: 200, body: bidOn(body) });
const honest: Ask = async (_exchange, body) => {
  const { verdict, statuses } = judge(body, tinyExchange, tinyFacts);
  const right = statuses.find((status) => status !== 200) ?? 204;
  return verdict === "must" ? { status: 200, body: bidOn(body) } : { status: right, body: empty };
};

const sum = (report: CorporaReport, key: "mustMissed" | "wronglyBid" | "wrongStatus"): number =>
  [...report.groups.values()].reduce((total, figures) => total + figures[key], 0);

async function askAll(ask: Ask, bodies: readonly string[]): Promise<CorporaReport> {
  const report = emptyReport();
  for (const text of bodies) {
    const one = { group: "made", name: text.slice(0, 20), body: encoder.encode(text) };
    await askOne(ask, one, tinyExchange, tinyFacts, [], report);
  }
  return report;
}

const bodies = [
  '{"id":"a","imp":[{"id":"1","banner":{"w":300,"h":250}}]}',
  '{"id":"a","imp":[{"id":"1","banner":{"w":300,"h":250}}],"regs":{"gdpr":1}}',
  '{"id":"a","imp":[]}',
  "{",
];

describe("the run over requests finds bad bidders out", () => {
  it("says of one that never bids that it misses and gives wrong statuses", async () => {
    const report = await askAll(silent, bodies);
    expect([sum(report, "mustMissed"), sum(report, "wrongStatus")]).toEqual([1, 2]);
  });

  it("says of one that always bids that it bids wrongly", async () => {
    const report = await askAll(eager, bodies);
    expect([sum(report, "mustMissed"), sum(report, "wronglyBid")]).toEqual([0, 3]);
  });

  it("has nothing to say of one that does right", async () => {
    expect((await askAll(honest, bodies)).failures).toEqual([]);
  });
});

describe.skipIf(!corporaPresent())(corporaTitle("the whole corpora"), () => {
  it("are missed by a silent bidder and found wanting in an eager one", async () => {
    const missed = await runCorpora(silent, tinyExchange, tinyFacts);
    expect(sum(missed, "mustMissed")).toBeGreaterThan(100);
    const wrong = await runCorpora(eager, tinyExchange, tinyFacts);
    expect(sum(wrong, "wronglyBid")).toBeGreaterThan(248);
    expect(reportText(wrong)).toContain("wrongly bid");
  });

  it("hold 402 requests of OpenRTB 2.x", async () => {
    const report = await runCorpora(silent, tinyExchange, tinyFacts);
    expect(report.groups.get("requests 2.x")?.requests).toBe(402);
    expect(report.groups.get("JSON n, whole body")?.requests).toBe(188);
  });
});
