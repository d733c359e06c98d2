import { explain, explainRowsMax } from "../admin/explain.js";
import { explainText, explainTextRowsMax } from "../admin/explain-text.js";
import { demoPeopleCount, demoPerson } from "../bank/generate/demo-person.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { buildCommandWorld, type CommandWorld } from "./command-world.js";
import { UsageError } from "./flags.js";

/** `crowdbid explain REQUEST.json`, flags as text by commander's names. */
export type ExplainOptions = {
  readonly config: string;
  readonly data?: string | undefined;
  readonly exchange?: string | undefined;
  /** "a,b,c"; "" = a known person in no segment. */
  readonly segments?: string | undefined;
  /** The number of a generated person of the demo. */
  readonly person?: string | undefined;
  /** "1,2": only these. */
  readonly lineItem?: string | undefined;
  readonly json?: boolean | undefined;
  readonly all?: boolean | undefined;
};

/** Prints why each line item bids on the request in a file ("-": standard input), or does not. */
export async function runExplain(
  file: string,
  options: ExplainOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const segments = segmentsOf(options);
  const lineItems = numbersOf(options.lineItem);
  let request: Uint8Array;
  try {
    request = await io.read(file);
  } catch (error) {
    io.stderr(`${file}: ${readFailure(error)}\n`);
    return ExitCode.FAILED;
  }
  const now = io.nowMs();
  const dataFolder = options.data ?? null;
  const built = await buildCommandWorld({ configFolder: options.config, dataFolder, nowMs: now });
  if (!built.ok) {
    io.stderr(`${built.lines.join("\n")}\n`);
    return ExitCode.FAILED;
  }
  const { world } = built;
  for (const warning of world.warnings) io.stderr(`${warning}\n`);
  warnOfEmptyEpoch(world, segments, io);
  const result = explain({
    world: world.served.world,
    config: world.config,
    places: world.places,
    absent: world.absent,
    exchange: exchangeOf(options, world),
    request,
    segments,
    now,
    lineItems,
    rowsMax: options.all === true ? Number.MAX_SAFE_INTEGER : explainRowsMax,
  });
  const rowsMax = options.all === true ? Number.MAX_SAFE_INTEGER : explainTextRowsMax;
  io.stdout(options.json === true ? `${JSON.stringify(result)}\n` : explainText(result, rowsMax));
  return result.status === 200 ? ExitCode.OK : ExitCode.FAILED;
}

/** What a failed reading says without repeating a path's content. */
export const readFailure = (error: unknown): string =>
  error instanceof Error ? error.message : "cannot be read";

/** The exchange that is named, or the first; throws a UsageError that names the known ones. */
export function exchangeOf(
  { exchange }: { readonly exchange?: string | undefined },
  { config }: CommandWorld,
): string {
  const names = config.exchanges.map(({ name }) => name);
  const wanted = exchange ?? names[0];
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw new UsageError(
    names.length === 0
      ? "the config has no exchange: add one to exchanges/"
      : `--exchange: give one of ${names.join(", ")}`,
  );
}

function segmentsOf({ segments, person }: ExplainOptions): readonly string[] | null {
  if (segments !== undefined && person !== undefined) {
    throw new UsageError("--segments and --person both say who it is: give one of them");
  }
  if (person === undefined) return segments === undefined ? null : wordsOf(segments);
  const n = /^\d{1,9}$/.test(person) ? Number(person) : 0;
  if (n < 1 || n > demoPeopleCount) {
    throw new UsageError(
      `--person: give the number of a generated person, 1 to ${demoPeopleCount}`,
    );
  }
  return demoPerson(n).segments;
}

const wordsOf = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

function numbersOf(text: string | undefined): readonly number[] | null {
  if (text === undefined) return null;
  const words = wordsOf(text);
  if (words.length === 0 || !words.every((word) => /^\d{1,10}$/.test(word))) {
    throw new UsageError("--line-item: give numbers of line items, such as 101,102");
  }
  return words.map(Number);
}

function warnOfEmptyEpoch(
  { places }: CommandWorld,
  segments: readonly string[] | null,
  io: CommandIo,
): void {
  if (segments === null || segments.length === 0 || places.size > 0) return;
  io.stderr(
    "no segment of a snapshot is in use, so none that is declared counts: give --data with a " +
      "folder that holds a snapshot\n",
  );
}
