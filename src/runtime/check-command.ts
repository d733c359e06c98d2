import { hasErrors, type Issue, issueText, sortIssues } from "../campaign/issue.js";
import { lint } from "../campaign/lint.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { CreativeModel } from "../campaign/model.js";
import { compileTemplates, type TemplateProblem } from "../wire/template-compile.js";
import { newestEpoch } from "./command-epoch.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { readConfigForm } from "./read-config.js";

/** `crowdbid check`, flags as text by commander's names. */
export type CheckOptions = {
  readonly config: string;
  /** A snapshot there gives the names of segments; without one they are not checked. */
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
  const findings = reading.config === null ? [] : findingsIn(reading.config, options, io, warnings);
  for (const warning of warnings) io.stderr(`${warning}\n`);
  const issues = sortIssues([...reading.issues, ...findings]);
  const errors = issues.filter(({ severity }) => severity === "error").length;
  const summary = { errors, warnings: issues.length - errors };
  if (options.json === true) {
    io.stdout(`${JSON.stringify({ ok: errors === 0, ...summary, issues })}\n`);
  } else {
    for (const issue of issues) io.stdout(`${issueText(issue)}\n`);
    io.stdout(`${summaryText(reading.config, summary)}\n`);
  }
  return Promise.resolve(hasErrors(issues) ? ExitCode.FAILED : ExitCode.OK);
}

function findingsIn(
  config: LoadedConfig,
  options: CheckOptions,
  io: CommandIo,
  warnings: string[],
): readonly Issue[] {
  const nowMs = io.nowMs();
  const epoch = newestEpoch(options.data ?? null, nowMs, warnings);
  const segments =
    epoch === null
      ? null
      : new Map(epoch.manifest.segments.map(({ name, agencies }) => [name, agencies]));
  const problems = templateProblems(config, options.publicUrl ?? defaultPublicUrl);
  const whole = problems.get(0) ?? [];
  return [
    ...whole.map(
      (message): Issue => ({
        ...{ severity: "error", file: options.config, line: 1, column: 1, message },
      }),
    ),
    ...lint(config, {
      nowMs,
      segments,
      markupProblems: ({ id }: CreativeModel) => problems.get(id) ?? [],
    }),
  ];
}

/** What the template compiler finds, by creative id (0 = all of them), each sentence once. */
function templateProblems(
  { book, exchanges }: LoadedConfig,
  publicUrl: string,
): ReadonlyMap<number, readonly string[]> {
  const { creatives, agencies } = book;
  const compiled = compileTemplates({ creatives, agencies, exchanges, publicUrl, retired: [] });
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
  { errors, warnings }: { readonly errors: number; readonly warnings: number },
): string {
  const found = `${plural(errors, "error")}, ${plural(warnings, "warning")}`;
  if (config === null) return found;
  const { lineItems, creatives } = config.book;
  const what = [
    plural(config.exchanges.length, "exchange"),
    plural(lineItems.length, "line item"),
    plural(creatives.length, "creative"),
  ];
  return `${what.join(", ")}: ${found}`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
