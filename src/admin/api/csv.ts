import { formula, guarded, quoted } from "../../ledger/csv-cell.js";

/**
 * CSV as RFC 4180 has it, both ways. A cell that a spreadsheet would run as a formula gets an
 * apostrophe in front, which reading takes away again: what is exported comes back the same.
 */

const unguarded = (cell: string): string =>
  cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell;

const cellText = (cell: string): string => quoted(guarded(cell));

/** One row with its line end. */
export const csvLine = (cells: readonly string[]): string => {
  // A row of one empty cell would read as no row at all.
  const text = cells.length === 1 && cells[0] === "" ? '""' : cells.map(cellText).join(",");
  return `${text}\r\n`;
};

export type CsvRow = {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
};

export type ReadCsv =
  | { readonly ok: true; readonly rows: readonly CsvRow[] }
  | { readonly ok: false; readonly line: number; readonly message: string };

const byteOrderMark = "\uFEFF";

/** Reads all rows; empty lines are none. */
export function readCsv(text: string): ReadCsv {
  return new CsvReader(text.startsWith(byteOrderMark) ? text.slice(1) : text).read();
}

class CsvReader {
  private readonly text: string;
  private at = 0;
  private line = 1;

  constructor(text: string) {
    this.text = text;
  }

  read(): ReadCsv {
    const rows: CsvRow[] = [];
    while (this.at < this.text.length) {
      if (this.takeLineEnd()) continue;
      const { line } = this;
      const cells: string[] = [];
      for (;;) {
        const cell = this.cell();
        if (cell === null) return { ok: false, line, message: this.problem };
        cells.push(cell);
        if (this.text[this.at] !== ",") break;
        this.at++;
      }
      rows.push({ line, cells });
      if (this.at < this.text.length && !this.takeLineEnd()) {
        return { ok: false, line, message: "something stands behind a closing quote" };
      }
    }
    return { ok: true, rows };
  }

  private problem = "";

  private cell(): string | null {
    if (this.text[this.at] === '"') return this.quoted();
    const from = this.at;
    while (this.at < this.text.length && !/[,\r\n]/.test(this.text[this.at]!)) this.at++;
    const cell = this.text.slice(from, this.at);
    if (!cell.includes('"')) return unguarded(cell);
    this.problem = "a quote stands inside a cell that is not quoted";
    return null;
  }

  private quoted(): string | null {
    let from = ++this.at;
    let cell = "";
    for (;;) {
      const end = this.text.indexOf('"', from);
      if (end < 0) {
        this.problem = "a quote is opened and not closed";
        return null;
      }
      cell += this.text.slice(from, end);
      if (this.text[end + 1] !== '"') {
        this.at = end + 1;
        this.line += cell.split("\n").length - 1;
        return unguarded(cell);
      }
      cell += '"';
      from = end + 2;
    }
  }

  private takeLineEnd(): boolean {
    const end = this.text.startsWith("\r\n", this.at)
      ? 2
      : /[\r\n]/.test(this.text[this.at]!)
        ? 1
        : 0;
    this.at += end;
    if (end > 0) this.line++;
    return end > 0;
  }
}
