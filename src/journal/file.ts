/**
 * What the journal asks of a disk. Everything is synchronous and throws on failure; the real one is
 * in runtime/, a faulty one in tests.
 */
export type JournalFile = {
  /** The whole content. */
  readonly read: () => Uint8Array;
  /** Writes `bytes[from...]` at the end; gives how many were taken, which may be fewer. */
  readonly append: (bytes: Uint8Array, from: number) => number;
  /** Returns when everything appended (and a truncation) is on the disk. */
  readonly sync: () => void;
  readonly truncate: (bytes: number) => void;
  readonly close: () => void;
};

export type JournalFolder = {
  readonly names: () => readonly string[];
  /** Opens a file, creating it where it is missing. */
  readonly open: (name: string) => JournalFile;
  /** Returns when files created before are in the folder on the disk. */
  readonly sync: () => void;
};

/** Appends all of `bytes`, however short the writes. */
export function appendAll(file: JournalFile, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    const written = file.append(bytes, from);
    if (written <= 0) throw new Error("the disk took no bytes");
    from += written;
  }
}
