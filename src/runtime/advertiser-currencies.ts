import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packAlpha3, unpackAlpha3 } from "../base/units.js";
import type { Issue } from "../campaign/issue.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { Advertiser } from "../campaign/model.js";

export const currenciesPath = (dataFolder: string): string =>
  join(dataFolder, "advertiser-currencies.json");

type Known = Pick<Advertiser, "id" | "currency">;

/**
 * The currency of every advertiser that was ever in a World. The journal's amounts are in it and do
 * not name it, so an edit to another one would read old money as new. Kept in a file of the data
 * folder, beside the journal's.
 */
export class AdvertiserCurrencies {
  private readonly path: string;
  private readonly known: Map<number, number>;

  /** Throws where the file is there and cannot be read: its money would go unguarded. */
  constructor(path: string) {
    this.path = path;
    this.known = readCurrencies(path);
  }

  /** An error each for the advertisers that have another currency than before. */
  conflicts({ book, places }: Pick<LoadedConfig, "book" | "places">): readonly Issue[] {
    return book.advertisers.flatMap(({ id, currency }) => {
      const before = this.known.get(id);
      if (before === undefined || before === currency) return [];
      const message =
        `the money of advertiser ${id} is booked in ${unpackAlpha3(before)} and cannot be read ` +
        `as ${unpackAlpha3(currency)}: put the currency back, or make an advertiser with a new id`;
      return places.issue("error", ["advertiser", id], ["currency"], message);
    });
  }

  /** Before a World with these advertisers is published. */
  note(advertisers: readonly Known[]): void {
    const before = this.known.size;
    for (const { id, currency } of advertisers) this.known.set(id, currency);
    if (this.known.size !== before) this.save();
  }

  private save(): void {
    const temporary = `${this.path}.new`;
    mkdirSync(dirname(this.path), { recursive: true });
    const rows = [...this.known].map(([id, currency]) => [id, unpackAlpha3(currency)] as const);
    const text = `${JSON.stringify(Object.fromEntries(rows))}\n`;
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    renameSync(temporary, this.path);
  }
}

function readCurrencies(path: string): Map<number, number> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
  const entries = entriesOf(text);
  if (entries === null) {
    throw new Error(`${path} is damaged: put it back from a copy, or delete it to begin anew`);
  }
  return new Map(entries);
}

function entriesOf(text: string): (readonly [id: number, currency: number])[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).map(
    ([id, code]) => [Number(id), typeof code === "string" ? packAlpha3(code) : 0] as const,
  );
  return entries.every(([id, currency]) => id > 0 && currency !== 0) ? entries : null;
}
