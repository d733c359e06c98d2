import { join } from "node:path";

/** Where everything of the bank lies: `src/bank/README.md` says what the files hold. */
export type BankFolders = ReturnType<typeof bankFolders>;

export function bankFolders(dataFolder: string) {
  const root = join(dataFolder, "bank");
  return {
    root,
    batches: join(root, "batches"),
    people: join(root, "people"),
    aipl: join(root, "aipl"),
    lists: join(root, "lists"),
    reports: join(root, "reports"),
    /** DuckDB spills here; emptied at the start and the end of every command. */
    spill: join(root, "spill"),
    /** Files under way; whatever is left of a killed run is removed by the next one. */
    writing: join(root, "writing"),
    suppressed: join(root, "suppressed.parquet"),
    segmentState: join(root, "segments.json"),
    build: join(root, "build.json"),
    lock: join(root, "lock"),
    batchesOf: (touchpoint: string): string => join(root, "batches", touchpoint),
    peopleOf: (epoch: number): string => join(root, "people", `epoch-${epoch}`),
    aiplOf: (day: string): string => join(root, "aipl", `${day}.parquet`),
    listOf: (agency: number, name: string): string => join(root, "lists", String(agency), name),
    reportOf: (epoch: number): string => join(root, "reports", `epoch-${epoch}.json`),
  } as const;
}
