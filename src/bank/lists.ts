import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { AgencyId } from "../base/ids.js";
import { type Bank, BankError } from "./bank.js";
import type { IdentifierKind } from "./config/model.js";
import { sensitiveTopicOf } from "./config/sensitive.js";
import { sqlParquet, sqlText } from "./duck.js";
import { putInPlace, syncPath, writeDurably } from "./durable.js";
import type { BankFolders } from "./folders.js";
import { kindNumbers } from "./identifier-functions.js";

/**
 * Lists that an agency brings. A file is hashed at the door and only its keys stay, sorted, so that
 * nothing of it can be read back, not even its order. Segments may use a list of their own agency;
 * nobody is ever told how many of it the bank knows.
 */
export type ListUpload = {
  readonly agency: AgencyId;
  /** 1 to 40 of a-z, 0-9 and hyphen. */
  readonly name: string;
  readonly kind: IdentifierKind;
  /** buyerUid: the exchange's id; eid: the source's number; 0 elsewhere. */
  readonly scope?: number;
  readonly file: string;
  /** A column of a CSV file with a header; without it every line is one identifier. */
  readonly column?: string;
  /** 1 to 400; 90 without. */
  readonly expiresDays?: number;
};

/** What the agency knows of its own file; never how many people matched. */
export type ListTaken = { readonly rows: number; readonly unusable: number };

export type ListEntry = {
  readonly agency: AgencyId;
  readonly name: string;
  readonly expiresSec: number;
};

const namePattern = /^[a-z0-9-]{1,40}$/;
const expiresDaysDefault = 90;
const expiresDaysMax = 400;
const daySec = 86_400;

/**
 * Takes a list in, in the place of an older one of the same name. A kill leaves the old one or the
 * new one; between the two files' renames the new keys with the old expiry.
 */
export async function addList(bank: Bank, upload: ListUpload): Promise<ListTaken> {
  const { agency, name, expiresDays = expiresDaysDefault } = upload;
  checkUpload(upload, expiresDays);
  const { folders, nowMs } = bank;
  const folder = folders.listOf(agency, name);
  mkdirSync(folders.writing, { recursive: true, mode: 0o700 });
  const keys = join(folders.writing, `list-${process.pid}.parquet`);
  const taken = await hashFile(bank, upload, keys);
  const uploadedSec = Math.floor(nowMs / 1000);
  const expiresSec = uploadedSec + expiresDays * daySec;
  const listJson = JSON.stringify({ agency, name, expiresSec, uploadedSec });
  if (existsSync(join(folder, "list.json"))) {
    putInPlace(keys, join(folder, "keys.parquet"));
    writeDurably(join(folder, "list.json"), listJson);
    return taken;
  }
  const fresh = join(folders.writing, `list-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  putInPlace(keys, join(fresh, "keys.parquet"));
  writeDurably(join(fresh, "list.json"), listJson);
  mkdirSync(join(folder, ".."), { recursive: true, mode: 0o700 });
  // What a killed removal may have left: a folder without its list.json is no list.
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  syncPath(join(folder, ".."));
  return taken;
}

function checkUpload({ agency, name, kind, file }: ListUpload, expiresDays: number): void {
  if (!Number.isSafeInteger(agency) || agency <= 0) {
    throw new BankError("a list belongs to an agency: give its number");
  }
  if (!namePattern.test(name)) {
    throw new BankError("a list's name has 1 to 40 characters of a-z, 0-9 and hyphen");
  }
  const topic = sensitiveTopicOf(name);
  if (topic !== null) {
    throw new BankError(`the list's name tells of ${topic}: no such segment leaves the bank`);
  }
  if (kind === "person") throw new BankError("a list holds identifiers: `person` is none");
  const whole = Number.isSafeInteger(expiresDays) && expiresDays >= 1;
  if (!whole || expiresDays > expiresDaysMax) {
    throw new BankError(`a list expires after 1 to ${expiresDaysMax} whole days`);
  }
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts?.isFile() !== true) throw new BankError(`${file}: there is no such file`);
}

async function hashFile(bank: Bank, upload: ListUpload, target: string): Promise<ListTaken> {
  const { duck, folders } = bank;
  const { kind, scope = 0, file } = upload;
  const scoped = kind === "buyerUid" || kind === "eid" ? scope : 0;
  const read = `SELECT identifier_key(${kindNumbers[kind]}::UTINYINT, ${scoped}::UINTEGER, value)
    AS key FROM ${valuesOf(upload)}`;
  const suppressed = existsSync(folders.suppressed)
    ? `AND suppression_hash(key) NOT IN
        (SELECT hash FROM ${sqlParquet([folders.suppressed])})`
    : "";
  try {
    await duck.run(`CREATE OR REPLACE TEMP TABLE list_keys AS ${read}`);
    const rows = await duck.number("SELECT count(*) FROM list_keys");
    const unusable = await duck.number("SELECT count(*) FROM list_keys WHERE key = 0");
    await duck.run(`COPY (SELECT DISTINCT key FROM list_keys WHERE key <> 0 ${suppressed}
      ORDER BY key) TO ${sqlText(target)} (FORMAT parquet, COMPRESSION zstd)`);
    return { rows, unusable };
  } catch (error) {
    // DuckDB quotes the line that it stumbles over.
    if (/No space left/.test((error as Error).message)) throw new BankError("the disk is full");
    const how = upload.column === undefined ? "lines" : "a CSV file with that column";
    throw new BankError(`${file} cannot be read as ${how} in UTF-8: nothing was taken`);
  } finally {
    await duck.run("DROP TABLE IF EXISTS list_keys");
  }
}

/** One column `value`. Lines are read as a CSV file of one column that nothing separates. */
function valuesOf({ file, column }: ListUpload): string {
  const path = sqlText(file);
  if (column === undefined) {
    const marks = "delim='\x01', quote='', escape='', comment=''";
    return `(SELECT trim(value) AS value FROM read_csv(${path}, auto_detect=false, header=false,
      ${marks}, columns={'value': 'VARCHAR'}, strict_mode=false) WHERE trim(value) <> '')`;
  }
  const name = `"${column.replaceAll('"', '""')}"`;
  return `(SELECT trim(${name}) AS value FROM read_csv(${path}, header=true, all_varchar=true))`;
}

/** False when there is no such list. */
export function removeList(folders: BankFolders, agency: AgencyId, name: string): boolean {
  if (!namePattern.test(name)) return false;
  const folder = folders.listOf(agency, name);
  if (!existsSync(folder)) return false;
  // Without list.json it is no list any more, whenever the rest goes.
  rmSync(join(folder, "list.json"), { force: true });
  rmSync(folder, { recursive: true, force: true });
  return true;
}

/** An agency's lists, or all of them; no sizes: an agency could find people by their difference. */
export function listLists(folders: BankFolders, only?: AgencyId): ListEntry[] {
  const agencies = namesIn(folders.lists).filter((name) => /^[1-9]\d*$/.test(name));
  return agencies
    .map((name) => Number(name) as AgencyId)
    .filter((agency) => only === undefined || agency === only)
    .sort((a, b) => a - b)
    .flatMap((agency) =>
      namesIn(join(folders.lists, String(agency)))
        .sort()
        .flatMap((name) => entryOf(folders, agency, name)),
    );
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function entryOf(folders: BankFolders, agency: AgencyId, name: string): ListEntry[] {
  const path = join(folders.listOf(agency, name), "list.json");
  if (!existsSync(path)) return [];
  const { expiresSec } = JSON.parse(readFileSync(path, "utf8")) as { expiresSec: number };
  return [{ agency, name, expiresSec }];
}

/** Removes lists whose time is over, at the start of each build; which ones. */
export function expireLists({ folders, nowMs }: Pick<Bank, "folders" | "nowMs">): ListEntry[] {
  const over = listLists(folders).filter(({ expiresSec }) => expiresSec * 1000 <= nowMs);
  for (const { agency, name } of over) removeList(folders, agency, name);
  return over;
}
