import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bank } from "../bank/bank.js";
import type { BankConfig, Behaviour, Market, Purpose, Touchpoint } from "../bank/config/model.js";
import { Duck, sqlText } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { sipKeyFrom } from "../base/hash.js";
import type { UnixMs } from "../base/units.js";

/** A day's start that tests look back from. */
export const testDaySec = Date.UTC(2026, 10, 26) / 1000;

export type TestEvent = {
  readonly touchpoint: string;
  readonly who: bigint;
  readonly seconds: number;
  readonly market?: string;
  readonly behaviour?: string;
  readonly category?: string | null;
  readonly brand?: string | null;
  readonly source?: string | null;
  readonly amount?: number | null;
};

export type TestPerson = {
  readonly ordinal: number;
  readonly market?: string | null;
  readonly area?: number;
  /** Bit 0 advertising, bit 1 measurement; 3 unless said. */
  readonly purposes?: number;
  /** Towards a crowd minimum; true unless said. */
  readonly counts?: boolean;
  readonly identifiers: readonly { readonly key: bigint; readonly namespace: number }[];
};

export type TestRetired = {
  readonly ordinal: number;
  readonly day: string;
  readonly into: number;
};

/** Every list empty, 30 days, once: what a test wants goes over it. */
export const behaviour = (over: Partial<Behaviour>): Behaviour => ({
  ...{ touchpoints: [], behaviours: [], categories: [], brands: [], sources: [], markets: [] },
  ...{ withinDays: 30, count: 1, amountMicros: null, ...over },
});

const market = (name: string, currency: string): Market => ({
  ...{ name, label: name, countries: [], currency, consent: "optOut", areas: [], categories: [] },
});

const touchpoint = (name: string, purpose: Purpose): Touchpoint => ({
  ...{ name, label: name, purpose, retentionDays: 400, markets: ["US", "CN", "EU"] },
  columns: {
    time: { column: "time", as: "unixSec" },
    ...{ market: { column: "market" }, behaviour: { column: "behaviour" }, eventId: "event_id" },
    ...{ category: "category", brand: "brand", source: "source", amount: "amount", area: "area" },
  },
  ...{ behaviours: [], identifiers: [], links: [], homeArea: false, evidence: true },
});

/** Shops and searches for advertising, ads for measurement; three markets, two areas. */
export function testConfig(over: Partial<BankConfig>): BankConfig {
  const points = [touchpoint("commerce", "advertising"), touchpoint("search", "advertising")];
  points.push(touchpoint("ad", "measurement"));
  const identity = { stopList: [], accountsPerEmailMax: 1, accountsPerDeviceMax: 1 };
  return {
    markets: new Map(
      [market("US", "USD"), market("CN", "CNY"), market("EU", "EUR")].map((m) => [m.name, m]),
    ),
    areas: ["US-CA", "CN-31"],
    touchpoints: new Map(points.map((point) => [point.name, point])),
    identity: { ...identity, devicesPerAccountMax: 20, componentIdentifiersMax: 50 },
    ...{ aipl: [], segments: [], ...over },
  };
}

/** A bank in a temporary folder whose files are written as `src/bank/README.md` says. */
export class SmallBank {
  readonly bank: Bank;
  private batches = 0;

  private constructor(bank: Bank) {
    this.bank = bank;
  }

  static async open(config: BankConfig, over: Partial<Bank> = {}): Promise<SmallBank> {
    const folders = bankFolders(mkdtempSync(join(tmpdir(), "crowdbid-bank-")));
    const limits = { memoryMb: 256, threads: 1, ...over.limits };
    const key = (first: number) => sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => first + i));
    return new SmallBank({
      ...{ folders, config, limits, asOfSec: testDaySec, crowdMinimum: 20 },
      duck: await Duck.open(limits, folders.spill),
      keys: { identifier: key(0), suppression: key(50), crowd: key(100) },
      nowMs: (testDaySec * 1000 + 3_600_000) as UnixMs,
      report: () => undefined,
      ...over,
    });
  }

  /** The same files on another day or with other settings. */
  with(over: Partial<Bank>): Bank {
    return { ...this.bank, ...over };
  }

  async writePeople(
    epoch: number,
    people: readonly TestPerson[],
    retired: readonly TestRetired[] = [],
  ): Promise<void> {
    const folder = this.bank.folders.peopleOf(epoch);
    const identifiers = people.flatMap(({ ordinal, identifiers: own }) =>
      own.map(({ key, namespace }) => ({ key, namespace, ordinal, first: 0 })),
    );
    identifiers.sort((a, b) => (a.key < b.key ? -1 : 1));
    const persons = people.map((person) => {
      const { ordinal, market: of = null, area = 0, purposes = 3, counts = true } = person;
      return { ordinal, market: of, area, purposes, counts: counts ? 1 : 0 };
    });
    const identifierTypes = { key: "UBIGINT", namespace: "UTINYINT", ordinal: "UINTEGER" };
    await this.write(join(folder, "identifiers.parquet"), identifiers, {
      ...{ ...identifierTypes, first: "UINTEGER" },
    });
    await this.write(join(folder, "persons.parquet"), persons, {
      ...{ ordinal: "UINTEGER", market: "VARCHAR", area: "UINTEGER", purposes: "UTINYINT" },
      counts: "UTINYINT",
    });
    await this.write(join(folder, "retired.parquet"), retired, {
      ...{ ordinal: "UINTEGER", day: "VARCHAR", into: "UINTEGER" },
    });
    const nextOrdinal =
      1 + Math.max(0, ...people.map((p) => p.ordinal), ...retired.map((r) => r.ordinal));
    const counts = { epoch, nextOrdinal, persons: people.length, identifiers: identifiers.length };
    writeFileSync(join(folder, "people.json"), JSON.stringify({ ...counts, day: "2026-11-26" }));
  }

  /** One batch a touch-point. */
  async writeEvents(events: readonly TestEvent[]): Promise<void> {
    for (const name of new Set(events.map((event) => event.touchpoint))) {
      const batch = (this.batches++).toString(16).padStart(16, "0");
      const rows = events
        .filter((event) => event.touchpoint === name)
        .map((event, i) => ({
          ...{ event: i + 1, seconds: event.seconds, who: event.who, area: null },
          ...{ market: event.market ?? "US", behaviour: event.behaviour ?? "view" },
          ...{ category: event.category, brand: event.brand, source: event.source },
          amount: event.amount,
        }));
      await this.write(join(this.bank.folders.batchesOf(name), batch, "events.parquet"), rows, {
        ...{ event: "UBIGINT", seconds: "UINTEGER", who: "UBIGINT", market: "VARCHAR" },
        ...{ area: "VARCHAR", behaviour: "VARCHAR", category: "VARCHAR", brand: "VARCHAR" },
        ...{ source: "VARCHAR", amount: "BIGINT" },
      });
    }
  }

  async writeList(
    agency: number,
    name: string,
    keys: readonly bigint[],
    expiresSec: number,
  ): Promise<void> {
    const folder = this.bank.folders.listOf(agency, name);
    await this.write(
      join(folder, "keys.parquet"),
      keys.map((key) => ({ key })),
      { key: "UBIGINT" },
    );
    const facts = { agency, name, expiresSec, uploadedSec: testDaySec - 86_400 };
    writeFileSync(join(folder, "list.json"), JSON.stringify(facts));
  }

  close(): void {
    this.bank.duck.close();
    rmSync(join(this.bank.folders.root, ".."), { recursive: true });
  }

  /** Columns in the order of `types`. */
  private async write(
    file: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    types: Readonly<Record<string, string>>,
  ): Promise<void> {
    mkdirSync(join(file, ".."), { recursive: true });
    const columns = Object.entries(types).map(([name, type]) => {
      const values = rows.map((row) => sqlValue(row[name])).join();
      return `unnest([${values}]::${type}[]) AS "${name}"`;
    });
    const to = `${sqlText(file)} (FORMAT parquet)`;
    await this.bank.duck.run(`COPY (SELECT ${columns.join(", ")}) TO ${to}`);
  }
}

const sqlValue = (value: unknown): string => {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "string" ? sqlText(value) : String(value);
};
