import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bank } from "../bank/bank.js";
import { sqlParquet, sqlText } from "../bank/duck.js";
import { identifierKeyOf, kindNumbers } from "../bank/identifier-functions.js";
import { parquetFilesBelow } from "../bank/rewrite.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { IndexBuilder } from "../index/index-builder.js";
import { exposuresFolderOf, snapshotsFolderOf } from "../runtime/data-folder.js";
import { exposureFiles } from "../runtime/exposure-file.js";
import type { KeyFiles } from "../runtime/key-files.js";
import { realClock } from "../runtime/real-clock.js";
import { writeSnapshot } from "../runtime/snapshot-write.js";
import { recordBatch, testBank } from "./bare-bank.js";
import { smallFacts } from "./small-snapshot.js";

type Identifier = { readonly key: bigint; readonly ordinal: number; readonly namespace: number };

/**
 * A data folder with everything that holds people: a batch, identities, a day of stages and a
 * signed snapshot of the same people, to forget some and look for what is left. Person n has
 * account n and device n; person 1 has two more devices.
 */
export class ForgettableWorld {
  readonly people = 3000;
  readonly data: string;
  readonly keys: KeyFiles;
  readonly bank: Bank;

  private constructor(data: string, keys: KeyFiles, bank: Bank) {
    this.data = data;
    this.keys = keys;
    this.bank = bank;
  }

  /** Close its bank's `duck`. */
  static async open(data: string, keys: KeyFiles): Promise<ForgettableWorld> {
    const { identifierKey: identifier, suppressionKey: suppression, crowdKey: crowd } = keys;
    return new ForgettableWorld(
      data,
      keys,
      await testBank(data, { identifier, suppression, crowd }),
    );
  }

  device(n: number): string {
    return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  }

  keyOf(kind: "idfa" | "account", value: string): bigint {
    const key = identifierKeyOf(kindNumbers[kind], 0, value, this.keys.identifierKey);
    if (key === null) throw new Error("not an identifier");
    return key;
  }

  identifiersOf(n: number): Identifier[] {
    const { people } = this;
    return [
      { key: this.keyOf("account", `account-${n}`), ordinal: n, namespace: 32 },
      ...(n === 1 ? [1, people + 1, people + 2] : [n]).map((d) => ({
        ...{ key: this.keyOf("idfa", this.device(d)), ordinal: n, namespace: 1 },
      })),
    ];
  }

  async parquet(path: string, query: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true });
    await this.bank.duck.run(`COPY (${query}) TO ${sqlText(path)} (FORMAT parquet)`);
  }

  async build(): Promise<void> {
    const { bank, people } = this;
    const all = Array.from({ length: people }, (_, i) => this.identifiersOf(i + 1)).flat();
    const rows = all.map(({ key, ordinal, namespace }) => `(${key}, ${namespace}, ${ordinal})`);
    const columns = "key UBIGINT, namespace UTINYINT, ordinal UINTEGER";
    await bank.duck.run(`CREATE TEMP TABLE world (${columns});
      INSERT INTO world VALUES ${rows.join(", ")}`);
    const { folders } = bank;
    const at = (name: string): string => join(folders.peopleOf(1), `${name}.parquet`);
    await this.parquet(at("identifiers"), "SELECT *, 1::UINTEGER AS first FROM world ORDER BY key");
    await this.parquet(at("persons"), "SELECT DISTINCT ordinal FROM world ORDER BY ordinal");
    await this.parquet(at("proposals"), "SELECT 0::UBIGINT AS a, 0::UBIGINT AS b WHERE false");
    const retired = `SELECT 0::UINTEGER AS ordinal, '' AS day, 0::UINTEGER AS "into" WHERE false`;
    await this.parquet(at("retired"), retired);
    const batch = join(folders.batchesOf("commerce"), "0123456789abcdef");
    recordBatch(batch);
    await this.parquet(
      join(batch, "events.parquet"),
      "SELECT key AS who, 7::UINTEGER AS seconds FROM world",
    );
    const edge = "min(key) AS a, max(key) AS b";
    await this.parquet(join(batch, "edges.parquet"), `SELECT ${edge} FROM world GROUP BY ordinal`);
    await this.parquet(folders.aiplOf("2026-11-25"), "SELECT DISTINCT ordinal FROM world");
    const builder = new IndexBuilder({
      ...{ epoch: 1 as Epoch, identifierCountMax: all.length, ordinalMax: people, planeCount: 1 },
    });
    for (const { key, ordinal, namespace } of all) {
      if (namespace === 1)
        builder.add(Number(key & 0xffff_ffffn), Number(key >> 32n), ordinal as Ordinal);
      builder.setRow(ordinal as Ordinal, Uint32Array.of(0xabcd));
      builder.setHomeArea(ordinal as Ordinal, 2);
    }
    const life = { createdMs: realClock.nowMs(), notAfterMs: (realClock.nowMs() + 1e9) as UnixMs };
    const facts = smallFacts(20, { ...life, identifierKeyId: this.keys.identifierKeyId });
    writeSnapshot(snapshotsFolderOf(this.data), builder.finish(), facts, this.keys.signing);
  }

  /** Ordinals in the exposure log, in its order. */
  exposed(): number[] {
    return exposureFiles(exposuresFolderOf(this.data)).flatMap(({ path }) =>
      readFileSync(path, "latin1")
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",")[2])),
    );
  }

  /** Files that hold a key's eight bytes, or a Parquet row with it. */
  async residueOf(key: bigint): Promise<string[]> {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(key);
    const found = filesBelow(this.data).filter((path) => readFileSync(path).includes(bytes));
    for (const path of parquetFilesBelow(this.data)) {
      const rows = await this.bank.duck.rows<Record<string, unknown>>(
        `SELECT * FROM ${sqlParquet([path])}`,
      );
      if (rows.some((row) => Object.values(row).includes(String(key)))) found.push(path);
    }
    return found;
  }
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
