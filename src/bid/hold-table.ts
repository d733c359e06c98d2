import { LearntTable } from "./learnt-table.js";

/** Exchange ids have 16 bits. */
export const holdExchangesMax = 65_536;

/**
 * Campaigns that do not bid at an exchange, in shared memory: written by the money thread, read by
 * every bid. A hold that finds no room in the table holds its exchange for all campaigns, until
 * each hold without room is let go: a hold is never missing.
 */
export class HoldTable {
  /** (campaign id, exchange id) -> 1 = held there. */
  private readonly pairs: LearntTable;
  /** By exchange id: 1 = held for every campaign. */
  private readonly exchanges: Uint8Array;
  /** The writer's: campaigns without room by exchange. */
  private readonly without = new Map<number, Set<number>>();

  constructor(pairs: SharedArrayBuffer, exchanges: SharedArrayBuffer) {
    this.pairs = new LearntTable(pairs);
    this.exchanges = new Uint8Array(exchanges);
  }

  isHeld(campaign: number, exchange: number): boolean {
    return Atomics.load(this.exchanges, exchange) !== 0 || this.pairs.get(campaign, exchange) !== 0;
  }

  /** Writer only. False: there was no room, the whole exchange is held. */
  hold(campaign: number, exchange: number): boolean {
    if (this.pairs.put(campaign, exchange, 1)) return true;
    const campaigns = this.without.get(exchange) ?? new Set();
    campaigns.add(campaign);
    this.without.set(exchange, campaigns);
    Atomics.store(this.exchanges, exchange, 1);
    return false;
  }

  /** Writer only. */
  letGo(campaign: number, exchange: number): void {
    const campaigns = this.without.get(exchange);
    if (campaigns?.delete(campaign) !== true) {
      if (this.pairs.get(campaign, exchange) !== 0) this.pairs.put(campaign, exchange, 0);
      return;
    }
    if (campaigns.size > 0) return;
    this.without.delete(exchange);
    Atomics.store(this.exchanges, exchange, 0);
  }

  /** Writer only: the exchanges that are held for every campaign. */
  wholeExchanges(): number[] {
    return [...this.without.keys()];
  }
}
