import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Applied, type ApplyRow, applyFiles } from "../admin/desk/apply.js";
import { Book } from "../admin/desk/book.js";
import { exportFiles } from "../admin/desk/export.js";
import { entitiesIn, filePlacesOf } from "../admin/desk/file-entities.js";
import { type Actor, entityKinds } from "../admin/store/desk-store.js";
import { issueText } from "../campaign/issue.js";
import { readCampaigns } from "../campaign/load.js";
import { AdvertiserCurrencies, currenciesPath } from "./advertiser-currencies.js";
import { BookCopy } from "./book-copy.js";
import { bookCopyPath } from "./command-config.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { applyIssuesOf } from "./desk-config.js";
import { DeskFolder, type FolderLook } from "./desk-folder.js";
import { changedTexts } from "./desk-texts.js";
import { openKeyFiles } from "./key-files.js";
import { openStore, type StoreDesk } from "./store-desk.js";

/** `crowdbid apply`, `diff` and `export`, flags as text by commander's names. */
export type ApplyOptions = {
  readonly config: string;
  readonly data: string;
  readonly store?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly json?: boolean | undefined;
};
export type ExportOptions = Pick<ApplyOptions, "config" | "data" | "store" | "json"> & {
  readonly to?: string | undefined;
};

const operator: Actor = { user: 0, name: "operator", from: "" };

type Opened = { readonly store: StoreDesk; readonly book: Book; readonly look: FolderLook };

/** Runs with the store beside a running server, or alone; null = it said why not. */
async function withDesk(
  { config, data, store: url }: Pick<ApplyOptions, "config" | "data" | "store">,
  io: CommandIo,
  run: (opened: Opened) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { signing } = openKeyFiles(data);
  const store = await openStore({ dataFolder: data, url: url ?? "", signing });
  try {
    // Money that was booked in one currency is not to be read in another, whoever writes it.
    const currencies = new AdvertiserCurrencies(currenciesPath(data));
    const book = new Book({
      ...{ store, nowMs: io.nowMs, stops: () => [], onChange: () => undefined },
      moneyIssues: (own, places) => currencies.conflicts({ book: own, places }),
    });
    const look = new DeskFolder(config).look();
    book.setBeside(look.beside, filePlacesOf(look.entities ?? []));
    if (await book.load()) return await run({ store, book, look });
    io.stderr(`${book.trouble()} ${store.trouble()}\n`);
    return ExitCode.FAILED;
  } finally {
    await store.close();
  }
}

/** Brings campaigns/ and deals.yaml of a config folder into the store. Conflicts fail. */
export const runApply = (options: ApplyOptions, io: CommandIo): Promise<ExitCode> =>
  withDesk(options, io, async ({ store, book, look }) => {
    const dryRun = options.dryRun === true;
    const { entities, beside, campaignIssues, besideIssues } = look;
    const issues = [...campaignIssues, ...besideIssues];
    if (entities === null || beside === null) return refuse(issues.map(issueText), options, io);
    const applied = await applyFiles(entities, book, {
      ...{ actor: operator, nowMs: io.nowMs(), force: options.force === true, dryRun },
      errorsOf: (changes) => book.errorsOf(changes),
    });
    const lines = applyIssuesOf(applied, entities).map(issueText);
    if (!applied.ok) return refuse(lines, options, io);
    if (!dryRun) {
      const known = await store.files();
      const texts = known.ok ? changedTexts(known.value, look.files) : new Map<string, string>();
      if (texts.size > 0) await store.putFiles(texts);
      await keepCopy(options.data, book, io);
    }
    return tell(applied, lines, options, io);
  });

/** For whoever reads the book without its store; a server that runs keeps it as well. */
async function keepCopy(data: string, book: Book, io: CommandIo): Promise<void> {
  const copy = new BookCopy(bookCopyPath(data), (words) =>
    io.stderr(`the book's copy: ${words}\n`),
  );
  copy.note(() => entityKinds.flatMap((kind) => book.all(kind)));
  await copy.settle();
}

/** The same as a dry run, and a failure where anything differs. */
export async function runDiff(options: ApplyOptions, io: CommandIo): Promise<ExitCode> {
  let differs = false;
  const code = await runApply(
    { ...options, dryRun: true },
    {
      ...io,
      stdout: (text) => {
        if (options.json === true)
          differs ||= (JSON.parse(text) as { rows: unknown[] }).rows.length > 0;
        else differs ||= !text.startsWith(nothing);
        io.stdout(text);
      },
    },
  );
  return differs ? ExitCode.FAILED : code;
}

const nothing = "nothing differs";

function refuse(lines: readonly string[], { json }: ApplyOptions, io: CommandIo): ExitCode {
  if (json === true) io.stdout(`${JSON.stringify({ ok: false, rows: [], issues: lines })}\n`);
  else for (const line of lines) io.stderr(`${line}\n`);
  return ExitCode.FAILED;
}

function tell(
  applied: Applied & { ok: true },
  lines: readonly string[],
  { json }: ApplyOptions,
  io: CommandIo,
): ExitCode {
  const { rows, change } = applied;
  const conflicts = rows.filter(({ act }) => act === "conflict");
  const ok = conflicts.length === 0;
  if (json === true) {
    io.stdout(`${JSON.stringify({ ok, change, rows, issues: lines })}\n`);
  } else if (rows.length === 0) io.stdout(`${nothing}\n`);
  else {
    for (const row of rows) io.stdout(`${rowText(row)}\n`);
    for (const line of lines) io.stderr(`${line}\n`);
  }
  return ok ? ExitCode.OK : ExitCode.FAILED;
}

const rowText = ({ kind, key, file, act }: ApplyRow): string =>
  `${act.padEnd(9)} ${kind} ${key}${file === "" ? "" : ` (${file})`}`;

/**
 * Writes what the desk has into the files of a config folder. A file that says something else than
 * when it was last applied is left alone, and fails.
 */
export const runExport = (options: ExportOptions, io: CommandIo): Promise<ExitCode> =>
  withDesk({ ...options, config: options.config }, io, async ({ store, book }) => {
    const known = await store.files();
    if (!known.ok) {
      io.stderr(`the store does not answer: ${store.trouble()}\n`);
      return ExitCode.FAILED;
    }
    const folder = options.to ?? options.config;
    const sources = [...known.value].map(([name, text]) => ({ path: name, name, text }));
    const entities = entitiesIn(readCampaigns(sources).campaigns, []);
    const changed = exportFiles(known.value, entities, book);
    const rows: { file: string; act: "written" | "as it is" | "left alone" }[] = [];
    for (const name of new Set([...known.value.keys(), ...changed.keys()])) {
      const before = known.value.get(name) ?? "";
      rows.push({ file: name, act: put(join(folder, name), before, changed.get(name) ?? before) });
    }
    const failed = rows.filter(({ act }) => act === "left alone");
    if (options.json === true) io.stdout(`${JSON.stringify({ ok: failed.length === 0, rows })}\n`);
    else for (const { file, act } of rows) io.stdout(`${act.padEnd(10)} ${file}\n`);
    for (const { file } of failed) {
      io.stderr(`${join(folder, file)} was edited since it was applied: apply it first\n`);
    }
    return failed.length === 0 ? ExitCode.OK : ExitCode.FAILED;
  });

function put(path: string, before: string, text: string): "written" | "as it is" | "left alone" {
  const there = existsSync(path) ? readFileSync(path, "utf8") : null;
  if (there === text) return "as it is";
  if (there !== null && there !== before) return "left alone";
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { flush: true });
  renameSync(temporary, path);
  return "written";
}
