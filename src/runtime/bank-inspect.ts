import { existsSync, readFileSync } from "node:fs";
import { bankFolders } from "../bank/folders.js";
import type { Epoch } from "../base/ids.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import type { Manifest } from "../index/manifest.js";
import { newestEpoch } from "./command-epoch.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { tableText } from "./table-text.js";

export type InspectOptions = { readonly data: string; readonly json?: boolean | undefined };

/** What `bank inspect` tells of the newest epoch that may be served: bands, never exact sizes. */
export type Inspected = {
  readonly epoch: Epoch;
  readonly created: string;
  readonly ageHours: number;
  readonly validUntil: string;
  /** 0 = fewer than the crowd minimum. */
  readonly people: number;
  readonly identifiers: number;
  readonly source: string;
  readonly segments: readonly InspectedSegment[];
  /** Segments that are not in the snapshot, each with one word, no size; null = not reported. */
  readonly leftOut: readonly LeftOut[] | null;
};

type InspectedSegment = {
  readonly name: string;
  readonly label: string;
  readonly source: string;
  readonly recencyDays: number;
  readonly method: string;
  /** At least so many people. */
  readonly fromPeople: number;
  /** Who may use it; empty = everybody. */
  readonly agencies: readonly number[];
};
export type LeftOut = { readonly name: string; readonly why: string };

/** Prints the newest good epoch of a data folder; fails where there is none. */
export function runBankInspect(options: InspectOptions, io: CommandIo): ExitCode {
  const warnings: string[] = [];
  const epoch = newestEpoch(options.data, io.nowMs(), warnings);
  for (const warning of warnings) io.stderr(`${warning}\n`);
  if (epoch === null) {
    io.stderr(
      `${options.data} has no snapshot that could be served: make one with crowdbid bank build\n`,
    );
    return ExitCode.FAILED;
  }
  const found = inspected(epoch.manifest, io.nowMs(), leftOutOf(options.data, epoch.manifest));
  io.stdout(options.json === true ? `${JSON.stringify(found)}\n` : inspectText(found));
  return ExitCode.OK;
}

function inspected(m: Manifest, nowMs: UnixMs, leftOut: readonly LeftOut[] | null): Inspected {
  return {
    epoch: m.epoch,
    created: new Date(m.createdMs).toISOString(),
    ageHours: Math.max(0, Math.floor((nowMs - m.createdMs) / 3_600_000)),
    validUntil: new Date(m.notAfterMs).toISOString(),
    people: shownCount(m.peopleCount),
    identifiers: shownCount(m.identifierCount),
    source: m.source,
    segments: m.segments.map(({ bandedPeople, ...segment }) => ({
      ...segment,
      fromPeople: bandedPeople,
    })),
    leftOut,
  };
}

/** Three digits, and 0 for what is smaller than a crowd. */
export const shownCount = (count: number): number =>
  count < crowdMinimumPeople ? 0 : threeDigits(count);

/** Rounded down: two looks, before and after one person left, say the same. */
export function threeDigits(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 2);
  return Math.floor(count / unit) * unit;
}

function leftOutOf(dataFolder: string, manifest: Manifest): readonly LeftOut[] | null {
  const path = bankFolders(dataFolder).reportOf(manifest.epoch);
  // A build that was killed between its snapshot and its report.
  if (!existsSync(path)) return null;
  const report = JSON.parse(readFileSync(path, "utf8")) as { leftOut?: readonly LeftOut[] };
  return report.leftOut ?? [];
}

const countText = (count: number): string =>
  count === 0
    ? `fewer than ${crowdMinimumPeople.toLocaleString("en")}`
    : `${count.toLocaleString("en")} (3 digits)`;

function leftOutText(leftOut: readonly LeftOut[] | null): string {
  if (leftOut === null) return "\nwhat is not in the snapshot was not reported: build again\n";
  const left = leftOut.map(({ name, why }) => `  ${name}: ${why}`);
  return left.length === 0 ? "" : `\nnot in the snapshot:\n${left.join("\n")}\n`;
}

function inspectText(found: Inspected): string {
  const head: readonly (readonly [string, string])[] = [
    ["epoch", String(found.epoch)],
    ["created", `${found.created} (${found.ageHours} h ago)`],
    ["valid until", found.validUntil],
    ["people", countText(found.people)],
    ["identifiers", countText(found.identifiers)],
    ["source", found.source],
  ];
  const rows = found.segments.map((s) => [
    s.name,
    `>= ${s.fromPeople.toLocaleString("en")}`,
    s.agencies.length === 0 ? "all" : s.agencies.join(", "),
    s.source,
    `${s.recencyDays} d`,
    s.method,
    s.label,
  ]);
  const table = tableText([
    ["segment", "people", "agencies", "source", "recency", "method", "label"],
    ...rows,
  ]);
  const more = leftOutText(found.leftOut);
  const facts = head.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join("");
  return `${facts}\n${table}${more}`;
}
