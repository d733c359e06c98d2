import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Looks this often; a change is seen at the latest after two looks (one to see it, one to see it
 * stand still).
 */
const lookEveryMs = 150;

/**
 * Calls back when the YAML files under the folders have changed and then stood still for one look,
 * so that a half-written file is rarely read (and if so: a bad file changes nothing). Polling,
 * because fs.watch misses renames on some file systems; 100 files cost about 1 ms a look. Gives the
 * function that stops it.
 */
export function watchFolders(folders: readonly string[], changed: () => void): () => void {
  let reported = fingerprint(folders);
  let last = reported;
  const timer = setInterval(() => {
    const now = fingerprint(folders);
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
 * Names, sizes, times and inodes of all YAML files: changes whenever one is edited, added, renamed
 * or removed.
 */
function fingerprint(folders: readonly string[]): string {
  const lines: string[] = [];
  for (const folder of folders) collect(folder, lines);
  return lines.join("\n");
}

function collect(folder: string, lines: string[]): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    lines.push(`${folder} unreadable`);
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, lines);
    else if (/\.ya?ml$/.test(entry.name)) lines.push(stateOf(path));
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
