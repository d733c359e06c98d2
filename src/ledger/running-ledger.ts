import type { Entry } from "../journal/entry.js";
import { Ledger } from "./ledger.js";

/**
 * The ledger beside the money that moves: the same fold over the same records as a reading of the
 * journal. Accounts that do not balance stop it and are told; billing goes on, because the journal
 * holds all that the accounts are made of.
 */
export class RunningLedger {
  readonly ledger = new Ledger();
  /** Why it stopped, "" while it goes on. */
  failure = "";

  replay(entry: Entry): void {
    this.take(entry);
  }

  take(entry: Entry): void {
    if (this.failure !== "") return;
    try {
      this.ledger.take(entry);
    } catch (error) {
      this.failure = `ledger: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
