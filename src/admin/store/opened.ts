import type { Database } from "./tables.js";

/** An open database, and what differs between the two. */
export type Opened = {
  readonly db: Database;
  readonly engine: "libsql" | "postgres";
  /** "" = what is open is still what stands at its place; else what happened, for people. */
  readonly misplaced: () => string;
};
