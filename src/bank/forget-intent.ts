import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BankError } from "./bank.js";
import { syncPath, writeDurably } from "./durable.js";
import type { BankFolders } from "./folders.js";

/**
 * `bank/forget-<id>.json`: a wish that was taken and is not done yet. It is on disk before anything
 * else happens and goes last, so that a killed run is finished by the next command. It holds keys
 * and ordinals, never an identifier.
 */
export type ForgetIntent = {
  readonly schema: 1;
  readonly id: string;
  readonly only: boolean;
  /** Keys that were asked for, 16 hexadecimal digits each. */
  readonly asked: readonly string[];
  /** All keys that go: of the whole person, with the identifiers of proposed neighbours. */
  readonly keys: readonly string[];
  /** People who go. The forget log names them and the next list already: it is written first. */
  readonly gone: readonly number[];
  /** People who lose an identifier: they are out of every snapshot until the next build. */
  readonly touched: readonly number[];
};

const hexOf = (key: bigint): string => key.toString(16).padStart(16, "0");
export const keysOf = (hex: Iterable<string>): bigint[] =>
  Array.from(hex, (digits) => BigInt(`0x${digits}`));
export const hexesOf = (keys: Iterable<bigint>): string[] =>
  [...new Set(Array.from(keys, hexOf))].sort();

const pathOf = (folders: BankFolders, id: string): string =>
  join(folders.root, `forget-${id}.json`);

export function writeIntent(folders: BankFolders, intent: ForgetIntent): void {
  writeDurably(pathOf(folders, intent.id), JSON.stringify(intent));
}

export function removeIntent(folders: BankFolders, id: string): void {
  rmSync(pathOf(folders, id), { force: true });
  syncPath(folders.root);
}

/** The ids of intents that are not done; a missing bank has none. */
export function pendingForgets(folders: BankFolders): string[] {
  let names: string[];
  try {
    names = readdirSync(folders.root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names.map((name) => /^forget-([\w-]+)\.json$/.exec(name)?.[1] ?? "").filter(Boolean);
}

/** null: another process has finished it. */
export function readIntent(folders: BankFolders, id: string): ForgetIntent | null {
  const path = pathOf(folders, id);
  try {
    const intent = JSON.parse(readFileSync(path, "utf8")) as ForgetIntent;
    if (intent.schema === 1) return intent;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
  }
  throw new BankError(`${path} cannot be read: put it back from a backup, or forget them again`);
}
