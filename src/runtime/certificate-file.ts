import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type BookState, emptyBook } from "../campaign/certificate-book.js";
import type { CertificateStore } from "./certificates.js";
import { syncFolder } from "./key-files.js";
import { readServedEpoch } from "./served-epoch.js";

/**
 * `certificates.json` in the data folder: what the rule for audiences remembers over restarts, and
 * no count of people. A file that is lost may not open what it has shut:
 *
 *   damaged                         nothing is certified until it is mended or deleted
 *   gone, an epoch was served       a new one, and nothing is certified before the next day (UTC):
 *                                   to lose it never buys checks. What was withdrawn may be judged
 *                                   again early then, with the same noise as before
 *   gone, no epoch was ever served  a new one
 */
export const certificateFileOf = (dataFolder: string): string =>
  join(dataFolder, "certificates.json");

const count = z.int().nonnegative();
const names = z.array(z.string());
const term = z.object({ all: names, none: names, areas: names.optional() });
const audience = z.object({ agency: count, digest: z.string(), terms: z.array(term) });
const list = z.object({
  ...{ epoch: count, manifestDigest: z.string(), ruleVersion: count, published: z.boolean() },
  audiences: z.array(audience),
});
const book = z.object({
  ...{ schema: z.literal(1), closedUntilDay: count, lists: z.array(list) },
  known: z.record(z.string(), z.object({ seenDay: count, withdrawnDay: count })),
  checks: z.object({ day: count, byAgency: z.record(z.string(), count) }),
});

/** For the bidder, which alone writes it; `day` in days since 1970, UTC. */
export function openCertificateFile(dataFolder: string, day: number): CertificateStore {
  const save = (state: BookState): void => writeBook(dataFolder, state);
  const store = readCertificateFile(dataFolder, day, save);
  // At once: the day of a loss is not another one after each restart, and a bidder that has no
  // audience yet has lost nothing.
  if (store.ok && !existsSync(certificateFileOf(dataFolder))) save(store.state);
  return store;
}

/** For who only looks. */
export function readCertificateFile(
  dataFolder: string,
  day: number,
  save: (state: BookState) => void = () => undefined,
): CertificateStore {
  const path = certificateFileOf(dataFolder);
  try {
    const state = book.parse(JSON.parse(readFileSync(path, "utf8"))) as unknown as BookState;
    return { ok: true, state, save };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      const served = readServedEpoch(dataFolder);
      const isFresh = served.ok && served.epoch === 0;
      return { ok: true, state: emptyBook(isFresh ? 0 : day + 1), save };
    }
  }
  const words =
    `${path} is damaged, so nobody knows what was withdrawn: put it back from a backup, or ` +
    "delete it and restart (nothing is certified for the rest of the day then)";
  return { ok: false, words };
}

/** Throws where the disk fails; the file is then the one before. */
function writeBook(dataFolder: string, state: BookState): void {
  const path = certificateFileOf(dataFolder);
  const fd = openSync(`${path}.new`, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify(state)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
  syncFolder(dataFolder);
}
