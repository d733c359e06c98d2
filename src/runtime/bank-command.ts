import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { BankError } from "../bank/bank.js";
import { type IdentifierKind, identifierKinds } from "../bank/config/model.js";
import type { DuckLimits } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import type { ForgetResult } from "../bank/forget.js";
import {
  type ForgetIdentifier,
  forgettableKinds,
  forgetWords,
  notOurs,
} from "../bank/forget-words.js";
import { generateWorld, type WorldFormat } from "../bank/generate/generate-world.js";
import type { IntakeCounts } from "../bank/ingest/result.js";
import { BankHeldError } from "../bank/lock.js";
import { shownCount } from "./bank-inspect.js";
import { type Made, makeEpoch } from "./bank-make.js";
import { bankFailure, defaultLimits } from "./bank-open.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { touchpointsIn } from "./data-folder.js";
import { UsageError } from "./flags.js";
import { type ForgetPlace, finishPending, takeAndSuppress } from "./forget-run.js";
import { Progress } from "./progress.js";
import { bankConfigOf } from "./read-config.js";
import { tableText } from "./table-text.js";

type Limits = { readonly memory?: string | undefined; readonly threads?: string | undefined };

export type GenerateOptions = Limits & {
  readonly people: string;
  readonly seed: string;
  readonly out: string;
  readonly format: string;
};

export type BuildOptions = Limits & {
  readonly from?: string | undefined;
  readonly data: string;
  readonly config: string;
  readonly json?: boolean | undefined;
};

export type ForgetOptions = {
  readonly data: string;
  readonly only?: boolean | undefined;
  /** A file with one `kind:value` a line; - is standard input. */
  readonly file?: string | undefined;
};

/** What fails ends with 1 and words that quote nothing of a file; usage is the caller's to tell. */
export async function told(io: CommandIo, job: () => Promise<void>): Promise<ExitCode> {
  try {
    await job();
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    io.stderr(`${bankFailure(error)}\n`);
    return ExitCode.FAILED;
  }
}

/** `bank generate`: a synthetic world with known truth. */
export function runBankGenerate(options: GenerateOptions, io: CommandIo): Promise<ExitCode> {
  const people = wholeNumber("--people", options.people, 1, 1_000_000_000);
  const seed = wholeNumber("--seed", options.seed, 0, 0xffff_ffff);
  const format = formatOf(options.format);
  const limits = limitsOf(options);
  const folder = resolve(options.out);
  const progress = progressOn(io);
  return told(io, async () => {
    const { report } = progress;
    const made = await generateWorld({
      ...{ folder, people, seed, format, truth: true, limits, report, nowMs: io.nowMs() },
    });
    progress.end();
    const rows = Object.entries(made.rows).map(([kind, count]) => [
      kind,
      count.toLocaleString("en"),
    ]);
    io.stdout(tableText([["touch-point", "rows"], ...rows]));
    io.stdout(`\n${touchpointsIn(folder)}: for crowdbid bank build --from\n`);
    io.stdout(`${join(folder, "truth")}: who is who, for comparison\n`);
  });
}

/** `bank build`: touch-points in, one signed epoch out. */
export function runBankBuild(options: BuildOptions, io: CommandIo): Promise<ExitCode> {
  const limits = limitsOf(options);
  const dataFolder = resolve(options.data);
  const from = options.from === undefined ? null : resolve(options.from);
  if (from !== null && !existsSync(from)) {
    throw new UsageError(`--from ${options.from}: there is no such folder`);
  }
  const progress = progressOn(io);
  return told(io, async () => {
    const config = bankConfigOf(options.config);
    const { report } = progress;
    const order = { dataFolder, config, limits, report, nowMs: io.nowMs() };
    const made = await makeEpoch(order, from, "crowdbid bank build");
    progress.end();
    tellMade(made, options, io);
    const refused = made.ingested?.refused.length ?? 0;
    if (refused > 0) {
      throw new BankError(`${refused} files were refused: epoch ${made.epoch} is without them`);
    }
  });
}

function tellMade(made: Made, options: BuildOptions, io: CommandIo): void {
  if (options.json === true) {
    io.stdout(`${JSON.stringify(shownMade(made))}\n`);
    return;
  }
  const { ingested } = made;
  if (ingested !== null) {
    for (const { file, reason } of ingested.refused) io.stderr(`${file} is refused: ${reason}\n`);
    for (const warning of ingested.warnings) io.stderr(`${warning}\n`);
    io.stdout(intakeText(ingested.touchpoints));
  }
  io.stdout(`epoch ${made.epoch}: ${made.kept} segments, ${made.leftOut.length} left out\n`);
  io.stdout(`${made.folder}\ncrowdbid bank inspect --data ${options.data} shows it\n`);
}

/**
 * Without exact numbers of people: "1 gone" between two builds points at somebody. Rows of the
 * forgotten count with those that are too old: alone they would say that somebody opted out.
 */
function shownMade({ people, ingested, ...made }: Made): object {
  return {
    ...made,
    ...(people === null
      ? {}
      : {
          people: shownCount(people.persons),
          identifiers: shownCount(people.identifiers),
        }),
    ingested:
      ingested === null
        ? null
        : {
            ...ingested,
            touchpoints: ingested.touchpoints.map(({ suppressed, pastRetention, ...counts }) => ({
              ...counts,
              notKept: suppressed + pastRetention,
            })),
          },
  };
}

function intakeText(touchpoints: readonly (IntakeCounts & { touchpoint: string })[]): string {
  if (touchpoints.length === 0) return "nothing new to take in\n";
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((a, b) => a + b, 0);
  const head = ["touch-point", "rows", "accepted", "duplicates", "quarantined", "not kept"];
  const rows = touchpoints.map((t) =>
    [t.rows, t.accepted, t.duplicates, sum(t.quarantined), t.suppressed + t.pastRetention].map(
      (count) => count.toLocaleString("en"),
    ),
  );
  return tableText([head, ...rows.map((row, i) => [touchpoints[i]!.touchpoint, ...row])]);
}

/** `bank forget`: opt-out and deletion. Says the same of the known and the unknown. */
export async function runBankForget(
  identifiers: readonly string[],
  options: ForgetOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const named = identifiers.filter((one) => one !== "-");
  const file = options.file ?? (named.length < identifiers.length ? "-" : undefined);
  if (file !== "-" && named.length < identifiers.length) {
    throw new UsageError("give --file FILE or - for standard input, not both");
  }
  const lines =
    file === undefined ? [] : new TextDecoder().decode(await io.read(file)).split(/\r?\n/);
  const wanted = [...named, ...lines.filter((line) => line.trim() !== "")].map(identifierOf);
  if (wanted.length === 0) {
    throw new UsageError("name whom to forget: - or --file FILE with one kind:value a line");
  }
  const place = { dataFolder: resolve(options.data), nowMs: io.nowMs(), lockMsMax: 600_000 };
  return told(io, async () => {
    if (!existsSync(bankFolders(place.dataFolder).root)) {
      throw new BankError(`there is no bank in ${options.data}: name its data folder with --data`);
    }
    const request = { identifiers: wanted, only: options.only === true };
    const id = randomBytes(9).toString("base64url");
    const answer = await takeAndSuppress(place, request, id, () => undefined);
    if (answer.kind === "unusable") {
      const places = answer.places.map((at) => at + 1).join(", ");
      throw new BankError(`no identifier of its kind, counted from 1: ${places}. Nothing was done`);
    }
    io.stdout(`${forgetWords}\n`);
    const result = await finishUnlessHeld(place, io);
    if (result !== null) {
      io.stdout(`${result.files} files and ${result.snapshots} snapshots were looked through.\n`);
      for (const words of result.refused) io.stderr(`${words}\n`);
      if (result.refused.length > 0) throw new BankError("the request stays pending until then");
    }
    io.stdout(`${notOurs}\n`);
  });
}

/** A build may hold the bank for hours: it finishes the wish itself then, as does the next one. */
async function finishUnlessHeld(place: ForgetPlace, io: CommandIo): Promise<ForgetResult | null> {
  try {
    return await finishPending(place);
  } catch (error) {
    if (!(error instanceof BankHeldError)) throw error;
    io.stdout("A process writes the bank now: the rows leave its files with the next build.\n");
    return null;
  }
}

/** "idfa:...", "email:...", "buyerUid/1:..." with the scope behind a slash. */
function identifierOf(text: string, place: number): ForgetIdentifier {
  const match = /^([A-Za-z0-9]+)(?:\/(\d{1,9}))?:(.+)$/.exec(text.trim());
  const kind = match?.[1] as IdentifierKind | undefined;
  if (match === null || kind === undefined || !forgettableKinds.includes(kind)) {
    // The value may be an identifier: it is not repeated.
    const known = identifierKinds.filter((one) => forgettableKinds.includes(one)).join(", ");
    throw new UsageError(`identifier ${place + 1}: write kind:value, the kind one of ${known}`);
  }
  return { kind, scope: Number(match[2] ?? 0), value: match[3]! };
}

function formatOf(text: string): WorldFormat {
  if (text === "parquet" || text === "csv" || text === "ndjson") return text;
  throw new UsageError(`--format ${text}: give parquet, csv or ndjson`);
}

function limitsOf({ memory, threads }: Limits): DuckLimits {
  const usual = defaultLimits();
  return {
    memoryMb:
      memory === undefined ? usual.memoryMb : wholeNumber("--memory", memory, 256, 1_000_000),
    threads: threads === undefined ? usual.threads : wholeNumber("--threads", threads, 1, 256),
  };
}

export function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} ${text}: give a whole number from ${min} to ${max}`);
}

const progressOn = (io: CommandIo): Progress =>
  new Progress({ write: io.stderr, isTTY: io.isTerminal }, io.monotonicMs);
