import type { AllowanceEntry, CellEntry, Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { type Account, type AccountKind, Accounts } from "./accounts.js";
import { costLinesOf, grossOf, isBill, payableOf } from "./cost.js";
import { DealCells } from "./deal-cells.js";
import { OpenMoney } from "./open-money.js";
import { type Terms, unknownTerms } from "./terms.js";

/** The accounts that every bill of a line item touches, found once. */
type Road = {
  readonly terms: Terms;
  readonly lineItem: Account;
  readonly campaign: Account;
  readonly agency: Account;
  readonly advertiser: Account;
  readonly margin: Account;
  readonly data: Account;
  readonly technical: Account;
  readonly budget: Account;
  readonly open: Account;
  readonly used: Account;
  readonly creatives: Map<number, Account>;
  readonly exchanges: Map<number, Account>;
};
type Invoice = { readonly invoice: Account; readonly owed: Account };

/** The ledger as plain values: what a checkpoint holds. */
export type LedgerState = {
  readonly accounts: readonly (readonly [
    kind: AccountKind,
    id: string,
    currency: number,
    debit: string,
    credit: string,
  ])[];
  readonly terms: readonly Terms[];
  readonly open: ReturnType<OpenMoney["store"]>;
  readonly deals: ReturnType<DealCells["store"]>;
};

/**
 * THE LEDGER: a fold of the journal into two-sided accounts (accounts.ts holds the chart). The same
 * records in the same order give the same accounts to the unit, in however many readings they come.
 * Amounts are nanos of the advertiser's currency; `invoice` and `owed` are in the bid's.
 */
export class Ledger {
  private readonly accounts = new Accounts();
  private readonly terms = new Map<number, Terms>();
  private readonly roads = new Map<number, Road>();
  /** By exchange and currency as one number: a currency is 24 bits. */
  private readonly invoices = new Map<number, Invoice>();
  private readonly open = new OpenMoney();
  private readonly deals = new DealCells();
  /** Media of the newest bill that no open money covered, or whose reservation was released. */
  lateNanos = 0n;

  take(entry: Entry): void {
    switch (entry.kind) {
      case RecordKind.BOOT:
        this.at(entry.timeMs);
        this.open.noteBoot(entry.boot, entry.timeMs);
        this.deals.noteBoot(entry.boot, entry.timeMs);
        break;
      case RecordKind.LEASE:
        this.at(entry.timeMs);
        this.open.noteLease(entry.boot, entry.untilSec);
        break;
      case RecordKind.TERMS:
        this.at(entry.timeMs);
        this.terms.set(entry.lineItem, termsIn(entry));
        this.roads.delete(entry.lineItem);
        break;
      case RecordKind.GRANT:
      case RecordKind.RETURN:
        this.at(entry.timeMs);
        this.allow(entry);
        break;
      case RecordKind.CELL:
        this.noteDeal(entry);
        break;
      case RecordKind.NOTICE:
        this.at(entry.receivedMs);
        if (isBill(entry)) this.bill(entry);
        break;
      default:
        return;
    }
    this.accounts.close();
  }

  private at(timeMs: number): void {
    this.deals.at(timeMs);
    this.open.at(timeMs, (lineItem, campaign, nanos) => {
      this.accounts.move(
        this.budgetSide("open", lineItem),
        this.budgetSide("budget", campaign),
        nanos,
      );
    });
  }

  private budgetSide(kind: "budget" | "open" | "used", id: number): Account {
    return this.accounts.of(kind, id, 0);
  }

  private allow({ kind, boot, campaign, lineItem, nanos }: AllowanceEntry): void {
    const amount = BigInt(nanos);
    const budget = this.budgetSide("budget", campaign);
    const open = this.budgetSide("open", lineItem);
    if (!this.terms.has(lineItem)) {
      this.terms.set(lineItem, unknownTerms(lineItem, campaign));
      this.roads.delete(lineItem);
    }
    if (kind === RecordKind.GRANT) {
      this.open.grant(boot, lineItem, campaign, amount);
      this.accounts.move(budget, open, amount);
    } else {
      // A return of what was released before stays with the budget.
      this.accounts.move(open, budget, this.open.take(boot, lineItem, amount));
    }
  }

  private bill(entry: NoticeEntry): void {
    const { accounts } = this;
    const road = this.roadOf(entry.lineItem);
    const { terms } = road;
    const { currency } = terms;
    const costs = costLinesOf(entry.chargedNanos, terms);
    const { media } = costs;
    const creative = kept(road.creatives, entry.creative, () =>
      accounts.of("creative", entry.creative, currency),
    );
    const exchange = kept(road.exchanges, entry.exchange, () =>
      accounts.of("exchange", entry.exchange, currency),
    );
    accounts.move(exchange, creative, media);
    accounts.credit(creative, media);
    accounts.credit(road.margin, costs.margin);
    accounts.credit(road.data, costs.data);
    accounts.credit(road.technical, costs.technical);
    const gross = grossOf(costs);
    accounts.debit(road.lineItem, gross);
    accounts.move(road.lineItem, road.campaign, gross);
    accounts.move(road.campaign, road.agency, gross);
    accounts.move(road.agency, road.advertiser, gross);
    this.useBudget(entry, road, media);
    const { invoice, owed } = this.invoiceOf(entry);
    accounts.move(invoice, owed, payableOf(entry, terms));
    const deal = this.deals.of(entry.boot, entry.cell);
    if (deal === undefined) return;
    const underDeal = accounts.of("underDeal", entry.exchange, currency);
    accounts.move(underDeal, accounts.of("deal", deal, currency), media);
  }

  private invoiceOf({ exchange, currency }: NoticeEntry): Invoice {
    return kept(this.invoices, exchange * 2 ** 24 + currency, () => ({
      invoice: this.accounts.of("invoice", exchange, currency),
      owed: this.accounts.of("owed", exchange, currency),
    }));
  }

  /** Out of what the bill's boot had open; what it has no more comes late, out of the budget. */
  private useBudget(entry: NoticeEntry, road: Road, media: bigint): void {
    const { accounts } = this;
    const { boot, lineItem, exchange, effect } = entry;
    const covered = this.open.take(boot, lineItem, media);
    accounts.move(road.open, road.used, covered);
    if (covered < media) accounts.move(road.budget, road.used, media - covered);
    const late = effect === NoticeEffect.LATE ? media : media - covered;
    this.lateNanos = late;
    if (late === 0n) return;
    accounts.move(accounts.of("lateAt", exchange, 0), accounts.of("late", lineItem, 0), late);
  }

  private noteDeal({ boot, cell, exchange, dealLo, dealHi }: CellEntry): void {
    if (dealLo === 0 && dealHi === 0) return;
    this.deals.set(boot, cell, `${exchange}/${dealText(dealLo, dealHi)}`);
  }

  private roadOf(lineItem: number): Road {
    let road = this.roads.get(lineItem);
    if (road === undefined) {
      const { accounts } = this;
      const terms = this.terms.get(lineItem) ?? unknownTerms(lineItem, 0);
      const { campaign, agency, advertiser, currency } = terms;
      road = {
        terms,
        lineItem: accounts.of("lineItem", lineItem, currency),
        campaign: accounts.of("campaign", campaign, currency),
        agency: accounts.of("agency", agency, currency),
        advertiser: accounts.of("advertiser", advertiser, currency),
        margin: accounts.of("margin", agency, currency),
        data: accounts.of("data", 0, currency),
        technical: accounts.of("technical", 0, currency),
        budget: this.budgetSide("budget", campaign),
        open: this.budgetSide("open", lineItem),
        used: this.budgetSide("used", lineItem),
        creatives: new Map(),
        exchanges: new Map(),
      };
      this.roads.set(lineItem, road);
    }
    return road;
  }

  list(): readonly Account[] {
    return this.accounts.list();
  }

  termsOf(lineItem: number): Terms | undefined {
    return this.terms.get(lineItem);
  }

  /** Granted and neither billed nor returned, by line item, as it stands at `nowMs`. */
  outstanding(nowMs: number): ReadonlyMap<number, bigint> {
    return this.open.byLineItem(nowMs);
  }

  store(): LedgerState {
    return {
      accounts: this.accounts
        .list()
        .map(({ kind, id, currency, debit, credit }) => [
          ...([kind, id, currency] as const),
          ...([String(debit), String(credit)] as const),
        ]),
      terms: [...this.terms.values()].sort((a, b) => a.lineItem - b.lineItem),
      open: this.open.store(),
      deals: this.deals.store(),
    };
  }

  /** The ledger that `store` saw. */
  static from(state: LedgerState): Ledger {
    const ledger = new Ledger();
    for (const [kind, id, currency, debit, credit] of state.accounts) {
      const amounts = { debit: BigInt(debit), credit: BigInt(credit) };
      ledger.accounts.restore({ kind, id, currency, ...amounts });
    }
    ledger.accounts.close();
    for (const terms of state.terms) ledger.terms.set(terms.lineItem, terms);
    ledger.open.restore(state.open);
    ledger.deals.restore(state.deals);
    return ledger;
  }
}

function kept<T>(map: Map<number, T>, key: number, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** A deal's key as text: the same that textKeyOf gives for its id. */
export const dealText = (lo: number, hi: number): string =>
  `${hi.toString(16).padStart(8, "0")}${lo.toString(16).padStart(8, "0")}`;

/** The terms without what the record has beside them. */
export const termsIn = (terms: Terms): Terms => ({
  lineItem: terms.lineItem,
  campaign: terms.campaign,
  advertiser: terms.advertiser,
  agency: terms.agency,
  currency: terms.currency,
  marginPpm: terms.marginPpm,
  technicalPpm: terms.technicalPpm,
  dataNanos: terms.dataNanos,
});
