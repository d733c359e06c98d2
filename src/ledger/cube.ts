import { NoticeKind } from "../base/lists.js";
import type { CellEntry, CountEntry, Entry, NoticeEntry } from "../journal/entry.js";
import { RecordKind, TokenFlag } from "../journal/record.js";
import { costLinesOf, isBill } from "./cost.js";
import { dealText, type Ledger } from "./ledger.js";
import { unknownTerms } from "./terms.js";

/** Quarters of an hour since 1970 UTC: every zone's midnight begins with one. */
export const slotMs = 900_000;
const slotsPerHour = 4;

/** Where something was shown; never to whom. 0 and "" = not known, or not chosen yet. */
export type Facts = {
  readonly exchange: number;
  readonly format: number;
  readonly width: number;
  readonly height: number;
  /** CountryCode */
  readonly country: number;
  /** `dealText`, "" = open auction. */
  readonly deal: string;
  readonly property: string;
};

/** Whose it was. All 0 for requests, which are nobody's. */
export type Owner = {
  readonly agency: number;
  readonly advertiser: number;
  readonly campaign: number;
  readonly lineItem: number;
  /** CurrencyCode of the money. */
  readonly currency: number;
};

export const countNames = [
  ...(["requests", "bids", "noBids", "wins", "billed"] as const),
  ...(["impressions", "clicks", "losses"] as const),
] as const;
export const moneyNames = ["media", "margin", "data", "technical", "late"] as const;

/** Sums; money in nanos, `late` being a part of `media`. */
export type Measures = Record<(typeof countNames)[number], number> &
  Record<(typeof moneyNames)[number], bigint>;

export const noMeasures = (): Measures => ({
  ...{ requests: 0, bids: 0, noBids: 0, wins: 0, billed: 0, impressions: 0, clicks: 0, losses: 0 },
  ...{ media: 0n, margin: 0n, data: 0n, technical: 0n, late: 0n },
});

export function addMeasures(to: Measures, from: Measures): void {
  for (const name of countNames) to[name] += from[name];
  for (const name of moneyNames) to[name] += from[name];
}

export type CubeRow = Measures & {
  readonly slot: number;
  readonly facts: Facts;
  readonly owner: Owner;
  readonly creative: number;
};

export type CubeState = {
  readonly facts: readonly Facts[];
  readonly owners: readonly Owner[];
  /** Index into `facts` of each cell, by boot and cell. */
  readonly cells: readonly (readonly [key: string, facts: number])[];
  /** Slot, facts, owner, creative, counts, money as text. */
  readonly rows: readonly (readonly [number, number, number, number, number[], string[]])[];
};

const elsewhere = { format: 0, width: 0, height: 0, country: 0, deal: "", property: "" };
const nobody: Owner = { agency: 0, advertiser: 0, campaign: 0, lineItem: 0, currency: 0 };

/** Values that are equal by content, each with a number. */
class Interned<T extends object> {
  readonly list: T[] = [];
  private readonly byText = new Map<string, number>();

  indexOf(value: T): number {
    const text = Object.values(value).join("\u0000");
    let index = this.byText.get(text);
    if (index === undefined) {
      index = this.list.length;
      this.list.push(value);
      this.byText.set(text, index);
    }
    return index;
  }
}

/**
 * What reports are made of: every count and every bill of the journal, summed by quarter of an
 * hour, context, owner and creative. Exact: a sum over all rows is the journal's.
 */
export class Cube {
  private readonly facts = new Interned<Facts>();
  private readonly owners = new Interned<Owner>();
  private readonly cells = new Map<string, number>();
  private readonly byKey = new Map<string, { key: readonly number[]; measures: Measures }>();

  /** One record; `ledger` has taken it before. */
  take(entry: Entry, ledger: Ledger): void {
    if (entry.kind === RecordKind.CELL) this.noteCell(entry);
    else if (entry.kind === RecordKind.COUNT) this.count(entry, ledger);
    else if (entry.kind === RecordKind.NOTICE) this.notice(entry, ledger);
  }

  private noteCell(entry: CellEntry): void {
    const { boot, cell, exchange, format, width, height, country, property } = entry;
    const { dealLo, dealHi } = entry;
    const deal = dealLo === 0 && dealHi === 0 ? "" : dealText(dealLo, dealHi);
    const facts = { exchange, format, width, height, country, deal, property };
    this.cells.set(`${boot}:${cell}`, this.facts.indexOf(facts));
  }

  private count(
    { boot, hour, cell, lineItem, requests, bids, noBids }: CountEntry,
    ledger: Ledger,
  ) {
    const known = this.cells.get(`${boot}:${cell}`);
    const facts = known ?? this.facts.indexOf({ exchange: 0, ...elsewhere });
    const row = this.rowOf(hour * slotsPerHour, facts, this.ownerOf(lineItem, ledger), 0);
    row.requests += requests;
    row.bids += bids;
    row.noBids += noBids;
  }

  private notice(entry: NoticeEntry, ledger: Ledger): void {
    if ((entry.flags & TokenFlag.TEST) !== 0) return;
    const known = this.cells.get(`${entry.boot}:${entry.cell}`);
    const facts = known ?? this.facts.indexOf({ exchange: entry.exchange, ...elsewhere });
    const owner = this.ownerOf(entry.lineItem, ledger);
    const row = this.rowOf(Math.floor(entry.receivedMs / slotMs), facts, owner, entry.creative);
    const { noticeKind } = entry;
    if (noticeKind === NoticeKind.WIN) row.wins++;
    else if (noticeKind === NoticeKind.IMPRESSION) row.impressions++;
    else if (noticeKind === NoticeKind.CLICK) row.clicks++;
    else if (noticeKind === NoticeKind.LOSS) row.losses++;
    if (!isBill(entry)) return;
    const { lineItem, chargedNanos } = entry;
    const costs = costLinesOf(chargedNanos, ledger.termsOf(lineItem) ?? unknownTerms(lineItem, 0));
    row.billed++;
    row.media += costs.media;
    row.margin += costs.margin;
    row.data += costs.data;
    row.technical += costs.technical;
    row.late += ledger.lateNanos;
  }

  private ownerOf(lineItem: number, ledger: Ledger): number {
    const terms = ledger.termsOf(lineItem);
    if (terms === undefined) return this.owners.indexOf({ ...nobody, lineItem });
    const { agency, advertiser, campaign, currency } = terms;
    return this.owners.indexOf({ agency, advertiser, campaign, lineItem, currency });
  }

  private rowOf(slot: number, facts: number, owner: number, creative: number): Measures {
    const key = `${slot}:${facts}:${owner}:${creative}`;
    let row = this.byKey.get(key);
    if (row === undefined) {
      row = { key: [slot, facts, owner, creative], measures: noMeasures() };
      this.byKey.set(key, row);
    }
    return row.measures;
  }

  *rows(): IterableIterator<CubeRow> {
    for (const { key, measures } of this.byKey.values()) {
      const [slot = 0, facts = 0, owner = 0, creative = 0] = key;
      const places = { facts: this.facts.list[facts]!, owner: this.owners.list[owner]! };
      yield { ...measures, slot, ...places, creative };
    }
  }

  store(): CubeState {
    return {
      facts: this.facts.list,
      owners: this.owners.list,
      cells: [...this.cells],
      rows: [...this.byKey.values()].map(({ key, measures }) => [
        ...(key as [number, number, number, number]),
        countNames.map((name) => measures[name]),
        moneyNames.map((name) => String(measures[name])),
      ]),
    };
  }

  static from(state: CubeState): Cube {
    const cube = new Cube();
    for (const facts of state.facts) cube.facts.indexOf(facts);
    for (const owner of state.owners) cube.owners.indexOf(owner);
    for (const [key, facts] of state.cells) cube.cells.set(key, facts);
    for (const [slot, facts, owner, creative, counts, money] of state.rows) {
      const row = cube.rowOf(slot, facts, owner, creative);
      for (const [i, name] of countNames.entries()) row[name] = counts[i]!;
      for (const [i, name] of moneyNames.entries()) row[name] = BigInt(money[i]!);
    }
    return cube;
  }
}
