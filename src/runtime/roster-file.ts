import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { SipKey } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import type { AudienceNeeded } from "../campaign/compile.js";
import { type Roster, type RosterBook, rosterOf, withCertified } from "../campaign/roster.js";
import { syncFolder } from "./key-files.js";

/**
 * `asking-roster.json` in the data folder: which audiences have a place of the day, so that a
 * restart opens no second set of them. Deleted within the day it would be drawn anew.
 */
export const rosterFileOf = (dataFolder: string): string => join(dataFolder, "asking-roster.json");

const dayMs = 86_400_000;
/** After a roster that could not be kept. */
const againMs = 60_000;
const dayOf = (nowMs: number): number => Math.floor(nowMs / dayMs);

const form = z.strictObject({
  day: z.int().nonnegative(),
  agencies: z.array(
    z.strictObject({
      agency: z.int().positive(),
      places: z.int().positive(),
      digests: z.array(z.string()),
    }),
  ),
});

/**
 * The roster of the day, kept before it is used. What cannot be read or kept opens nothing: those
 * audiences are asked of nobody until the next UTC day, or until the disk takes them.
 */
export class RosterFile {
  private readonly path: string;
  private readonly key: SipKey;
  private readonly onProblem: (words: string) => void;
  private book: RosterBook | null = null;
  private read = false;
  /** Up to that day nothing is opened: what was before is not known. */
  private closedDay = -1;
  private triedMs = 0;

  constructor(path: string, key: SipKey, onProblem: (words: string) => void) {
    this.path = path;
    this.key = key;
    this.onProblem = onProblem;
  }

  /** With the audiences that are certified now. */
  turn(certified: readonly Pick<AudienceNeeded, "agency" | "digest">[], nowMs: number): Roster {
    const today = dayOf(nowMs);
    this.triedMs = nowMs;
    if (!this.read) this.book = this.readBook(today);
    this.read = true;
    if (today > this.closedDay) {
      const next = withCertified(this.book, certified, today);
      // A World goes on with the day before where the new one cannot be kept.
      if (!isSame(next, this.book) && this.keep(next)) this.book = next;
    }
    return rosterOf(this.book ?? { day: today, agencies: new Map() }, this.key);
  }

  /** The day of a World's roster is over: one of the new day is to be published. */
  isOver(rosterDay: number, nowMs: number): boolean {
    return rosterDay < dayOf(nowMs) && Math.abs(nowMs - this.triedMs) >= againMs;
  }

  private readBook(today: number): RosterBook | null {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      return this.close(today, "cannot be read");
    }
    const found = form.safeParse(jsonOf(text));
    if (!found.success) return this.close(today, "is damaged");
    const { day, agencies } = found.data;
    if (agencies.some(({ places, digests }) => digests.length > places)) {
      return this.close(today, "is damaged");
    }
    return {
      day,
      agencies: new Map(
        agencies.map(({ agency, places, digests }) => [agency as AgencyId, { places, digests }]),
      ),
    };
  }

  private close(today: number, what: string): null {
    this.closedDay = today;
    const words = "nobody knows which audiences were asked today: none is until the next UTC day";
    this.onProblem(`${this.path} ${what}, so ${words}`);
    return null;
  }

  private keep({ day, agencies }: RosterBook): boolean {
    const list = [...agencies].map(([agency, roster]) => ({ agency, ...roster }));
    const temporary = `${this.path}.new`;
    try {
      const fd = openSync(temporary, "w", 0o600);
      try {
        writeSync(fd, `${JSON.stringify({ day, agencies: list })}\n`);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.path);
      syncFolder(dirname(this.path));
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.onProblem(`${this.path} cannot be written (${code ?? "?"}): new audiences stay closed`);
      return false;
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Within a day a book only grows. */
function isSame(next: RosterBook, before: RosterBook | null): boolean {
  if (before === null || before.day !== next.day) return false;
  return [...next.agencies].every(
    ([agency, { digests }]) => digests.length === before.agencies.get(agency)?.digests.length,
  );
}
