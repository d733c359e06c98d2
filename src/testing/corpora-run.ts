import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { acceptanceProblems } from "../wire/accept.js";
import type { CorpusCase } from "./corpora.js";
import {
  carried,
  jsonTests,
  malformedCases,
  naughtyCases,
  requestCases,
  schemasFolder,
} from "./corpora.js";
import type { InProcess } from "./in-process.js";
import { answerFaults, carriesBid } from "./oracle/answer-checks.js";
import type { Judgement } from "./oracle/judge.js";
import { judge } from "./oracle/judge.js";
import { isPlain, parsed } from "./oracle/plain.js";
import type { ExchangeFacts, WorldFacts } from "./oracle/world-facts.js";

/** Sends one body to an exchange's bid address: in process or over HTTP. */
export type Ask = (
  exchange: string,
  body: Uint8Array,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

export type GroupFigures = {
  requests: number;
  mustAnswered: number;
  mustMissed: number;
  wronglyBid: number;
  rightlySilent: number;
  mayBid: number;
  maySilent: number;
  wrongStatus: number;
  nonConforming: number;
};

export type CorporaReport = {
  readonly groups: Map<string, GroupFigures>;
  /** Why a verdict was "may", with its count. */
  readonly doubts: Map<string, number>;
  /** Why a verdict was "may not", with its count. */
  readonly refusals: Map<string, number>;
  /** Every failure in one sentence. */
  readonly failures: string[];
};

export const isClean = (report: CorporaReport): boolean => report.failures.length === 0;

type Check = (request: unknown, body: Uint8Array) => readonly string[];

/**
 * Asks everything of the corpora. `also` are further checks of each 200, e.g. the acceptance rules.
 */
export async function runCorpora(
  ask: Ask,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  also: readonly Check[] = [],
): Promise<CorporaReport> {
  const checks = [schemaCheck(), ...also];
  const report = emptyReport();
  for (const one of [...requestCases(), ...malformedCases(), ...naughtyCases()]) {
    await askOne(ask, one, exchange, facts, checks, report);
  }
  await runJsonTests(ask, exchange, facts, checks, report);
  return report;
}

export const emptyReport = (): CorporaReport => ({
  groups: new Map(),
  doubts: new Map(),
  refusals: new Map(),
  failures: [],
});

/** Asks one body, judges it, and books the answer. */
export async function askOne(
  ask: Ask,
  one: CorpusCase,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  checks: readonly Check[],
  report: CorporaReport,
): Promise<void> {
  const judgement = judge(one.body, exchange, facts);
  const answer = await ask(exchange.name, one.body);
  const figures = figuresOf(report, one.group);
  figures.requests++;
  const bid = answer.status === 200 && carriesBid(answer.body);
  const fail = (what: string): void =>
    void report.failures.push(`${one.group} ${one.name}: ${what}`);
  const wasWrong = book(figures, judgement, bid);
  if (wasWrong !== null) fail(`${wasWrong} (${judgement.reasons.join("; ")})`);
  if (judgement.verdict === "may") count(report.doubts, judgement.reasons[0] ?? "");
  if (judgement.verdict === "may-not") count(report.refusals, judgement.reasons.join(", "));
  const silentForm = answer.status === 200 && !bid && exchange.noBid !== "204";
  const right = silentForm
    ? judgement.statuses.includes(204)
    : statusFits(judgement, answer.status);
  if (!right && wasWrong === null) {
    figures.wrongStatus++;
    fail(`status ${answer.status}, right is ${judgement.statuses.join(" or ")}`);
  }
  if (answer.status !== 200 && answer.body.length > 0) fail(`a body with status ${answer.status}`);
  if (answer.status !== 200 || !bid) {
    if (answer.status === 200 && !silentForm) fail("a 200 without a bid");
    return;
  }
  const request = parsed(one.body)?.value;
  const faults = isPlain(request) ? answerFaults(request, answer.body, exchange, facts) : [];
  for (const check of checks) faults.push(...check(request, answer.body));
  if (faults.length > 0) figures.nonConforming++;
  for (const fault of faults) fail(fault);
}

const statusFits = (judgement: Judgement, status: number): boolean =>
  judgement.statuses.includes(status);

/** Books one answer; gives what is wrong, null = nothing. */
function book(figures: GroupFigures, judgement: Judgement, bid: boolean): string | null {
  if (judgement.verdict === "must") {
    if (bid) figures.mustAnswered++;
    else figures.mustMissed++;
    return bid ? null : "missed: this must be bid on";
  }
  if (judgement.verdict === "may-not") {
    if (bid) figures.wronglyBid++;
    else figures.rightlySilent++;
    return bid ? "wrongly bid" : null;
  }
  if (bid) figures.mayBid++;
  else figures.maySilent++;
  return null;
}

async function runJsonTests(
  ask: Ask,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  checks: readonly Check[],
  report: CorporaReport,
): Promise<void> {
  for (const { name, sort, text } of jsonTests()) {
    const inside = { group: `JSON ${sort}, in a field`, name, body: carried(text) };
    if (sort !== "i") await askOne(ask, inside, exchange, facts, checks, report);
    else await expectStatus(ask, exchange, inside, [200, 400], report);
    const whole = { group: `JSON ${sort}, whole body`, name, body: text };
    await expectStatus(ask, exchange, whole, [400], report);
  }
}

/** 413 is as right as 400 for a body above the cap. */
const bodyCap = 128 * 1024;

async function expectStatus(
  ask: Ask,
  exchange: ExchangeFacts,
  one: CorpusCase,
  statuses: readonly number[],
  report: CorporaReport,
): Promise<void> {
  const figures = figuresOf(report, one.group);
  figures.requests++;
  const { status } = await ask(exchange.name, one.body);
  if (status === 413 && one.body.length > bodyCap) return;
  if (statuses.includes(status)) return;
  figures.wrongStatus++;
  report.failures.push(
    `${one.group} ${one.name}: status ${status}, right is ${statuses.join(" or ")}`,
  );
}

function figuresOf(report: CorporaReport, group: string): GroupFigures {
  const known = report.groups.get(group);
  if (known !== undefined) return known;
  const figures: GroupFigures = {
    ...{ requests: 0, mustAnswered: 0, mustMissed: 0, wronglyBid: 0, rightlySilent: 0 },
    ...{ mayBid: 0, maySilent: 0, wrongStatus: 0, nonConforming: 0 },
  };
  report.groups.set(group, figures);
  return figures;
}

const count = (counts: Map<string, number>, what: string): void =>
  void counts.set(what, (counts.get(what) ?? 0) + 1);

/** The public response schemas of both versions. */
export function schemaCheck(): Check {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
  const validators = ["2.5", "2.6-202606"].map((version) => {
    const file = join(schemasFolder, `openrtb-${version}-bid-response.schema.json`);
    const schema = parsed(readFileSync(file))?.value;
    if (!isPlain(schema)) throw new Error(`${file} is no JSON object`);
    return { version, validate: ajv.compile(schema) };
  });
  return (_request, body) => {
    const value = parsed(body)?.value;
    return validators
      .filter(({ validate }) => !validate(value))
      .map(({ version, validate }) => `schema ${version}: ${ajv.errorsText(validate.errors)}`);
  };
}

/** The acceptance rules of wire/accept, which share no code with the oracle. */
export function acceptanceCheck(bidder: InProcess, exchangeName: string): Check {
  const { exchanges, rates } = bidder.bidder.world.world;
  const exchange = exchanges.find(({ name }) => name === exchangeName);
  if (exchange === undefined) throw new Error(`no exchange ${exchangeName}`);
  const parseJson = (text: string): unknown => parsed(text)?.value;
  return (request, body) =>
    acceptanceProblems(request, parsed(body)?.value, { parseJson, exchange, rates }).map(
      (problem) => `accept: ${problem}`,
    );
}

const columns: readonly (readonly [keyof GroupFigures, string])[] = [
  ["requests", "requests"],
  ["mustAnswered", "must bid, answered"],
  ["mustMissed", "missed"],
  ["wronglyBid", "wrongly bid"],
  ["rightlySilent", "may not, silent"],
  ["mayBid", "may, bid"],
  ["maySilent", "may, silent"],
  ["wrongStatus", "wrong status"],
  ["nonConforming", "non-conforming"],
];

/** The figures as a table, the doubts by reason, and the failures. */
export function reportText(report: CorporaReport, failuresMax = 20): string {
  const rows = [["corpus", ...columns.map(([, title]) => title)]];
  for (const [group, figures] of report.groups) {
    rows.push([group, ...columns.map(([key]) => String(figures[key]))]);
  }
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
  const listed = (title: string, counts: ReadonlyMap<string, number>): string[] => [
    `${title}:`,
    ...[...counts].sort((a, b) => b[1] - a[1]).map(([what, n]) => `  ${n}  ${what.slice(0, 150)}`),
  ];
  const failures = report.failures.slice(0, failuresMax).map((failure) => `  ${failure}`);
  return [
    ...table,
    ...listed("may, because of", report.doubts),
    ...listed("may not, because of", report.refusals),
    `failures: ${report.failures.length}`,
    ...failures,
  ].join("\n");
}
