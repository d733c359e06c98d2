import type { SipKey } from "../base/hash.js";
import type { UnixMs } from "../base/units.js";
import type { BankConfig } from "./config/model.js";
import type { Duck, DuckLimits } from "./duck.js";
import type { BankFolders } from "./folders.js";

/** Keys of the data folder that the bank uses. */
export type BankKeys = {
  /** Hashes identifiers, at the door and in the bidder alike. */
  readonly identifier: SipKey;
  /** Hashes what was forgotten; never changed. */
  readonly suppression: SipKey;
  /** Seeds the noise of the crowd minimum. */
  readonly crowd: SipKey;
};

/** What every stage gets: an opened bank. One process at a time holds it (`lock`). */
export type Bank = {
  readonly folders: BankFolders;
  readonly config: BankConfig;
  readonly keys: BankKeys;
  readonly duck: Duck;
  readonly limits: DuckLimits;
  readonly nowMs: UnixMs;
  /** 00:00 UTC of today in Unix seconds: labels and segments look back from here. */
  readonly asOfSec: number;
  /** Another one than 100,000 is for tests only. */
  readonly crowdMinimum: number;
  readonly report: Report;
};

export type BankStage =
  | "generate"
  | "ingest"
  | "identity"
  | "stages"
  | "segments"
  | "index"
  | "write";

/** A progress line: `done` of `total` things of `unit` ("rows", "people", "bytes"). */
export type Report = (stage: BankStage, done: number, total: number, unit: string) => void;

export const secondsPerDay = 86_400;

/** 00:00 UTC of the day of a moment, in Unix seconds. */
export const dayStartSec = (nowMs: number): number =>
  Math.floor(nowMs / 1000 / secondsPerDay) * secondsPerDay;

/** "2026-11-26" of a day's start. */
export const dayName = (startSec: number): string =>
  new Date(startSec * 1000).toISOString().slice(0, 10);

/**
 * An operator's mistake or a broken input: its message says what, where and what to do. Every other
 * error is ours.
 */
export class BankError extends Error {
  override readonly name = "BankError";
}
