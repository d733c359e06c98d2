import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { Checkpoint } from "./audit-chain.js";

/**
 * `audit.head`: the newest checkpoint outside of the store, a JSON line; before it those that the
 * store no longer bears out, which stay for ever.
 */
export type HeadFile = {
  /** A file that is missing holds none; `words` = it cannot be read. */
  readonly read: () => { readonly points: readonly Checkpoint[]; readonly words: string };
  /** What cannot be written stays as it was: older, and still true. */
  readonly write: (points: readonly Checkpoint[]) => void;
};

export const headFileAt = (path: string): HeadFile => ({
  read: () => {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      return { points: [], words: isMissing ? "" : (error as Error).message };
    }
    const points: Checkpoint[] = [];
    let words = "";
    for (const line of text.split("\n").filter((part) => part !== "")) {
      const point = checkpointFrom(line);
      if (point === null) words = `${path} holds a line that is no checkpoint`;
      else points.push(point);
    }
    return { points, words };
  },
  write: (points) => {
    const text = points.map((point) => `${JSON.stringify(point)}\n`).join("");
    try {
      const fd = openSync(`${path}.new`, "w", 0o600);
      try {
        writeSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(`${path}.new`, path);
    } catch {
      // The same checkpoint stands in the store's table.
    }
  },
});

function checkpointFrom(line: string): Checkpoint | null {
  try {
    const { n, atMs, head, signature } = JSON.parse(line) as Record<string, unknown>;
    if (typeof n !== "number" || typeof atMs !== "number") return null;
    if (typeof head !== "string" || typeof signature !== "string") return null;
    return { n, atMs, head, signature };
  } catch {
    return null;
  }
}
