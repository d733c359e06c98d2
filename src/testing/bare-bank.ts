import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bank, type BankKeys, dayStartSec } from "../bank/bank.js";
import { Duck } from "../bank/duck.js";
import { bankFolders } from "../bank/folders.js";
import { registerIdentifierFunctions } from "../bank/identifier-functions.js";
import { sipKeyFrom } from "../base/hash.js";
import type { UnixMs } from "../base/units.js";

const key = (first: number) => sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => first + i));
const testKeys: BankKeys = { identifier: key(1), suppression: key(40), crowd: key(80) };
export const bankNowMs = Date.UTC(2026, 10, 26, 9) as UnixMs;

/** An opened bank without rules; close its `duck`. */
export async function testBank(dataFolder: string, keys = testKeys): Promise<Bank> {
  const limits = { memoryMb: 512, threads: 2 };
  const folders = bankFolders(dataFolder);
  const duck = await Duck.open(limits, join(folders.root, "spill"));
  await registerIdentifierFunctions(duck, keys);
  return {
    ...{ folders, keys, duck, limits, nowMs: bankNowMs, asOfSec: dayStartSec(bankNowMs) },
    config: {
      ...{ markets: new Map(), areas: [], touchpoints: new Map(), aipl: [], segments: [] },
      identity: {
        ...{ stopList: [], accountsPerEmailMax: 1, accountsPerDeviceMax: 1 },
        ...{ devicesPerAccountMax: 20, componentIdentifiersMax: 50 },
      },
    },
    ...{ crowdMinimum: 100_000, report: () => {} },
  };
}

/** The record that makes a folder of row files a batch; give the batch's folder. */
export function recordBatch(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const record = { schema: 1, touchpoint: "commerce", file: "test", firstSec: 7, lastSec: 7 };
  writeFileSync(join(folder, "batch.json"), JSON.stringify(record));
}
