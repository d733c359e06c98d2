import { BankError } from "../bank.js";
import { RefusedFile } from "./result.js";

/**
 * An error of the disk or the memory as what an operator can do about it; null for all others.
 * DuckDB's own text is dropped: it may quote a row.
 */
export function resourceError(error: unknown, file: string): BankError | null {
  const text = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|No space left|max_temp_directory_size/i.test(text)) {
    return new BankError(
      `the disk of the bank is full: nothing of ${file} was taken in. ` +
        "Free some room and run it again; what was taken in before stays",
    );
  }
  if (/Out of Memory|could not allocate/i.test(text)) {
    return new BankError(
      `the memory for the bank is too small for ${file}: nothing of it was taken in. ` +
        "Give the bank more memory, or split the file, and run it again",
    );
  }
  return null;
}

/** What the system does not let us read is refused; what we did wrong stays an error. */
export function readError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  const ours = error instanceof RefusedFile || !/^E[A-Z]+$/.test(String(code));
  return ours ? error : new RefusedFile(`cannot be read (${String(code)}): look at its disk`);
}

/** "Invalid Input Error" of what DuckDB says; the rest may quote a row. */
export function errorClass(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^[A-Z][A-Za-z ]{2,40}(?=:)/.exec(text)?.[0] ?? "unknown error";
}
