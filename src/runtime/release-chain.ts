import { createHash, createPublicKey, sign, verify } from "node:crypto";
import type { SigningKeys } from "./key-files.js";

/**
 * Something that was shown to somebody outside the bank: a verdict, the names and bands of an
 * epoch's segments, the answer to a list, noised counts. Flat JSON; agency 0 = shown to operators.
 */
export type Release =
  | {
      readonly kind: "certificate";
      readonly agency: number;
      readonly digest: string;
      readonly epoch: number;
      readonly rule: number;
      readonly verdict: string;
    }
  | {
      readonly kind: "segments";
      readonly agency: 0;
      readonly epoch: number;
      readonly manifest: string;
      /** Name, size rounded down to its band, agencies that may use it (none = all). */
      readonly segments: readonly (readonly [string, number, readonly number[]])[];
    }
  | {
      readonly kind: "list";
      readonly agency: number;
      readonly list: string;
      readonly rows: number;
      readonly unusable: number;
    }
  | {
      readonly kind: "funnel";
      readonly agency: 0;
      /** ISO 8601, the end of the tick. */
      readonly tick: string;
      readonly counts: Readonly<Record<string, number>>;
    };

/**
 * One line of `releases/<year>-<month>.ndjson`: records count from 1 over all files, `previous` is
 * the SHA-256 of the line before it (without its line feed; 64 zeros before the first), so that a
 * line that is changed, taken out, put in or moved no longer fits its successor.
 */
export type ReleaseRecord = Release & {
  readonly n: number;
  /** ISO 8601. */
  readonly at: string;
  readonly previous: string;
};

export const noPrevious = "0".repeat(64);
export const hashOf = (line: string): string => createHash("sha256").update(line).digest("hex");

export function lineOf(release: Release, n: number, at: string, previous: string): string {
  return JSON.stringify({ n, at, ...release, previous });
}

/**
 * `releases/head.json`: how many records there are and the hash of the last, signed. It is what
 * tells that lines are missing at the end. `pending`: hashes of the lines that are being written
 * behind it, signed before they are: what else stands there was put in by a hand without the key.
 */
export type Head = {
  readonly records: number;
  readonly hash: string;
  readonly pending?: readonly string[];
};

const headMessage = ({ records, hash, pending = [] }: Head): Buffer =>
  Buffer.from(`crowdbid releases head\n${[records, hash, ...pending].join("\n")}\n`);

export function headText(head: Head, { privateKey }: Pick<SigningKeys, "privateKey">): string {
  const signature = sign(null, headMessage(head), privateKey).toString("base64");
  return `${JSON.stringify({ ...head, signature })}\n`;
}

/** null: no head, or not signed by this key (SPKI PEM). */
export function headFrom(text: string, publicKeyPem: string): Head | null {
  const value = objectFrom(text);
  if (value === null) return null;
  const { records, hash, signature } = value;
  if (typeof records !== "number" || typeof hash !== "string") return null;
  if (typeof signature !== "string") return null;
  const pending: unknown = value["pending"] ?? [];
  if (!Array.isArray(pending) || !pending.every((one) => typeof one === "string")) return null;
  const head: Head = { records, hash, ...(pending.length === 0 ? {} : { pending }) };
  const key = createPublicKey(publicKeyPem);
  const holds = verify(null, headMessage(head), key, Buffer.from(signature, "base64"));
  return holds ? head : null;
}

/** null: the line is no record. */
export function recordFrom(line: string): ReleaseRecord | null {
  const value = objectFrom(line);
  if (value === null || typeof value["n"] !== "number") return null;
  if (typeof value["previous"] !== "string" || typeof value["at"] !== "string") return null;
  return value as unknown as ReleaseRecord;
}

function objectFrom(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A file of the ledger, oldest first; the last one alone may end in a torn line. */
export type ReleaseFile = { readonly name: string; readonly text: string };

/** `line` counts from 1; 0 = the head or the whole. */
export type ChainBreak = { readonly file: string; readonly line: number; readonly what: string };

export type ChainReading = {
  readonly records: readonly ReleaseRecord[];
  /** Hashes of the records, in their order. */
  readonly hashes: readonly string[];
  readonly breaks: readonly ChainBreak[];
  /** Records behind the signed head: written right before a crash, or by a hand (a break). */
  readonly unsigned: number;
  /** Bytes of a line that was not finished. */
  readonly tornBytes: number;
};

/** Checks every line against the one before it and the end against the signed head. */
export function readChain(files: readonly ReleaseFile[], head: Head | null): ChainReading {
  const records: ReleaseRecord[] = [];
  const hashes: string[] = [];
  const breaks: ChainBreak[] = [];
  let previous = noPrevious;
  let n = 0;
  let tornBytes = 0;
  for (const [i, { name, text }] of files.entries()) {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    if (rest !== "" && i < files.length - 1) lines.push(rest);
    else if (rest !== "") tornBytes = Buffer.byteLength(rest);
    for (const [at, line] of lines.entries()) {
      const tell = (what: string) => breaks.push({ file: name, line: at + 1, what });
      const record = recordFrom(line);
      if (record === null) {
        tell("is no record");
        continue;
      }
      if (record.n !== n + 1) tell(`is record ${record.n}, and ${n + 1} is expected`);
      else if (record.previous !== previous) {
        tell("does not follow from the line before it: one of the two is not what was written");
      }
      n = record.n;
      previous = hashOf(line);
      records.push(record);
      hashes.push(previous);
    }
  }
  const end = endOf({ records, hashes, tornBytes }, head);
  return { records, hashes, breaks: [...breaks, ...end.breaks], unsigned: end.unsigned, tornBytes };
}

function endOf(
  { records, hashes, tornBytes }: Pick<ChainReading, "records" | "hashes" | "tornBytes">,
  head: Head | null,
): Pick<ChainReading, "breaks" | "unsigned"> {
  const file = "head.json";
  const broken = (what: string) => ({ breaks: [{ file, line: 0, what }], unsigned: 0 });
  if (head === null) {
    if (records.length === 0 && tornBytes === 0) return { breaks: [], unsigned: 0 };
    return broken("is missing, or not signed by this data folder's key");
  }
  const last = records.at(-1)?.n ?? 0;
  if (last < head.records) {
    return broken(`names record ${head.records}, and the last one is ${last}: the end is missing`);
  }
  const signed = records.findIndex(({ n }) => n === head.records);
  if (head.records > 0 && hashes[signed] !== head.hash) {
    return broken(`names another record ${head.records} than the one that is there`);
  }
  const behind = hashes.slice(signed + 1);
  const foreign = behind.findIndex((one, i) => one !== head.pending?.[i]);
  if (foreign === -1) return { breaks: [], unsigned: behind.length };
  const n = records[signed + 1 + foreign]?.n ?? 0;
  const what = "stands behind the signed head, which does not know it: a hand without the key";
  return { ...broken(`record ${n} ${what}`), unsigned: behind.length };
}
