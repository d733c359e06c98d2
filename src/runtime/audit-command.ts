import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandIo, ExitCode } from "./command-io.js";
import { UsageError } from "./flags.js";
import type { ChainBreak, ChainReading, ReleaseRecord } from "./release-chain.js";
import { readReleases, releaseHead, releasesFolderOf } from "./release-ledger.js";
import { readServedEpoch } from "./served-epoch.js";
import { tableText } from "./table-text.js";

export type AuditOptions = {
  readonly data: string;
  /** A hash that an earlier audit printed. */
  readonly head?: string | undefined;
  readonly json?: boolean | undefined;
};

/** What one agency (0 = operators) was shown on one day. */
export type Shown = {
  readonly day: string;
  readonly agency: number;
  readonly what: string;
  readonly count: number;
};

/**
 * `crowdbid audit`: replays the release ledger: checks its chain and its signed head, and prints
 * what was shown by agency and day. Fails where a line was deleted, edited, moved or cut off. Reads
 * beside a running bidder and writes nothing.
 */
export function runAudit(options: AuditOptions, io: CommandIo): ExitCode {
  const { data, head: noted } = options;
  if (noted !== undefined && !/^[0-9a-f]{64}$/.test(noted)) {
    throw new UsageError("--head: give the 64 digits that an earlier audit printed");
  }
  const keyFile = join(data, "keys", "snapshot.ed25519.pub");
  if (!existsSync(keyFile)) {
    io.stderr(`${keyFile} is not there: give --data the data folder of a bidder or bank\n`);
    return ExitCode.FAILED;
  }
  const pem = readFileSync(keyFile, "utf8");
  const folder = releasesFolderOf(data);
  const reading = readReleases(folder, pem);
  const breaks = [
    ...reading.breaks,
    ...earlierHead(reading, noted),
    ...servedUnrecorded(reading, data),
  ];
  const head = releaseHead(folder, pem);
  const shown = shownBy(reading.records);
  if (options.json === true) {
    const { records, unsigned, tornBytes } = reading;
    const facts = { ok: breaks.length === 0, records: records.length, unsigned, tornBytes };
    io.stdout(`${JSON.stringify({ ...facts, head, breaks, shown })}\n`);
  } else {
    io.stdout(auditText(reading, head, breaks, shown));
  }
  return breaks.length === 0 ? ExitCode.OK : ExitCode.FAILED;
}

/** Who can sign can also write a whole ledger anew: an earlier head that was noted tells. */
function earlierHead({ hashes }: ChainReading, noted: string | undefined): ChainBreak[] {
  if (noted === undefined || hashes.includes(noted)) return [];
  return [{ file: "the ledger", line: 0, what: `holds no record with the hash ${noted}` }];
}

/** A ledger that is gone as a whole says nothing of itself. */
function servedUnrecorded({ records }: ChainReading, dataFolder: string): ChainBreak[] {
  const served = readServedEpoch(dataFolder);
  if (!served.ok || served.epoch === 0) return [];
  const known = records.some((one) => one.kind === "segments" && one.epoch >= served.epoch);
  if (known) return [];
  const what = `says that epoch ${served.epoch} was served, and the ledger does not know it`;
  return [{ file: "served-epoch.json", line: 0, what }];
}

/** One word for what a record showed; a count of them by agency and day. */
function shownBy(records: readonly ReleaseRecord[]): Shown[] {
  const counts = new Map<string, Shown>();
  for (const record of records) {
    const day = record.at.slice(0, 10);
    const what = wordOf(record);
    const count = record.kind === "segments" ? record.segments.length : 1;
    const key = JSON.stringify([day, record.agency, what]);
    const before = counts.get(key)?.count ?? 0;
    counts.set(key, { day, agency: record.agency, what, count: before + count });
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, one]) => one);
}

function wordOf(record: ReleaseRecord): string {
  switch (record.kind) {
    case "certificate":
      return `audience ${record.verdict.replaceAll("_", " ")}`;
    case "segments":
      return `segment of epoch ${record.epoch} with its band`;
    case "list":
      return "rows of its own list counted";
    case "funnel":
      return "tick of noised counts";
    default:
      return "record of an unknown kind";
  }
}

function auditText(
  { records, unsigned, tornBytes }: ChainReading,
  head: { readonly hash: string } | null,
  breaks: readonly ChainBreak[],
  shown: readonly Shown[],
): string {
  const rows = shown.map(({ day, agency, what, count }) => [
    ...[day, agency === 0 ? "operators" : String(agency), String(count), what],
  ]);
  const table = rows.length === 0 ? "" : tableText([["day", "agency", "count", "shown"], ...rows]);
  const notes = [
    ...(unsigned === 0 ? [] : [`${unsigned} records behind the signed head`]),
    ...(tornBytes === 0 ? [] : [`a last line that was not finished (${tornBytes} bytes)`]),
    ...breaks.map(
      ({ file, line, what }) => `BROKEN ${file}${line === 0 ? "" : `:${line}`} ${what}`,
    ),
    `${records.length} records, head ${head?.hash ?? "none"}`,
    breaks.length === 0 ? "the ledger is whole" : `the ledger is broken in ${breaks.length} places`,
  ];
  return `${table}${notes.join("\n")}\n`;
}
