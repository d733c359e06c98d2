import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export type ScaleOptions = {
  readonly people: number;
  readonly identifiersEach: 1 | 2;
  readonly segments: 32 | 128;
  /** Where the snapshots are written: a disk with room for them. */
  readonly root: string;
  readonly keep: boolean;
  /** Bids a second while a snapshot is swapped. */
  readonly rate: number;
};

const usage =
  "npm run bench -- --scale | --swap [--people N] [--identifiers 1|2] [--segments 128|32] " +
  "[--data DIR] [--rate N] [--keep]";

/** Reads the flags behind `--scale` or `--swap`; throws with the usage. */
export function scaleOptionsOf(args: readonly string[], peopleUsual: number): ScaleOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ scale: { type: "boolean" }, swap: { type: "boolean" }, keep: { type: "boolean" } },
      ...{ people: text, identifiers: text, segments: text, data: text, rate: text },
    },
  });
  const people = countOf("--people", values.people ?? String(peopleUsual), 1000, 2 ** 30);
  const identifiersEach = countOf("--identifiers", values.identifiers ?? "1", 1, 2);
  const segments = countOf("--segments", values.segments ?? "128", 32, 128);
  if (segments !== 32 && segments !== 128) throw new Error(`--segments is 32 or 128\n${usage}`);
  return {
    ...{ people, segments, identifiersEach: identifiersEach === 2 ? 2 : 1 },
    ...{ root: resolve(values.data ?? tmpdir()), keep: values.keep === true },
    rate: countOf("--rate", values.rate ?? "1000", 1, 20_000),
  };
}

function countOf(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`${flag} ${text}: give a whole number from ${min} to ${max}\n${usage}`);
}

/** Bytes of a snapshot of that size, about: what its disk and its memory must hold. */
export const snapshotBytesOf = (options: ScaleOptions): number =>
  options.people * (8.43 * options.identifiersEach + options.segments / 8 + 2 + 1 / 8);

/**
 * Runs `body` with a new folder that is removed afterwards, also when the run is interrupted;
 * throws before it when the disk has not `bytesNeeded` left.
 */
export async function withFolder<T>(
  { root, keep }: ScaleOptions,
  bytesNeeded: number,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  mkdirSync(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  if (bavail * bsize < bytesNeeded) {
    const left = gigabytes(bavail * bsize);
    const words = `${root} has ${left} left, ${gigabytes(bytesNeeded)} are needed`;
    throw new Error(`${words}: give another folder with --data, or fewer --people`);
  }
  const folder = mkdtempSync(join(root, "crowdbid-scale-"));
  const remove = (): void => {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = (): never => process.exit(130);
  process.once("exit", remove);
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    return await body(folder);
  } finally {
    process.off("exit", remove);
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    remove();
    if (keep) process.stderr.write(`kept: ${folder}\n`);
  }
}
