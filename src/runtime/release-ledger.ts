import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { syncPath, writeDurably } from "../bank/durable.js";
import { type HeldLock, takeLock, tryLock } from "../bank/lock.js";
import type { UnixMs } from "../base/units.js";
import type { SigningKeys } from "./key-files.js";
import {
  type ChainReading,
  type Head,
  hashOf,
  headFrom,
  headText,
  lineOf,
  noPrevious,
  type Release,
  type ReleaseFile,
  type ReleaseRecord,
  readChain,
} from "./release-chain.js";

/** `releases/` in the data folder: what was ever shown, month by month, and the signed head. */
export const releasesFolderOf = (dataFolder: string): string => join(dataFolder, "releases");

const headFileOf = (folder: string): string => join(folder, "head.json");
const fileName = /^\d{4}-\d{2}\.ndjson$/;
const lockMsMax = 5000;
const lockPauseMs = 10;

const pemOf = ({ publicKey }: Pick<SigningKeys, "publicKey">): string =>
  publicKey.export({ type: "spki", format: "pem" }).toString();

/** The ledger's files, oldest first. */
export function releaseFiles(folder: string): ReleaseFile[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => fileName.test(name));
  return names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

/** null: there is none, or it is not signed by this key. */
export function releaseHead(folder: string, publicKeyPem: string): Head | null {
  const path = headFileOf(folder);
  return existsSync(path) ? headFrom(readFileSync(path, "utf8"), publicKeyPem) : null;
}

/** The whole ledger, checked. */
export const readReleases = (folder: string, publicKeyPem: string): ChainReading =>
  readChain(releaseFiles(folder), releaseHead(folder, publicKeyPem));

/**
 * Appends to the ledger. Bidder and bank write to the same one, each under its lock. What was
 * appended is on the disk when `append` returns, and only then may it be shown. A ledger that
 * somebody has cut, changed or added to is written on from where its signed head says it ended:
 * nothing is taken out, the gap stays in it for ever, and `crowdbid audit` shows it.
 */
export class ReleaseLedger {
  private readonly folder: string;
  private readonly signing: SigningKeys;
  private readonly nowMs: () => UnixMs;

  constructor(dataFolder: string, signing: SigningKeys, nowMs: () => UnixMs) {
    this.folder = releasesFolderOf(dataFolder);
    this.signing = signing;
    this.nowMs = nowMs;
  }

  /** Every record that is there, broken or not. */
  records(): readonly ReleaseRecord[] {
    return readReleases(this.folder, pemOf(this.signing)).records;
  }

  /** Those of the newest two months: what is shown now was shown in them if ever. */
  recent(): readonly ReleaseRecord[] {
    return existsSync(this.folder) ? readChain(this.newestFiles(), null).records : [];
  }

  /** Throws where the disk fails; nothing may be shown then. */
  append(releases: readonly Release[]): void {
    if (releases.length === 0) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const lock = waitHere(join(this.folder, "lock"));
    try {
      this.write(releases);
    } finally {
      lock.release();
    }
  }

  private write(releases: readonly Release[]): void {
    const at = new Date(this.nowMs()).toISOString();
    const files = this.newestFiles();
    const newest = files.at(-1) ?? null;
    const headFile = headFileOf(this.folder);
    if (newest === null && !existsSync(headFile)) {
      writeDurably(headFile, headText({ records: 0, hash: noPrevious }, this.signing));
    }
    const end = this.endOf(files);
    // A clock that went back writes on in the newest file: the files' order is the chain's.
    const month = `${at.slice(0, 7)}.ndjson`;
    const name = newest !== null && newest.name > month ? newest.name : month;
    let { records: n, hash: previous } = end.head;
    let text = newest?.name === name ? end.mend : "";
    const pending: string[] = [];
    for (const release of releases) {
      const line = lineOf(release, ++n, at, previous);
      previous = hashOf(line);
      pending.push(previous);
      text += `${line}\n`;
    }
    writeDurably(headFile, headText({ ...end.head, pending }, this.signing));
    if (newest?.name !== name && end.mend !== "") {
      appendDurably(join(this.folder, newest?.name ?? name), end.mend, -1);
    }
    appendDurably(join(this.folder, name), text, newest?.name === name ? end.cutAt : -1);
    if (newest?.name !== name) syncPath(this.folder);
    writeDurably(headFile, headText({ records: n, hash: previous }, this.signing));
  }

  /** Two: the signed head may name the last record of the month before. */
  private newestFiles(): ReleaseFile[] {
    const names = readdirSync(this.folder).filter((name) => fileName.test(name));
    const newest = names.sort().slice(-2);
    return newest.map((name) => ({ name, text: readFileSync(join(this.folder, name), "utf8") }));
  }

  /**
   * Where to go on: behind the signed head and those lines behind it that the head announced.
   * `cutAt` >= 0: a torn line begins there; `mend` ends a line that is damaged but not ours to cut.
   */
  private endOf(newest: readonly ReleaseFile[]): End {
    const signed = releaseHead(this.folder, pemOf(this.signing));
    const { records, hashes, tornBytes } = readChain(newest, signed);
    const last = records.at(-1)?.n ?? 0;
    const bytes = Buffer.byteLength(newest.at(-1)?.text ?? "");
    const isWhole = signed !== null && last >= signed.records;
    const cutAt = tornBytes > 0 && isWhole ? bytes - tornBytes : -1;
    const mend = tornBytes > 0 && !isWhole ? "\n" : "";
    // Without a head nobody knows where it ended: the first line after it fits no other.
    if (signed === null) return { head: { records: last, hash: noPrevious }, cutAt, mend };
    let head: Head = { records: signed.records, hash: signed.hash };
    for (const [i, { n, previous }] of records.entries()) {
      const hash = hashes[i] ?? "";
      if (n !== head.records + 1 || previous !== head.hash) continue;
      if (hash !== signed.pending?.[n - signed.records - 1]) continue;
      head = { records: n, hash };
    }
    return { head, cutAt, mend };
  }
}

type End = { readonly head: Head; readonly cutAt: number; readonly mend: string };

function appendDurably(path: string, text: string, cutAt: number): void {
  const fd = openSync(path, "a", 0o600);
  try {
    if (cutAt >= 0) ftruncateSync(fd, cutAt);
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writers hold it for milliseconds. */
function waitHere(path: string): HeldLock {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < lockMsMax; waitedMs += lockPauseMs) {
    const attempt = tryLock(path);
    if (attempt.ok) return attempt.lock;
    Atomics.wait(nobody, 0, 0, lockPauseMs);
  }
  return takeLock(path);
}
