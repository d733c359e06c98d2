import { mkdirSync, rmSync } from "node:fs";
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  DuckDBScalarFunction,
  type DuckDBType,
  type DuckDBVector,
} from "@duckdb/node-api";

/** How much of the machine DuckDB may take. */
export type DuckLimits = {
  readonly memoryMb: number;
  readonly threads: number;
};

/** A column of a chunk as DuckDB holds it: valid until the next chunk is fetched. */
export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** One chunk of a streamed result. Select no NULLs in number columns: they are not told apart. */
export type Chunk = {
  readonly rowCount: number;
  /** For fixed-width number columns of up to 32 bits, and DOUBLE. */
  readonly numbers: (column: number) => Column;
  /** For 64-bit integers, as u32 halves: the low half of row i at 2 i, the high half behind it. */
  readonly pairs: (column: number) => Uint32Array;
  /** For text columns, NULL = null; slow (about 1 us a value). */
  readonly texts: (column: number) => readonly (string | null)[];
};

/** A vector's memory as u32 words. */
export function wordsOf(vector: DuckDBVector): Uint32Array {
  const { items } = vector as unknown as { items: ArrayBufferView };
  return new Uint32Array(items.buffer, items.byteOffset, items.byteLength / 4);
}

/**
 * DuckDB in memory over Parquet files: the files are the truth, nothing of a database is kept. It
 * spills to `spillFolder` above its memory limit, which is emptied at both ends.
 */
export class Duck {
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly spillFolder: string;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, spill: string) {
    this.instance = instance;
    this.connection = connection;
    this.spillFolder = spill;
  }

  static async open(limits: DuckLimits, spillFolder: string): Promise<Duck> {
    rmSync(spillFolder, { recursive: true, force: true });
    mkdirSync(spillFolder, { recursive: true, mode: 0o700 });
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${limits.memoryMb}MB`,
      threads: String(limits.threads),
      temp_directory: spillFolder,
      // Installing an extension would ask the network.
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    // Without it DuckDB does not know how far a statement is.
    await connection.run("SET enable_progress_bar = true; SET enable_progress_bar_print = false");
    return new Duck(instance, connection, spillFolder);
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /** A small result as plain objects; 64-bit integers come as texts. */
  async rows<Row>(sql: string): Promise<Row[]> {
    const result = await this.connection.runAndReadAll(sql);
    return result.getRowObjectsJson() as Row[];
  }

  /** The one number of a result of one row and one column. */
  async number(sql: string): Promise<number> {
    const result = await this.connection.runAndReadAll(sql);
    return Number(result.getRowsJson()[0]?.[0] ?? 0);
  }

  /** Hands a result on chunk by chunk; the number of its rows. */
  async stream(sql: string, onChunk: (chunk: Chunk) => void): Promise<number> {
    const result = await this.connection.stream(sql);
    let rows = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return rows;
      rows += chunk.rowCount;
      onChunk(chunkOf(chunk));
    }
  }

  /**
   * An SQL function in JavaScript; `body` writes `rows` values into the output vector. It sees NULL
   * as any value, and may be run over the entries of a dictionary in place of the rows: one that
   * remembers what it was asked must say `volatile`.
   */
  define(
    name: string,
    parameterTypes: readonly DuckDBType[],
    returnType: DuckDBType,
    body: (input: DuckDBDataChunk, rows: number, output: DuckDBVector) => void,
    volatile = false,
  ): void {
    this.connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        ...{ name, parameterTypes, returnType, volatile },
        mainFunction: (_, input, output) => {
          // Asked once a chunk: each look at `rowCount` is a native call, 0.15 us.
          body(input, input.rowCount, output);
          output.flush();
        },
      }),
    );
  }

  /** Share of the running statement that is done, 0..1; -1 where DuckDB does not know. */
  get progress(): number {
    const { percentage } = this.connection.progress;
    return percentage < 0 ? -1 : percentage / 100;
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
    rmSync(this.spillFolder, { recursive: true, force: true });
  }
}

const chunkOf = (chunk: DuckDBDataChunk): Chunk => ({
  rowCount: chunk.rowCount,
  numbers: (column) => numbersOf(chunk.getColumnVector(column)),
  pairs: (column) => wordsOf(chunk.getColumnVector(column)),
  texts: (column) => chunk.getColumnValues(column) as (string | null)[],
});

/** A number vector of up to 32 bits. */
export const numbersOf = (vector: DuckDBVector): Column =>
  (vector as unknown as { items: Column }).items;

/** A text as SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A list of texts as SQL list literal. */
export const sqlList = (texts: readonly string[]): string => `[${texts.map(sqlText).join(", ")}]`;

/** `read_parquet` over files or globs that may not exist: give the files that do. */
export const sqlParquet = (files: readonly string[]): string => `read_parquet(${sqlList(files)})`;
