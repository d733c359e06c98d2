import { existsSync } from "node:fs";
import { join } from "node:path";
import { unpackAlpha3 } from "../base/units.js";
import { nearestName } from "../campaign/issue.js";
import { isZone } from "../campaign/zone.js";
import type { JournalReading } from "../ledger/checkpoint.js";
import { type Dimension, dimensions, reportFilters } from "../ledger/dimensions.js";
import { type ReportAsk, type ReportNames, reportOf } from "../ledger/report.js";
import { decimalOf, reportCsv, reportObjects, reportTable } from "../ledger/report-text.js";
import { readCommandConfig } from "./command-config.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { readFailure } from "./explain-command.js";
import { UsageError } from "./flags.js";
import { readSums } from "./journal-sums.js";
import { reportNames } from "./report-names.js";

/** `crowdbid report`, flags as text by commander's names. */
export type ReportOptions = {
  readonly data: string;
  readonly config?: string | undefined;
  readonly by: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly csv?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** False: neither reads nor writes the stored sums. */
  readonly checkpoint?: boolean | undefined;
} & Readonly<Record<string, string | boolean | undefined>>;

/** Prints what the journal says was asked, bid, won and spent. Reads beside a running bidder. */
export function runReport(options: ReportOptions, io: CommandIo): Promise<ExitCode> {
  const ask = askOf(options);
  const names = namesFor(options, io);
  const reading = readingOf(options, io);
  if (names === null || reading === null) return Promise.resolve(ExitCode.FAILED);
  const report = reportOf([...reading.state.cube.rows()], names, ask);
  const outstanding = outstandingOf(reading, names, io.nowMs());
  if (options.json === true) {
    const { sequence } = reading.state.mark;
    const journal = { lastBlock: sequence, fromCheckpoint: reading.fromCheckpoint };
    io.stdout(`${JSON.stringify({ journal, ...reportObjects(report), outstanding })}\n`);
  } else if (options.csv === true) {
    io.stdout(reportCsv(report));
  } else {
    io.stdout(reportTable(report));
    for (const { currency, amount } of outstanding) {
      io.stdout(`outstanding (granted, neither billed nor returned): ${amount} ${currency}\n`);
    }
    if (report.rows.length > 0) io.stdout(footnote);
  }
  return Promise.resolve(ExitCode.OK);
}

const footnote =
  "Budgets are media budgets: margin, data and technical fees come on top. `late` is the part of " +
  "media that was billed after its reservation was released.\n";

function askOf(options: ReportOptions): ReportAsk {
  const { from = "", to = "", timeZone = "" } = options;
  for (const [flag, day] of [
    ["--from", from],
    ["--to", to],
  ] as const) {
    if (day !== "" && !/^\d{4}-\d{2}-\d{2}$/.test(day)) {
      throw new UsageError(`${flag}: give a day such as 2026-12-01`);
    }
  }
  if (timeZone !== "" && !isZone(timeZone)) {
    throw new UsageError("--time-zone: give a name of the IANA database such as Europe/Paris");
  }
  if (options.csv === true && options.json === true) {
    throw new UsageError("--csv and --json: give one of them");
  }
  const by = wordsOf(options.by).map(dimensionFrom);
  if (by.length === 0) throw new UsageError(`--by: give some of ${dimensions.join(", ")}`);
  if (new Set(by).size < by.length) throw new UsageError("--by: give each once");
  const only: Partial<Record<Dimension, readonly string[]>> = {};
  for (const name of reportFilters) {
    const given = options[camelCase(name)];
    if (typeof given === "string") only[name] = wordsOf(given);
  }
  return { by, from, to, timeZone, only };
}

const camelCase = (name: string): string =>
  name.replace(/-([a-z])/, (_, letter: string) => letter.toUpperCase());

const wordsOf = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

function dimensionFrom(word: string): Dimension {
  const found = dimensions.find((name) => name === word);
  if (found !== undefined) return found;
  const near = nearestName(word, dimensions);
  const hint = near === "" ? `give some of ${dimensions.join(", ")}` : `did you mean ${near}?`;
  throw new UsageError(`--by: there is no "${word}": ${hint}`);
}

function namesFor({ config, data }: ReportOptions, io: CommandIo): ReportNames | null {
  if (config === undefined) {
    io.stderr("without --config there are ids in place of names, and days are in UTC\n");
    return reportNames(null);
  }
  const reading = readCommandConfig(config, data, io.nowMs(), (line) => io.stderr(`${line}\n`));
  if (reading.config === null) {
    io.stderr(`${config} cannot be read: \`crowdbid check --config ${config}\` says why\n`);
    return null;
  }
  return reportNames(reading.config);
}

function readingOf({ data, checkpoint }: ReportOptions, io: CommandIo): JournalReading | null {
  if (!existsSync(join(data, "journal"))) {
    io.stderr(`there is no journal in ${data}: give --data the data folder of a bidder\n`);
    return null;
  }
  try {
    return readSums(data, checkpoint !== false);
  } catch (error) {
    io.stderr(`${readFailure(error)}\n`);
    return null;
  }
}

/** By currency, in units. */
function outstandingOf(
  { state }: JournalReading,
  names: ReportNames,
  nowMs: number,
): readonly { readonly currency: string; readonly amount: string }[] {
  const sums = new Map<number, bigint>();
  for (const [lineItem, nanos] of state.ledger.outstanding(nowMs)) {
    const terms = state.ledger.termsOf(lineItem);
    const known = terms === undefined || terms.currency === 0 ? undefined : terms;
    const currency = known?.currency ?? names.owner.get(lineItem)?.currency ?? 0;
    sums.set(currency, (sums.get(currency) ?? 0n) + nanos);
  }
  return [...sums]
    .filter(([, nanos]) => nanos !== 0n)
    .map(([currency, nanos]) => ({ currency: unpackAlpha3(currency), amount: decimalOf(nanos) }));
}
