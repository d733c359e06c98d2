import { existsSync } from "node:fs";
import type { BankConfig } from "../bank/config/model.js";
import { bankSegmentNames } from "../bank/config/segment-names.js";
import { hasErrors, type Issue, issueText, sortIssues } from "../campaign/issue.js";
import { lint } from "../campaign/lint.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { CreativeModel } from "../campaign/model.js";
import type { TemplateProblem } from "../wire/creative-template.js";
import { compileTemplates } from "../wire/template-compile.js";
import { bookCopyPath, readCommandConfig } from "./command-config.js";
import { newestEpoch } from "./command-epoch.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { readBankConfig, readConfigForm } from "./read-config.js";
import type { ConfigReading } from "./world-desk-parts.js";

/** `crowdbid check`, flags as text by commander's names. */
export type CheckOptions = {
  readonly config: string;
  /**
   * What its store holds is checked, too. A snapshot there gives the names of segments; without one
   * the bank's files do, and without those they are not checked.
   */
  readonly data?: string | undefined;
  /** Notice addresses are made from it: their length counts. */
  readonly publicUrl?: string | undefined;
  readonly json?: boolean | undefined;
};

const defaultPublicUrl = "https://bidder.invalid";

/** Prints everything that is wrong with a config folder; fails when something is an error. */
export function runCheck(options: CheckOptions, io: CommandIo): Promise<ExitCode> {
  const reading = readConfigForm(options.config);
  const warnings: string[] = [];
  const bank = readBankConfig(options.config, reading.config?.book ?? null);
  const { config } = reading;
  const findingsOf = (one: ConfigReading): readonly Issue[] =>
    one.config === null
      ? []
      : findingsIn(one, one.config, bank?.config ?? null, options, io, warnings);
  const findings = [...findingsOf(reading), ...storeFindings(options, io, warnings, findingsOf)];
  for (const warning of warnings) io.stderr(`${warning}\n`);
  // A folder that cannot be read is said by both, once is enough.
  const said = new Set(reading.issues.map(issueText));
  const bankIssues = (bank?.issues ?? []).filter((issue) => !said.has(issueText(issue)));
  const all = [...reading.issues, ...bankIssues, ...findings];
  // What stands in the files and in the store is said once.
  const issues = sortIssues([...new Map(all.map((issue) => [issueText(issue), issue])).values()]);
  const errors = issues.filter(({ severity }) => severity === "error").length;
  const summary = { errors, warnings: issues.length - errors };
  if (options.json === true) {
    io.stdout(`${JSON.stringify({ ok: errors === 0, ...summary, issues })}\n`);
  } else {
    for (const issue of issues) io.stdout(`${issueText(issue)}\n`);
    io.stdout(`${summaryText(config, bank?.config ?? null, summary)}\n`);
  }
  return Promise.resolve(hasErrors(issues) ? ExitCode.FAILED : ExitCode.OK);
}

/** What is wrong with what the desk's store of the data folder holds, as far as files do not. */
function storeFindings(
  { config, data }: CheckOptions,
  io: CommandIo,
  warnings: string[],
  findingsOf: (reading: ConfigReading) => readonly Issue[],
): readonly Issue[] {
  if (data === undefined || !existsSync(bookCopyPath(data))) return [];
  const warn = (line: string): void => void warnings.push(line);
  const reading = readCommandConfig(config, data, io.nowMs(), warn);
  return [...reading.issues, ...findingsOf(reading)];
}

function findingsIn(
  reading: ConfigReading,
  config: LoadedConfig,
  bank: BankConfig | null,
  options: CheckOptions,
  io: CommandIo,
  warnings: string[],
): readonly Issue[] {
  const nowMs = io.nowMs();
  const epoch = newestEpoch(options.data ?? null, nowMs, warnings);
  const made = bank === null ? null : bankSegmentNames(bank);
  const known = epoch?.manifest.segments ?? made;
  const hosts = reading.privacy?.thirdPartyHosts ?? [];
  const problems = templateProblems(config, options.publicUrl ?? defaultPublicUrl, hosts);
  const whole = problems.get(0) ?? [];
  return [
    ...whole.map(
      (message): Issue => ({
        ...{ severity: "error", file: options.config, line: 1, column: 1, message },
      }),
    ),
    ...lint(config, {
      nowMs,
      segments: known === null ? null : new Map(known.map((s) => [s.name, s.agencies])),
      markupProblems: ({ id }: CreativeModel) => problems.get(id) ?? [],
    }),
  ];
}

/** What the template compiler finds, by creative id (0 = all of them), each sentence once. */
function templateProblems(
  { book, exchanges }: LoadedConfig,
  publicUrl: string,
  thirdPartyHosts: readonly string[],
): ReadonlyMap<number, readonly string[]> {
  const { creatives, agencies } = book;
  const input = { creatives, agencies, exchanges, publicUrl, retired: [], thirdPartyHosts };
  const compiled = compileTemplates(input);
  const found = new Map<number, Set<string>>();
  for (const problem of compiled.problems) {
    const sentences = found.get(problem.creative) ?? new Set<string>();
    found.set(problem.creative, sentences.add(sentenceOf(problem)));
  }
  return new Map([...found].map(([creative, sentences]) => [creative, [...sentences]]));
}

const sentenceOf = ({ exchange, what }: TemplateProblem): string =>
  exchange === "" ? what : `on ${exchange}: ${what}`;

function summaryText(
  config: LoadedConfig | null,
  bank: BankConfig | null,
  { errors, warnings }: { readonly errors: number; readonly warnings: number },
): string {
  const found = `${plural(errors, "error")}, ${plural(warnings, "warning")}`;
  if (config === null) return found;
  const { lineItems, creatives } = config.book;
  const what = [
    ...(bank === null ? [] : bankTexts(bank)),
    plural(config.exchanges.length, "exchange"),
    plural(lineItems.length, "line item"),
    plural(creatives.length, "creative"),
  ];
  return `${what.join(", ")}: ${found}`;
}

const bankTexts = (bank: BankConfig): readonly string[] => [
  plural(bank.markets.size, "market"),
  plural(bank.touchpoints.size, "touch-point"),
  plural(bankSegmentNames(bank).length, "segment"),
];

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
