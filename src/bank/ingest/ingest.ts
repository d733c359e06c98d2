import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Bank, BankError } from "../bank.js";
import { sqlText } from "../duck.js";
import {
  type BatchRecord,
  batchFolders,
  groupKeys,
  markSuppressed,
  readBatchRecord,
  rulesDigest,
  writeBatch,
} from "./batch.js";
import { readError, resourceError } from "./disk.js";
import { eventFiles, markDuplicates, SeenEvents } from "./duplicates.js";
import { isExposureLog, listExposures, withExposureWords } from "./exposures.js";
import { IngestProgress } from "./progress.js";
import {
  addCounts,
  type IngestResult,
  noRows,
  RefusedFile,
  type TouchpointIntake,
} from "./result.js";
import {
  batchName,
  contentDigest,
  exposuresFolderName,
  hasChanged,
  listSource,
  retakenDigest,
  type SourceFile,
} from "./source-files.js";
import { openSource, sqlPattern } from "./source-table.js";
import { type Staged, Status, stageFile } from "./stage.js";

/**
 * A file that no batch holds yet, or one with rows in quarantine that the rules of today may take.
 * `batch` is the name that its batch will have; `rows` is exact for Parquet, a guess by the size of
 * texts.
 */
type NewFile = {
  readonly file: SourceFile;
  readonly sha256: string;
  readonly batch: string;
  readonly rows: number;
};

/** What a run knows besides its bank. */
type Run = {
  readonly bank: Bank;
  readonly writing: string;
  readonly refused: { file: string; reason: string }[];
  readonly progress: IngestProgress;
};

/**
 * Takes in every file of `<sourceFolder>/<touch-point>/` that the bank does not hold yet, and the
 * finished days of an exposure log; null = none of the kind. Each one
 * becomes a batch, whole or not at all; a second run over the same files does nothing. Throws a
 * BankError where nothing can go on: no source folder, a full disk, too little memory.
 */
export async function ingest(
  bank: Bank,
  sourceFolder: string | null,
  exposuresFolder: string | null = null,
): Promise<IngestResult> {
  const writing = join(bank.folders.writing, "ingest");
  rmSync(writing, { recursive: true, force: true });
  const { files, warnings } = listAll(bank, sourceFolder, exposuresFolder);
  mkdirSync(writing, { recursive: true, mode: 0o700 });
  const refused: { file: string; reason: string }[] = [];
  const news = await newFiles(bank, files, refused);
  const total = news.reduce((sum, { rows }) => sum + rows, 0);
  const run: Run = { bank, writing, refused, progress: new IngestProgress(bank, total, "rows") };
  const touchpoints: TouchpointIntake[] = [];
  try {
    for (const name of new Set(news.map(({ file }) => file.touchpoint.name))) {
      const own = news.filter(({ file }) => file.touchpoint.name === name);
      const intake = await takeInAll(run, name, own);
      if (intake !== null) touchpoints.push(intake);
    }
  } finally {
    run.progress.end();
    await bank.duck.run(staleTables);
    rmSync(writing, { recursive: true, force: true });
  }
  return { touchpoints, warnings, refused };
}

/** An exposure log may also stand among the touch-points, or for them: one of another machine. */
function listAll(
  bank: Bank,
  sourceFolder: string | null,
  exposuresFolder: string | null,
): Pick<ReturnType<typeof listSource>, "files" | "warnings"> {
  const nothing = { files: [], warnings: [] };
  if (sourceFolder !== null && isExposureLog(sourceFolder)) {
    const logs = new Set([resolve(sourceFolder), resolve(exposuresFolder ?? sourceFolder)]);
    const each = [...logs].map((folder) => listExposures(bank, folder));
    return {
      files: each.flatMap(({ files }) => files),
      warnings: each.flatMap(({ warnings }) => warnings),
    };
  }
  const brought = sourceFolder === null ? null : join(sourceFolder, exposuresFolderName);
  const isLog = brought !== null && !bank.config.touchpoints.has(exposuresFolderName);
  const lists = [
    sourceFolder === null ? nothing : listNamed(bank, sourceFolder, isLog),
    isLog ? listExposures(bank, brought) : nothing,
    exposuresFolder === null ? nothing : listExposures(bank, exposuresFolder),
  ];
  return {
    files: lists.flatMap(({ files }) => files),
    warnings: lists.flatMap(({ warnings }) => warnings),
  };
}

function listNamed(bank: Bank, folder: string, isLog: boolean): ReturnType<typeof listSource> {
  const listed = listSource(bank.config, folder, isLog);
  if (listed.touchpoints > 0) return listed;
  const names = [...bank.config.touchpoints.keys()].join(", ");
  throw new BankError(
    `${folder} holds no folder named after a touch-point (${names}): name the one that does`,
  );
}

const staleTables = ["staged", "groups", "persons", "wanted", "candidates", "known", "again"]
  .map((name) => `DROP TABLE IF EXISTS ingest_${name};`)
  .join(" ");

/** Bytes of a row of text, for a first guess at how many there are. */
const textRowBytes = 150;

/** Those whose content no batch holds, the first of several with the same content. */
async function newFiles(
  bank: Bank,
  files: readonly SourceFile[],
  refused: { file: string; reason: string }[],
): Promise<NewFile[]> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const progress = new IngestProgress(bank, bytes, "bytes");
  const known = new Map<string, Map<string, Held>>();
  const news: NewFile[] = [];
  try {
    for (const file of files) {
      const { name } = file.touchpoint;
      const held = known.get(name) ?? heldOf(bank, name);
      known.set(name, held);
      try {
        const sha256 = await contentDigest(file.path, (count) => progress.advance(count));
        const rules = rulesDigest(bank, file.touchpoint);
        const before = held.get(sha256);
        if (before !== undefined && (!before.quarantined || before.rules.has(rules))) continue;
        const batch = batchName(before === undefined ? sha256 : retakenDigest(sha256, rules));
        held.set(sha256, { quarantined: false, rules: new Set() });
        news.push({ file, sha256, batch, rows: await rowsOf(bank, file) });
      } catch {
        refused.push({ file: file.name, reason: "cannot be opened: allow the bank to read it" });
      }
    }
    return news;
  } finally {
    progress.end();
  }
}

/** What the batches of a touch-point say of one content. */
type Held = { readonly quarantined: boolean; readonly rules: ReadonlySet<string> };

function heldOf(bank: Bank, touchpoint: string): Map<string, Held> {
  const held = new Map<string, Held>();
  for (const folder of batchFolders(bank, touchpoint)) {
    const { sha256, quarantined, rules } = readBatchRecord(folder);
    const before = held.get(sha256);
    held.set(sha256, {
      quarantined: Object.keys(quarantined).length > 0 || before?.quarantined === true,
      rules: new Set([...(before?.rules ?? []), rules]),
    });
  }
  return held;
}

/** At least 1; a Parquet file that does not tell is refused later. */
async function rowsOf({ duck }: Bank, file: SourceFile): Promise<number> {
  if (file.format !== "parquet") return Math.ceil(file.bytes / textRowBytes) + 1;
  const sql = `SELECT num_rows FROM parquet_file_metadata(${sqlText(sqlPattern(file.path))})`;
  return (await duck.number(sql).catch(() => 0)) + 1;
}

/** All new files of one touch-point; null when every one is refused. */
async function takeInAll(
  run: Run,
  touchpoint: string,
  news: readonly NewFile[],
): Promise<TouchpointIntake | null> {
  const { bank, refused, progress } = run;
  const batches = eventFiles(bank, touchpoint);
  const seen = await SeenEvents.of(
    bank.duck,
    batches,
    news.reduce((sum, { rows }) => sum + rows, 0),
  );
  let counts = noRows;
  let files = 0;
  try {
    for (const one of news) {
      try {
        counts = addCounts(counts, await takeIn(run, one, seen, batches));
        files++;
      } catch (error) {
        if (!(error instanceof RefusedFile)) throw error;
        refused.push({ file: one.file.name, reason: error.message });
      }
      progress.advance(one.rows);
    }
  } finally {
    seen.close();
  }
  return files === 0 ? null : { touchpoint, files, ...counts };
}

/** One file, from source to batch. `batches` are the events of all earlier ones; grows. */
async function takeIn(
  { bank, writing, progress }: Run,
  { file, sha256, batch, rows }: NewFile,
  seen: SeenEvents,
  batches: string[],
): Promise<BatchRecord> {
  const { duck, folders } = bank;
  const opened = await openSource(duck, file, writing).catch((error: unknown) => {
    throw resourceError(error, file.name) ?? readError(error);
  });
  const table = file.exposures === true ? withExposureWords(bank.config, opened) : opened;
  try {
    const staged = await stageFile(bank, file, table, seen.sqlFunction, () => progress.begin(rows));
    if (hasChanged(file)) throw new RefusedFile("changed while it was read: it is tried again");
    await refuseUnreadable(bank, staged, table.broken.length);
    await groupKeys(duck, staged);
    const suppressed = await markSuppressed(bank, staged);
    const duplicates = await markDuplicates(bank, batches, Status.DUPLICATE);
    if (suppressed || duplicates > 0) await groupKeys(duck, staged);
    const name = { sha256, batch };
    const record = await writeBatch(bank, file, name, staged, table.broken, writing);
    const folder = join(folders.batchesOf(file.touchpoint.name), batch);
    if (record.accepted > 0) batches.push(join(folder, "events.parquet"));
    return record;
  } catch (error) {
    throw resourceError(error, file.name) ?? error;
  } finally {
    table.close();
  }
}

/** A file of which no row has the right form is no file of this touch-point. */
async function refuseUnreadable(bank: Bank, { faults }: Staged, broken: number): Promise<void> {
  const formless = faults.flatMap(({ reason }, place) =>
    reason === "malformed" || reason === "missing_event_id" ? [place + 1] : [],
  );
  const readable = `SELECT count(*) FROM ingest_staged
    WHERE status NOT IN (${formless.join(", ")})`;
  if ((await bank.duck.number(readable)) > 0) return;
  const rows = await bank.duck.number("SELECT count(*) FROM ingest_staged");
  if (rows + broken === 0) return;
  throw new RefusedFile(
    "has no row with an event id that can be read: compare its form with the touch-point's columns",
  );
}
