import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sipKeyFrom } from "../../base/hash.js";
import type { UnixMs } from "../../base/units.js";
import { type Bank, dayStartSec } from "../bank.js";
import type { BankConfig, IdentifierColumn, Touchpoint } from "../config/model.js";
import { Duck, sqlParquet } from "../duck.js";
import { bankFolders } from "../folders.js";
import { registerIdentifierFunctions } from "../identifier-functions.js";

/** A bank in a folder of its own, a source folder beside it: what the tests of ingest share. */
export type IngestCase = {
  readonly root: string;
  readonly source: string;
  readonly bank: Bank;
  /** Writes a source file, `<touch-point>/<name>`. */
  readonly put: (name: string, content: string | Uint8Array) => string;
  /** All rows of all batches of a touch-point: "events", "identifiers" or "edges". */
  readonly rows: (touchpoint: string, file: string) => Promise<Record<string, unknown>[]>;
  readonly quarantine: (touchpoint: string) => Record<string, unknown>[];
  readonly close: () => void;
};

/** 2026-11-26T12:00:00Z: "now" of every case. */
export const caseNowMs = Date.UTC(2026, 10, 26, 12) as UnixMs;
export const caseNowSec = caseNowMs / 1000;
const byte = (seed: number) => Uint8Array.from({ length: 16 }, (_, i) => (i * 7 + seed) & 255);
export const caseKeys = {
  identifier: sipKeyFrom(byte(1)),
  suppression: sipKeyFrom(byte(2)),
  crowd: sipKeyFrom(byte(3)),
};

const plain = (column: string, kind: "account" | "email" | "person"): IdentifierColumn => ({
  column,
  kind: { always: kind },
  scope: { always: 0 },
});

/** Commerce as the README of the bank shows it. */
export const commerce: Touchpoint = {
  name: "commerce",
  label: "Shops",
  purpose: "advertising",
  retentionDays: 400,
  markets: ["US", "CN"],
  columns: {
    eventId: "event_id",
    time: { column: "time", as: "timestamp" },
    market: { column: "market" },
    behaviour: { column: "behaviour" },
    category: "category",
    brand: "brand",
    source: "source",
    amount: "amount",
    area: "area",
  },
  behaviours: ["view", "order"],
  identifiers: [
    plain("account", "account"),
    {
      column: "ifa",
      kind: {
        column: "ifa_kind",
        values: new Map([
          ["idfa", "idfa"],
          ["aaid", "aaid"],
        ]),
      },
      scope: { always: 0 },
    },
    {
      column: "cookie",
      kind: { always: "buyerUid" },
      scope: { column: "exchange", values: new Map([["openrtb26", 1]]) },
    },
    plain("email", "email"),
  ],
  links: [{ a: "account", b: "ifa", mm: 3 }],
  homeArea: false,
  evidence: true,
};

/** Exposures, which name their person by ordinal. */
export const ad: Touchpoint = {
  ...commerce,
  name: "ad",
  columns: {
    ...commerce.columns,
    time: { column: "time", as: "unixMs" },
    market: { always: "US" },
    behaviour: { always: "exposure" },
  },
  behaviours: ["exposure"],
  identifiers: [plain("person", "person")],
  links: [],
};

const market = (name: string, categories: readonly string[]) => ({
  ...{ name, label: name, countries: ["USA"], currency: "USD", consent: "optOut", areas: [] },
  categories,
});

export const caseConfig: BankConfig = {
  markets: new Map([
    ["US", market("US", []) as never],
    ["CN", market("CN", ["tea", "silk"]) as never],
  ]),
  areas: ["US-CA", "CN-31"],
  touchpoints: new Map([
    ["commerce", commerce],
    ["ad", ad],
  ]),
  identity: {
    stopList: [{ kind: "email", value: "test@example.com" }],
    accountsPerEmailMax: 1,
    accountsPerDeviceMax: 1,
    devicesPerAccountMax: 20,
    componentIdentifiersMax: 50,
  },
  aipl: [],
  segments: [],
};

export async function ingestCase(
  change: Partial<BankConfig> = {},
  root: string = mkdtempSync(join(tmpdir(), "crowdbid-ingest-")),
): Promise<IngestCase> {
  const folders = bankFolders(join(root, "data"));
  const limits = { memoryMb: 512, threads: 2 };
  const duck = await Duck.open(limits, folders.spill);
  await registerIdentifierFunctions(duck, caseKeys);
  const bank: Bank = {
    ...{ folders, config: { ...caseConfig, ...change }, keys: caseKeys, duck, limits },
    ...{ nowMs: caseNowMs, asOfSec: dayStartSec(caseNowMs), crowdMinimum: 10 },
    report: () => undefined,
  };
  const source = join(root, "source");
  mkdirSync(source, { recursive: true });
  return {
    ...{ root, source, bank },
    put: (name, content) => {
      const path = join(source, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
    rows: async (touchpoint, file) => {
      const files = filesBelow(folders.batchesOf(touchpoint)).filter((path) =>
        path.endsWith(`${file}.parquet`),
      );
      return files.length === 0 ? [] : duck.rows(`SELECT * FROM ${sqlParquet(files)}`);
    },
    quarantine: (touchpoint) =>
      filesBelow(folders.batchesOf(touchpoint))
        .filter((path) => path.endsWith("quarantine.ndjson"))
        .flatMap((path) => readFileSync(path, "utf8").split("\n").filter(Boolean))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    close: () => {
      duck.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** Paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
