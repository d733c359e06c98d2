import { z } from "zod";
import { dimensions } from "../../ledger/dimensions.js";
import { checkedAsk, wholePeriod } from "../desk/desk-report.js";
import { type Caller, maySee } from "./access.js";
import { answer, nothingThere, refuse } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { plainly } from "./entity-save.js";
import { seenOf } from "./entity-view.js";
import { agency, house, type Route, route } from "./route.js";
import { csvAnswer } from "./routes-line-items.js";

/** What the running program knows: funnels, plots, reports, exchanges. */

const keyParams = z.object({ key: z.string().max(20) });
const keyText = z
  .string()
  .regex(/^\d{1,10}$/, { error: "is no id" })
  .optional();

export const factRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/line-items/:key/funnel", access: agency("viewer") },
    ...{ summary: "Why a line item does not spend", params: keyParams },
    query: z.strictObject({ days: z.enum(["1", "7", "14"]).default("1") }),
    reply: z.object({
      bars: z.array(
        z.object({
          step: z.enum(["requests", "eligible", "bid", "won", "left out"]),
          ...{ reason: z.string(), count: z.number(), field: z.string(), noisy: z.boolean() },
        }),
      ),
      asOf: z.string(),
    }),
    handler: ({ caller, params, query, nowMs }) => {
      const record = seenOf(desk, caller, "lineItem", params.key);
      if (record === null) return nothingThere();
      const days = Number(query.days) as 1 | 7 | 14;
      const bars = desk.facts.funnel(Number(record.key), days);
      return answer({ bars, asOf: new Date(nowMs).toISOString() });
    },
  }),
  route({
    ...{ method: "GET", path: "/series", access: agency("viewer") },
    summary: "Spend, bids, wins and price over time",
    query: z.strictObject({ lineItem: keyText, advertiser: keyText }),
    reply: z.object({
      points: z.array(
        z.object({
          ...{ at: z.string(), spend: z.string(), bids: z.number(), wins: z.number() },
          cpm: z.string().nullable(),
        }),
      ),
    }),
    handler: ({ caller, query }) => {
      const of = seriesOf(desk, caller, query);
      if (of === null) return nothingThere();
      const points = desk.facts.series(of).map(({ atMs, spend, bids, wins, cpm }) => ({
        ...{ at: new Date(atMs).toISOString(), spend, bids, wins, cpm },
      }));
      return answer({ points });
    },
  }),
  route({
    ...{ method: "GET", path: "/latency", access: house("viewer") },
    summary: "How long answers take",
    reply: z.object({
      points: z.array(
        z.object({
          ...{ at: z.string(), requests: z.number() },
          ...{ p50Us: z.number().nullable(), p99Us: z.number().nullable() },
        }),
      ),
    }),
    handler: () => {
      const points = desk.facts.latency().map(({ atMs, requests, p50Us, p99Us }) => ({
        ...{ at: new Date(atMs).toISOString(), requests, p50Us, p99Us },
      }));
      return answer({ points });
    },
  }),
  ...reportRoutes(desk),
  ...exchangeRoutes(desk),
];

/** null = one of them is not there for the caller. */
function seriesOf(
  desk: Desk,
  caller: Caller,
  { lineItem, advertiser }: { lineItem?: string | undefined; advertiser?: string | undefined },
) {
  const asked = [
    ...(lineItem === undefined ? [] : [seenOf(desk, caller, "lineItem", lineItem)]),
    ...(advertiser === undefined ? [] : [seenOf(desk, caller, "advertiser", advertiser)]),
  ];
  if (asked.includes(null)) return null;
  return {
    ...(lineItem === undefined ? {} : { lineItem: Number(lineItem) }),
    ...(advertiser === undefined ? {} : { advertiser: Number(advertiser) }),
    ...(caller.agency === "" ? {} : { agency: caller.agency }),
  };
}

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}(?::\d{2}){0,2}Z?)?$/, {
  error: 'is no day such as "2026-12-01"',
});
const cells = z.array(z.array(z.string()));

const reportRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/report-dimensions", access: agency("viewer") },
    ...{ summary: "What a report may be by", reply: z.object({ items: z.array(z.string()) }) },
    handler: () => answer({ items: [...dimensions] }),
  }),
  route({
    ...{ method: "POST", path: "/reports", access: agency("viewer") },
    summary:
      "A report, of the last seven days unless it says which; CSV where `accept: text/csv` asks",
    body: z.strictObject({
      by: z.array(z.enum(dimensions)).min(1).max(6),
      ...{ from: day.optional(), to: day.optional() },
      timeZone: z.string().max(64).default("UTC"),
      only: z.partialRecord(z.enum(dimensions), z.array(z.string().max(256)).max(1000)).default({}),
    }),
    reply: z.object({ columns: z.array(z.string()), rows: cells, totals: cells }),
    handler: async ({ caller, body, headers, nowMs }) => {
      const period = wholePeriod(body, body.timeZone, nowMs);
      const wanted = { agency: caller.agency, ...body, ...period };
      const checked = checkedAsk(wanted);
      if (!checked.ok) {
        const errors = checked.problems.map(({ field, message }) => {
          return { field, message: plainly(message) };
        });
        return refuse(422, "mend what `errors` names", errors);
      }
      const { csv, ...report } = await desk.facts.report(wanted);
      const wantsCsv = (headers.accept ?? "").toLowerCase().startsWith("text/csv");
      return wantsCsv ? csvAnswer(csv, "report.csv") : answer(report);
    },
  }),
];

const exchangeBrief = z.object({ id: z.int(), name: z.string(), stopped: z.boolean() });
const exchangeReply = exchangeBrief.extend({
  ...{ profile: z.string(), endpoint: z.string() },
  ...{ requests: z.number(), bids: z.number(), wins: z.number() },
  ...{ queriesPerSecond: z.number(), queriesPerSecondMax: z.number().nullable() },
  errors: z.array(
    z.object({
      ...{ kind: z.string(), lastHour: z.number(), sinceStart: z.number() },
      tolerancePercent: z.number().nullable(),
    }),
  ),
  headers: z.array(z.object({ name: z.string(), value: z.string(), why: z.string() })),
  samples: z.array(z.object({ name: z.string(), body: z.string() })),
});
const nameParams = z.object({ name: z.string().max(64) });
const exchangeTextMax = 300_000;

const exchangeRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/exchanges", access: agency("viewer"), summary: "Exchanges" },
    reply: z.object({ items: z.array(z.union([exchangeReply, exchangeBrief])) }),
    handler: ({ caller }) => {
      const all = desk.facts.exchanges();
      // How busy the house is at an exchange is no agency's business.
      const brief = all.map(({ id, name, stopped }) => ({ id, name, stopped }));
      return answer({ items: maySee(caller, "") ? all : brief });
    },
  }),
  route({
    ...{ method: "GET", path: "/exchanges/:name", access: house("viewer") },
    ...{ summary: "One exchange, for who integrates it", params: nameParams },
    reply: exchangeReply,
    handler: ({ params }) => {
      const found = desk.facts.exchanges().find(({ name }) => name === params.name);
      return found === undefined ? nothingThere() : answer(found);
    },
  }),
  route({
    ...{ method: "POST", path: "/exchanges/:name/check-answer", access: house("viewer") },
    ...{ summary: "What an exchange would object to in an answer", params: nameParams },
    body: z.strictObject({
      ...{ request: z.string().max(exchangeTextMax), answer: z.string().max(exchangeTextMax) },
    }),
    reply: z.object({
      issues: z.array(z.object({ field: z.string(), message: z.string() })),
    }),
    handler: ({ params, body }) => {
      const isThere = desk.facts.exchanges().some(({ name }) => name === params.name);
      if (!isThere) return nothingThere();
      const issues = desk.facts.checkAnswer(params.name, body.request, body.answer);
      return answer({
        issues: issues.map(({ field, message }) => ({ field, message: plainly(message) })),
      });
    },
  }),
];
