import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalFolder } from "../journal/file.js";

const refuse = (): never => {
  throw new Error("this journal is open for reading only");
};

/**
 * A journal's folder for reading while a bidder writes it: no lock is taken, nothing is created. A
 * block that is being written is a torn end.
 */
export const readOnlyFolder = (path: string): JournalFolder => ({
  names: () => readdirSync(path),
  open: (name) => ({
    read: () => readFileSync(join(path, name)),
    append: refuse,
    sync: refuse,
    truncate: refuse,
    close: () => undefined,
  }),
  sync: refuse,
});
