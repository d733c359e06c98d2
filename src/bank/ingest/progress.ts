import type { Bank } from "../bank.js";

/** Tells how far a run is, at least once a second while DuckDB works or a file is read. */
export class IngestProgress {
  private readonly bank: Bank;
  private readonly unit: "rows" | "bytes";
  private readonly total: number;
  private done = 0;
  /** Rows of the file under way. */
  private rows = 0;
  private timer: NodeJS.Timeout | null = null;
  private told = -1;

  constructor(bank: Bank, total: number, unit: "rows" | "bytes") {
    this.bank = bank;
    this.total = total;
    this.unit = unit;
    if (total > 0) this.timer = setInterval(() => this.tell(), 500);
  }

  /** DuckDB begins to read a file of so many rows. */
  begin(rows: number): void {
    this.rows = rows;
  }

  /** Of what was announced by `total`, so much more is done. */
  advance(count: number): void {
    this.done += count;
    this.rows = 0;
  }

  end(): void {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.tell();
  }

  /** The long statement of a file is the one that reads it: later ones must not run it back. */
  private tell(): void {
    const share = this.rows === 0 ? 0 : Math.max(0, this.bank.duck.progress);
    const done = Math.max(this.told, Math.floor(this.done + share * this.rows));
    this.told = Math.min(done, this.total);
    this.bank.report("ingest", this.told, this.total, this.unit);
  }
}
