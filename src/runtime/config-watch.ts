import { statSync } from "node:fs";
import { watchedFiles } from "./config-folder.js";

/**
 * Looks this often; a change is seen at the latest after two looks (one to see it, one to see it
 * stand still).
 */
const lookEveryMs = 150;

/**
 * Calls back when a config folder has changed since this call and then stood still for one look, so
 * that a half-written file is rarely read (and if so: a bad file changes nothing). Begin before the
 * first reading, or an edit in between is lost. Polling, because fs.watch misses renames on some
 * file systems; 100 files cost about 1 ms a look. Gives the function that stops it.
 */
export function watchConfig(folder: string, changed: () => void): () => void {
  let reported = fingerprint(folder);
  let last = reported;
  const timer = setInterval(() => {
    const now = fingerprint(folder);
    if (now !== reported && now === last) {
      reported = now;
      changed();
    }
    last = now;
  }, lookEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/**
 * Names, sizes, times and inodes of all files: changes whenever one is edited, added, renamed or
 * removed.
 */
function fingerprint(folder: string): string {
  try {
    return watchedFiles(folder).map(stateOf).join("\n");
  } catch {
    return `${folder} unreadable`;
  }
}

function stateOf(path: string): string {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return `${path} ${size} ${mtimeMs} ${ino}`;
  } catch {
    return `${path} gone`;
  }
}
