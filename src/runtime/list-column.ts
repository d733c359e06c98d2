import { closeSync, openSync, readSync } from "node:fs";
import { BankError } from "../bank/bank.js";

const headBytesMax = 16 * 1024;

/**
 * The column of a CSV file that holds the identifiers, null = every line is one. A file of several
 * columns must name one of them after the kind, or call it id, identifier or value.
 */
export function columnOf(file: string, kind: string): string | null {
  const head = Buffer.alloc(headBytesMax);
  const opened = openSync(file, "r");
  let bytes = 0;
  try {
    bytes = readSync(opened, head, 0, headBytesMax, 0);
  } finally {
    closeSync(opened);
  }
  const [first = ""] = head
    .toString("utf8", 0, bytes)
    .replace(/^\ufeff/, "")
    .split(/\r?\n/, 1);
  const cells = first.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const names = new Set([kind.toLowerCase(), "id", "identifier", "value"]);
  const named = cells.find((cell) => names.has(cell.toLowerCase()));
  if (named !== undefined) return named;
  if (cells.length === 1) return null;
  throw new BankError(`no column of the file is called ${kind}, id, identifier or value`);
}
