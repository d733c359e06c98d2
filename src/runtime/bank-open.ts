import { readdirSync, rmSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { type Bank, BankError, dayStartSec, type Report } from "../bank/bank.js";
import type { BankConfig } from "../bank/config/model.js";
import { Duck, type DuckLimits } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { registerIdentifierFunctions } from "../bank/identifier-functions.js";
import { takeLock } from "../bank/lock.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import { type KeyFiles, openKeyFiles } from "./key-files.js";
import { isAlive } from "./process-alive.js";

export type BankOrder = {
  readonly dataFolder: string;
  readonly config: BankConfig;
  readonly limits: DuckLimits;
  readonly nowMs: UnixMs;
  readonly report: Report;
  /** Another one than 100,000 is for tests only. */
  readonly crowdMinimum?: number;
};

export type OpenedBank = { readonly bank: Bank; readonly keys: KeyFiles };

/**
 * The bank of a data folder for one job that writes it: keys, the writer's lock, DuckDB; closed
 * again however the job ends. Throws BankError with words for the operator.
 */
export async function withBank<T>(
  order: BankOrder,
  job: (opened: OpenedBank) => Promise<T>,
): Promise<T> {
  const keys = openKeyFiles(order.dataFolder);
  const folders = bankFolders(order.dataFolder);
  const lock = takeLock(folders.lock);
  removeDeadSpills(folders.root);
  try {
    return await withDuck(order, keys, folders.spill, (bank) => job({ bank, keys }));
  } finally {
    lock.release();
  }
}

/** Forgets spill to a folder of their own, which stays when their process is killed. */
function removeDeadSpills(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = Number(/^spill-forget-(\d+)$/.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** The same without the lock, for jobs that only read, or whose caller holds it. */
export async function withDuck<T>(
  order: BankOrder,
  keyFiles: KeyFiles,
  spillFolder: string,
  job: (bank: Bank) => Promise<T>,
): Promise<T> {
  const { dataFolder, config, limits, nowMs, report } = order;
  const { identifierKey: identifier, suppressionKey: suppression, crowdKey: crowd } = keyFiles;
  const duck = await Duck.open(limits, spillFolder);
  try {
    await registerIdentifierFunctions(duck, { identifier, suppression });
    return await job({
      ...{ folders: bankFolders(dataFolder), config, duck, limits, nowMs, report },
      keys: { identifier, suppression, crowd },
      asOfSec: dayStartSec(nowMs),
      crowdMinimum: order.crowdMinimum ?? crowdMinimumPeople,
    });
  } finally {
    duck.close();
  }
}

/**
 * An error of a bank's job as words. DuckDB's own text is dropped, because it quotes the value that
 * it could not take: a line of somebody's list, say.
 */
export function bankFailure(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const kind = /^([A-Z][A-Za-z ]{2,40} Error)\b/.exec(error.message)?.[1];
  if (error instanceof BankError || kind === undefined) return error.message;
  if (kind === "Out of Memory Error") {
    return "the memory for the bank is too small: give it more with --memory, and run it again";
  }
  return `${kind}: look whether the disk is full and the files that are read are whole`;
}

/** A quarter of the machine's memory for DuckDB: the rest is for the index and the page cache. */
export const defaultLimits = (): DuckLimits => ({
  memoryMb: Math.max(1024, Math.floor(totalmem() / 2 ** 20 / 4)),
  threads: availableParallelism(),
});
