import { join } from "node:path";
import { BankError } from "../bank/bank.js";
import type { Buyers } from "../bank/config/aipl.js";
import { type BankOutcome, loadBankConfig } from "../bank/config/load.js";
import type { BankConfig } from "../bank/config/model.js";
import type { UnixMs } from "../base/units.js";
import type { PrivacySettings } from "../bid/consent.js";
import { segmentNames } from "../campaign/compile.js";
import { type Issue, issueText } from "../campaign/issue.js";
import { lint } from "../campaign/lint.js";
import { isBankFile, isBidderFile, type LoadedConfig, loadConfig } from "../campaign/load.js";
import type { CampaignBook } from "../campaign/model.js";
import { readConfigFolder } from "./config-folder.js";
import { readPriceKeys } from "./price-key-files.js";
import { loadPrivacyConfig } from "./privacy-config.js";
import { realClock } from "./real-clock.js";
import type { ConfigReading } from "./world-desk-parts.js";

/** Reads a config folder whole, with lint's findings as warnings. Never throws. */
export function readConfig(folder: string, nowMs: UnixMs = realClock.nowMs()): ConfigReading {
  const reading = readConfigForm(folder);
  if (reading.config === null) return reading;
  return { ...reading, issues: [...reading.issues, ...findings(reading.config, nowMs)] };
}

/**
 * The same without lint: what cannot be read or is wrong in form or reference is an issue. Never
 * throws.
 */
export function readConfigForm(folder: string): ConfigReading {
  try {
    const { config, issues } = loadConfig(readConfigFolder(folder, isBidderFile));
    const privacy = readPrivacy(folder);
    const keyIssues = config === null ? [] : priceKeyIssues(config, folder);
    const usable = keyIssues.length === 0 ? config : null;
    const found = [...issues, ...keyIssues, ...privacy.issues];
    return { config: usable, privacy: privacy.settings, issues: found };
  } catch (error) {
    const message = error instanceof Error ? error.message : "the folder cannot be read";
    return { config: null, privacy: null, issues: [issueOf(folder, message)] };
  }
}

/** privacy.yaml of a config folder; null with issues where it cannot be used. */
export function readPrivacy(folder: string): {
  readonly settings: PrivacySettings | null;
  readonly issues: readonly Issue[];
} {
  const path = join(folder, "privacy.yaml");
  const read = loadPrivacyConfig(path);
  if (read.ok) return { settings: read.settings, issues: [] };
  return { settings: null, issues: read.problems.map((line) => issueOf(path, line)) };
}

export const priceKeyIssues = (
  { exchanges, places }: Pick<LoadedConfig, "exchanges" | "places">,
  folder: string,
): readonly Issue[] =>
  readPriceKeys(exchanges, folder).problems.map(({ exchange, path, message }) =>
    places.issue("error", ["exchange", exchange], path, message),
  );

/**
 * The data bank's part of a config folder; null where the folder has none. With `book`, the
 * agencies and advertisers that it names are looked up. Never throws.
 */
export function readBankConfig(folder: string, book: CampaignBook | null): BankOutcome | null {
  try {
    const files = readConfigFolder(folder, isBankFile);
    return files.length === 0 ? null : loadBankConfig(files, book === null ? null : buyersOf(book));
  } catch (error) {
    const message = error instanceof Error ? error.message : "the folder cannot be read";
    return { config: null, issues: [issueOf(folder, message)] };
  }
}

/** The bank's part of a config folder; throws BankError with every finding, one a line. */
export function bankConfigOf(configFolder: string): BankConfig {
  const outcome = readBankConfig(configFolder, null);
  if (outcome === null) {
    throw new BankError(
      `${join(configFolder, "touchpoints")} is missing: the bank needs bank.yaml, markets/, ` +
        "touchpoints/ and segments/ in its config folder (name one with --config)",
    );
  }
  if (outcome.config !== null) return outcome.config;
  throw new BankError(outcome.issues.map(issueText).join("\n"));
}

const buyersOf = ({ agencies, advertisers }: CampaignBook): Buyers => ({
  agencies: new Set(agencies.map(({ id }) => id)),
  agencyOf: new Map(advertisers.map(({ id, agency }) => [id, agency])),
});

/**
 * What lint finds, as warnings: `crowdbid check` refuses such a folder, a running bidder goes on
 * with it, since a flight that has ended must not stand in the way of every other edit. Segments
 * are not looked at: they come and go with epochs.
 */
const findings = (config: LoadedConfig, nowMs: UnixMs): readonly Issue[] =>
  lint(config, { nowMs, segments: allKnown(config) }).map((issue) => ({
    ...issue,
    severity: "warning",
  }));

const allKnown = ({ book }: LoadedConfig): ReadonlyMap<string, readonly number[]> =>
  new Map(segmentNames(book).map((name) => [name, []]));

/**
 * A line `file:line:column message` as an issue; what has no position stands at the file's start.
 */
export function issueOf(file: string, text: string): Issue {
  const match = /^(.+?):(\d+):(\d+):? (.*)$/s.exec(text);
  return match === null
    ? { severity: "error", file, line: 1, column: 1, message: text }
    : {
        severity: "error",
        file: match[1] as string,
        line: Number(match[2]),
        column: Number(match[3]),
        message: match[4] as string,
      };
}
