import { assert } from "../base/assert.js";

/**
 * Whose account it is. The money of a bill comes from the exchange and goes up the tree: each one
 * on the way is debited with what it got and credited with what it passed on; fees join at the line
 * item. At the end the advertiser owes, and exchange, agency (margin), data owners and we
 * (technical) are owed.
 *
 *     exchange ─▶ creative ─▶ lineItem ─▶ campaign ─▶ agency ─▶ advertiser
 *     margin, data, technical ─▶ lineItem
 *     underDeal ─▶ deal                    the part of an exchange's media that a deal sold
 *     budget (of a campaign) ─▶ open (of a line item) ─▶ used    what is granted, and then billed
 *     invoice ─▶ owed                      media in the bid's currency, as the exchange bills it
 *     lateAt (an exchange) ─▶ late (a line item)    media whose reservation had been released
 */
export type AccountKind =
  | "exchange"
  | "creative"
  | "lineItem"
  | "campaign"
  | "agency"
  | "advertiser"
  | "margin"
  | "data"
  | "technical"
  | "underDeal"
  | "deal"
  | "budget"
  | "open"
  | "used"
  | "invoice"
  | "owed"
  | "lateAt"
  | "late";

/** Nanos (1e-9) of `currency`, a CurrencyCode; 0 = that of each line item. */
export type Account = {
  readonly kind: AccountKind;
  readonly id: string;
  readonly currency: number;
  debit: bigint;
  credit: bigint;
};

/** Two-sided accounts: all debits together are all credits together, after every step. */
export class Accounts {
  private readonly byKey = new Map<string, Account>();
  private debits = 0n;
  private credits = 0n;

  of(kind: AccountKind, id: number | string, currency: number): Account {
    const key = `${kind}:${id}:${currency}`;
    let account = this.byKey.get(key);
    if (account === undefined) {
      account = { kind, id: String(id), currency, debit: 0n, credit: 0n };
      this.byKey.set(key, account);
    }
    return account;
  }

  debit(account: Account, nanos: bigint): void {
    account.debit += nanos;
    this.debits += nanos;
  }

  credit(account: Account, nanos: bigint): void {
    account.credit += nanos;
    this.credits += nanos;
  }

  /** From the credited account to the debited one. */
  move(from: Account, to: Account, nanos: bigint): void {
    this.credit(from, nanos);
    this.debit(to, nanos);
  }

  /** Ends a step. */
  close(): void {
    assert(this.debits === this.credits, "credits equal debits after every step");
  }

  /** By kind, id and currency. */
  list(): readonly Account[] {
    return [...this.byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  }

  /** Puts a stored account back. */
  restore({ kind, id, currency, debit, credit }: Account): void {
    const account = this.of(kind, id, currency);
    this.debit(account, debit);
    this.credit(account, credit);
  }
}
