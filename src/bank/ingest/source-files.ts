import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { BankError } from "../bank.js";
import type { BankConfig, Touchpoint } from "../config/model.js";

export type SourceFormat = "parquet" | "csv" | "ndjson";

export type SourceFile = {
  readonly touchpoint: Touchpoint;
  readonly path: string;
  /** `<touch-point>/<name>`: what messages and batch.json call it. */
  readonly name: string;
  readonly format: SourceFormat;
  readonly gzipped: boolean;
  readonly bytes: number;
  readonly changedMs: number;
  /** Of the bidder's exposure log. */
  readonly exposures?: true;
};

/** Read otherwise, see exposures.ts. */
export const exposuresFolderName = "exposures";

const endings = /\.(?:(parquet)|(csv|ndjson)(\.gz)?)$/;

/**
 * The files of every touch-point in order of name, a warning for each thing that is none, and how
 * many folders of touch-points there are.
 */
export function listSource(
  config: BankConfig,
  folder: string,
  withExposures = false,
): {
  readonly files: readonly SourceFile[];
  readonly warnings: readonly string[];
  readonly touchpoints: number;
} {
  let touchpoints = 0;
  const files: SourceFile[] = [];
  const warnings: string[] = [];
  for (const name of namesIn(folder)) {
    if (withExposures && name === exposuresFolderName) {
      touchpoints++;
      continue;
    }
    const path = join(folder, name);
    const touchpoint = config.touchpoints.get(name);
    if (!isFolder(path)) {
      warnings.push(`${name}: skipped; files belong in a folder named after their touch-point`);
    } else if (touchpoint === undefined) {
      warnings.push(`${name}/: skipped; add touchpoints/${name}.yaml, or move the folder away`);
    } else {
      touchpoints++;
      for (const file of namesIn(path)) addFile(touchpoint, path, file, files, warnings);
    }
  }
  return { files, warnings, touchpoints };
}

function addFile(
  touchpoint: Touchpoint,
  folder: string,
  file: string,
  files: SourceFile[],
  warnings: string[],
): void {
  const path = join(folder, file);
  const name = `${touchpoint.name}/${file}`;
  const match = endings.exec(file);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (match === null || stat?.isFile() !== true) {
    const kinds = ".parquet, .csv, .ndjson, .csv.gz or .ndjson.gz";
    warnings.push(`${name}: skipped; only files ending in ${kinds} are read`);
    return;
  }
  files.push({
    touchpoint,
    path,
    name,
    format: (match[1] ?? match[2]) as SourceFormat,
    gzipped: match[3] !== undefined,
    bytes: stat.size,
    changedMs: stat.mtimeMs,
  });
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Sorted by UTF-16 units, the same on every machine; names with a leading dot are no data. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch {
    throw new BankError(
      `the source folder ${folder} cannot be read: name one that holds a folder a touch-point`,
    );
  }
}

/** True when the file is another one than `listSource` saw: somebody still writes it. */
export function hasChanged(file: SourceFile): boolean {
  const stat = statSync(file.path, { throwIfNoEntry: false });
  return stat?.size !== file.bytes || stat.mtimeMs !== file.changedMs;
}

/** SHA-256 of the content as hexadecimal digits; `onBytes` hears of each part that is read. */
export async function contentDigest(
  path: string,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(part as Buffer);
    onBytes((part as Buffer).length);
  }
  return hash.digest("hex");
}

/** Of a content that other rules judge anew: its batch stands beside the first one. */
export const retakenDigest = (digest: string, rules: string): string =>
  createHash("sha256").update(`${digest} ${rules}`).digest("hex");

/** A batch's name: the first 16 digits. */
export const batchName = (digest: string): string => digest.slice(0, 16);
