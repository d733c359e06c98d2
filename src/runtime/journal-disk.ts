import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { JournalFile, JournalFolder } from "../journal/file.js";
import { syncFolder } from "./boot.js";
import { isAlive } from "./process-alive.js";

/** The journal's folder on the real disk. */
export function diskFolder(path: string): JournalFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return {
    names: () => readdirSync(path),
    open: (name) => diskFile(join(path, name)),
    sync: () => syncFolder(path),
  };
}

function diskFile(path: string): JournalFile {
  const { O_RDWR, O_CREAT, O_APPEND } = constants;
  const descriptor = openSync(path, O_RDWR | O_CREAT | O_APPEND, 0o600);
  return {
    read: () => readFileSync(path),
    append: (bytes, from) => writeSync(descriptor, bytes, from),
    sync: () => fdatasyncSync(descriptor),
    truncate: (bytes) => ftruncateSync(descriptor, bytes),
    close: () => closeSync(descriptor),
  };
}

/** One process writes a journal. */
export type FolderLock = { readonly release: () => void };

/**
 * Takes the folder for this thread's life or throws. The lock is the kernel's (flock, taken on our
 * descriptor by the `flock` program, which shares it with us and ends): it ends with its owner
 * however that dies, and holds across containers, where process ids say nothing. Where the program
 * is missing the lock file's process id decides.
 */
export function lockFolder(path: string): FolderLock {
  const file = join(path, "lock");
  const descriptor = openLock(path, file);
  const holder = readFileSync(file, "utf8").trim();
  const flock = spawnSync("flock", ["-n", "-x", "3"], {
    stdio: ["ignore", "ignore", "ignore", descriptor],
  });
  const taken = flock.error === undefined ? flock.status === 0 : !isOther(Number(holder));
  if (!taken) {
    closeSync(descriptor);
    throw new Error(
      `${path} is in use by process ${holder || "(unknown)"}: ` +
        "stop it, or give this one another --data",
    );
  }
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`, 0);
  return { release: () => closeSync(descriptor) };
}

function openLock(path: string, file: string): number {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Error(
      `${path} cannot be written (${code}): make it writable for this user, ` +
        "or give this process another --data",
    );
  }
}

const isOther = (pid: number): boolean =>
  Number.isInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid);
