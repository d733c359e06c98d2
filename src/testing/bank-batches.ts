import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bank, dayStartSec } from "../bank/bank.js";
import type { BankConfig, Market, Touchpoint } from "../bank/config/model.js";
import { Duck, sqlText } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { sipKeyFrom } from "../base/hash.js";
import type { UnixMs } from "../base/units.js";

/** A touch-point's row as ingest would have read it. Its first identifier is whose row it is. */
export type BatchRow = {
  readonly seconds: number;
  readonly keys: readonly (readonly [key: bigint, namespace: number])[];
  readonly links?: readonly (readonly [one: bigint, other: bigint, mm: number])[];
  /** Another one for each row unless said. */
  readonly event?: bigint;
  readonly market?: string;
  readonly area?: string;
  readonly behaviour?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly source?: string;
  readonly amountMicros?: number;
};
export type Batch = { readonly touchpoint: string; readonly rows: readonly BatchRow[] };

/** Writes batches as ingest leaves them (src/bank/README.md); the folders of the batches. */
export async function writeBatches(bank: Bank, batches: readonly Batch[]): Promise<string[]> {
  const written: string[] = [];
  for (const batch of batches) written.push(await writeBatch(bank, batch));
  return written;
}

async function writeBatch({ duck, folders }: Bank, { touchpoint, rows }: Batch): Promise<string> {
  const { events, identifiers, edges } = linesOf(touchpoint, rows);
  const sha256 = createHash("sha256").update(`${touchpoint} ${events.join()} ${edges.join()}`);
  const digest = sha256.digest("hex");
  const folder = join(folders.batchesOf(touchpoint), digest.slice(0, 16));
  mkdirSync(folder, { recursive: true });
  const seconds = rows.map((row) => row.seconds);
  const facts = {
    ...{ schema: 1, touchpoint, file: `${digest.slice(0, 8)}.ndjson`, bytes: 0, sha256: digest },
    ...{ rows: rows.length, accepted: rows.length, duplicates: 0, suppressed: 0, pastRetention: 0 },
    ...{ quarantined: {}, firstSec: Math.min(...seconds), lastSec: Math.max(...seconds) },
  };
  writeFileSync(join(folder, "batch.json"), JSON.stringify(facts));
  writeFileSync(join(folder, "quarantine.ndjson"), "");
  const eventColumns =
    "{event: 'UBIGINT', seconds: 'UINTEGER', who: 'UBIGINT', market: 'VARCHAR', area: 'VARCHAR', " +
    "behaviour: 'VARCHAR', category: 'VARCHAR', brand: 'VARCHAR', source: 'VARCHAR', " +
    "amount: 'BIGINT'}";
  await writeParquet(duck, folder, "events", events, eventColumns, "FROM rows");
  await writeParquet(
    ...([duck, folder, "identifiers", identifiers] as const),
    "{key: 'UBIGINT', namespace: 'UTINYINT', seconds: 'UINTEGER'}",
    `SELECT key, namespace, min(seconds) AS first, max(seconds) AS last,
      count(*)::UINTEGER AS events FROM rows GROUP BY key, namespace`,
  );
  await writeParquet(
    ...([duck, folder, "edges", edges] as const),
    "{one: 'UBIGINT', other: 'UBIGINT', mm: 'UTINYINT', seconds: 'UINTEGER'}",
    `SELECT least(one, other) AS a, greatest(one, other) AS b, mm, min(seconds) AS first,
      max(seconds) AS last, count(*)::UINTEGER AS events
      FROM rows WHERE one <> other GROUP BY a, b, mm`,
  );
  return folder;
}

function linesOf(touchpoint: string, rows: readonly BatchRow[]) {
  const events: string[] = [];
  const identifiers: string[] = [];
  const edges: string[] = [];
  for (const [i, row] of rows.entries()) {
    const { seconds, keys, links = [], market = "US", behaviour = "view" } = row;
    const event = row.event ?? eventKey(`${touchpoint} ${i} ${seconds} ${keys.join(" ")}`);
    const words = [row.area, behaviour, row.category, row.brand, row.source, row.amountMicros];
    if (keys[0] !== undefined) {
      events.push([event, seconds, keys[0][0], market, ...words.map((word) => word ?? "")].join());
    }
    for (const [key, namespace] of keys) identifiers.push([key, namespace, seconds].join());
    for (const [one, other, mm] of links) edges.push([one, other, mm, seconds].join());
  }
  return { events, identifiers, edges };
}

const eventKey = (text: string): bigint =>
  createHash("sha256").update(text).digest().readBigUInt64LE();

async function writeParquet(
  duck: Duck,
  folder: string,
  name: string,
  lines: readonly string[],
  columns: string,
  sql: string,
): Promise<void> {
  const csv = join(folder, `${name}.csv`);
  writeFileSync(csv, lines.map((line) => `${line}\n`).join(""));
  const options = `columns = ${columns}, header = false, auto_detect = false`;
  const rows = `(SELECT * FROM read_csv(${sqlText(csv)}, ${options}))`;
  await duck.run(`
    COPY (WITH rows AS ${rows} ${sql}) TO ${sqlText(join(folder, `${name}.parquet`))}
      (FORMAT parquet, COMPRESSION zstd)`);
  rmSync(csv);
}

const market = (name: string, consent: Market["consent"], areas: Market["areas"]): Market => ({
  ...{ name, label: name, countries: [], currency: "USD", consent, areas, categories: [] },
});

const touchpoint = (name: string, homeArea: boolean): Touchpoint => ({
  ...{ name, label: name, purpose: "advertising", retentionDays: 400, markets: ["US", "EU"] },
  columns: {
    ...{ eventId: "event_id", time: { column: "time", as: "unixSec" } },
    ...{ market: { column: "market" }, behaviour: { column: "behaviour" } },
    ...{ category: "category", brand: "brand", source: "source", amount: "amount", area: "area" },
  },
  ...{ behaviours: [], identifiers: [], links: [], homeArea, evidence: name !== "consent" },
});

/** US (opt-out: US-CA, US-NY, US-XX with 12 people), EU (opt-in: EU-FR); four touch-points. */
export const smallBankConfig: BankConfig = {
  markets: new Map([
    [
      "US",
      market("US", "optOut", [
        { name: "US-CA", label: "California", people: 39_000_000 },
        { name: "US-NY", label: "New York", people: 19_000_000 },
        { name: "US-XX", label: "A village", people: 12 },
      ]),
    ],
    ["EU", market("EU", "optIn", [{ name: "EU-FR", label: "France", people: 68_000_000 }])],
  ]),
  areas: ["EU-FR", "US-CA", "US-NY", "US-XX"],
  touchpoints: new Map(
    ["commerce", "map", "cookie", "consent"].map((name) => [
      name,
      touchpoint(name, name === "map"),
    ]),
  ),
  identity: {
    ...{ stopList: [], accountsPerEmailMax: 1, accountsPerDeviceMax: 1 },
    ...{ devicesPerAccountMax: 20, componentIdentifiersMax: 50 },
  },
  ...{ aipl: [], segments: [] },
};

/** An opened bank below `dataFolder` on a fixed day; close its `duck` at the end. */
export async function openTestBank(
  dataFolder: string,
  over: Partial<Pick<Bank, "config" | "nowMs" | "crowdMinimum" | "report">> = {},
): Promise<Bank> {
  const folders = bankFolders(dataFolder);
  const limits = { memoryMb: 512, threads: 2 };
  const duck = await Duck.open(limits, folders.spill);
  mkdirSync(folders.writing, { recursive: true });
  const key = (byte: number) => sipKeyFrom(new Uint8Array(16).fill(byte));
  const nowMs = over.nowMs ?? (Date.UTC(2026, 10, 26, 9) as UnixMs);
  return {
    ...{ folders, duck, limits, config: smallBankConfig, crowdMinimum: 100 },
    keys: { identifier: key(1), suppression: key(2), crowd: key(3) },
    report: () => {},
    ...over,
    ...{ nowMs, asOfSec: dayStartSec(nowMs) },
  };
}
