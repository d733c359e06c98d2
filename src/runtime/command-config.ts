import { existsSync } from "node:fs";
import { join } from "node:path";
import { Book } from "../admin/desk/book.js";
import { filePlacesOf } from "../admin/desk/file-entities.js";
import type { UnixMs } from "../base/units.js";
import { BookCopy } from "./book-copy.js";
import { DeskFolder } from "./desk-folder.js";
import { readConfigForm } from "./read-config.js";
import { StopsFile } from "./stops-file.js";
import type { ConfigReading } from "./world-desk-parts.js";

export const bookCopyPath = (dataFolder: string): string => join(dataFolder, "desk-copy.ndjson");

/**
 * The config as a bidder with this data folder has it: the folder's files, and in place of
 * campaigns/ and deals.yaml what the desk's store holds, by the copy that is kept of it, with what
 * is stopped. Without a data folder, or where it has no copy, the files alone. Writes nothing and
 * never waits for the store.
 */
export function readCommandConfig(
  configFolder: string,
  dataFolder: string | null,
  nowMs: UnixMs,
  warn: (line: string) => void,
): ConfigReading {
  if (dataFolder === null || !existsSync(bookCopyPath(dataFolder))) {
    return readConfigForm(configFolder);
  }
  const records = new BookCopy(bookCopyPath(dataFolder), () => undefined).read();
  if (records === null) {
    warn(`${bookCopyPath(dataFolder)} is not whole: the files of ${configFolder} are used`);
    return readConfigForm(configFolder);
  }
  const stops = new StopsFile(dataFolder);
  const book = new Book({
    ...{ store: null, nowMs: () => nowMs, stops: stops.list, onChange: () => undefined },
  });
  const { beside, privacy, besideIssues, entities } = new DeskFolder(configFolder).look();
  book.setBeside(beside, filePlacesOf(entities ?? []));
  book.useFiles(records);
  const { config, issues } = book.config();
  const errors = issues.filter(({ severity }) => severity === "error");
  return { config, privacy, issues: [...besideIssues, ...errors] };
}
