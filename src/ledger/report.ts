import { Media } from "../base/lists.js";
import { unpackAlpha3 } from "../base/units.js";
import { addMeasures, type CubeRow, type Measures, noMeasures, type Owner } from "./cube.js";
import type { Dimension } from "./dimensions.js";
import { LocalTimes } from "./report-time.js";

/** What the configuration calls things, where it still knows them. */
export type ReportNames = {
  readonly agency: ReadonlyMap<number, string>;
  readonly advertiser: ReadonlyMap<number, string>;
  readonly campaign: ReadonlyMap<number, string>;
  readonly lineItem: ReadonlyMap<number, string>;
  readonly creative: ReadonlyMap<number, string>;
  readonly exchange: ReadonlyMap<number, string>;
  /** By `dealText` of the deal's id: the id and the name. */
  readonly deal: ReadonlyMap<string, { readonly id: string; readonly name: string }>;
  /** Of line items that were bought before the journal named their terms. */
  readonly owner: ReadonlyMap<number, Owner>;
  readonly zoneOf: ReadonlyMap<number, string>;
};

export type ReportAsk = {
  readonly by: readonly Dimension[];
  /** Days, both included, in the zone of each row; "" = no bound. */
  readonly from: string;
  readonly to: string;
  /** "" = each advertiser's own; what has none is in the advertisers' common zone, else in UTC. */
  readonly timeZone: string;
  /** Only these, by id or by name. */
  readonly only: Partial<Readonly<Record<Dimension, readonly string[]>>>;
};

/** `id` and `name` are one where there is no name, and "" where it does not apply. */
export type Cell = { readonly id: string; readonly name: string };
export type ReportRow = {
  readonly cells: readonly Cell[];
  /** "" = no money at all. */
  readonly currency: string;
  readonly measures: Measures;
};
export type Report = {
  readonly by: readonly Dimension[];
  readonly rows: readonly ReportRow[];
  /** One a currency. */
  readonly totals: readonly Omit<ReportRow, "cells">[];
};

const formatNames: Readonly<Record<number, string>> = {
  [Media.BANNER]: "banner",
  [Media.VIDEO]: "video",
  [Media.AUDIO]: "audio",
  [Media.NATIVE]: "native",
};

const none: Cell = { id: "", name: "" };
const plain = (text: string): Cell => ({ id: text, name: text });
const named = (id: number, names: ReadonlyMap<number, string>): Cell =>
  id === 0 ? none : { id: String(id), name: names.get(id) ?? String(id) };

type Group = { readonly cells: readonly Cell[]; readonly byCurrency: Map<number, Measures> };

/** Sums the rows that were asked for: what is not left out by `only` or a day is in a row. */
export function reportOf(rows: readonly CubeRow[], names: ReportNames, ask: ReportAsk): Report {
  const reader = new RowReader(rows, names, ask);
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const owner = reader.ownerOf(row);
    if (!reader.isAsked(row, owner)) continue;
    const cells = ask.by.map((dimension) => reader.cellOf(dimension, row, owner));
    const key = cells.map(({ id }) => id).join("\u0000");
    const group = groups.get(key) ?? { cells, byCurrency: new Map<number, Measures>() };
    groups.set(key, group);
    addTo(group.byCurrency, owner.currency, row);
  }
  const total = new Map<number, Measures>();
  for (const { byCurrency } of groups.values()) {
    for (const [currency, measures] of byCurrency) addTo(total, currency, measures);
  }
  const listed = [...groups.values()].flatMap(({ cells, byCurrency }) =>
    perCurrency(byCurrency).map((one) => ({ cells, ...one })),
  );
  return { by: ask.by, rows: listed.sort(orderOf(ask.by)), totals: perCurrency(total) };
}

function addTo(sums: Map<number, Measures>, currency: number, measures: Measures): void {
  const sum = sums.get(currency) ?? noMeasures();
  addMeasures(sum, measures);
  sums.set(currency, sum);
}

/** What has no money stands beside the one currency that there is, else in a row of its own. */
function perCurrency(sums: ReadonlyMap<number, Measures>): Omit<ReportRow, "cells">[] {
  const real = [...sums].filter(([currency]) => currency !== 0);
  const free = sums.get(0);
  if (real.length === 1 && free !== undefined) {
    const [[currency, measures]] = real as [[number, Measures]];
    const sum = noMeasures();
    addMeasures(sum, measures);
    addMeasures(sum, free);
    return [{ currency: unpackAlpha3(currency), measures: sum }];
  }
  return [...sums].map(([currency, measures]) => ({ currency: unpackAlpha3(currency), measures }));
}

const grossOf = ({ media, margin, data, technical }: Measures): bigint =>
  media + margin + data + technical;

/** Time goes forward; beside that the dearest comes first. */
function orderOf(by: readonly Dimension[]): (a: ReportRow, b: ReportRow) => number {
  const times = by.flatMap((dimension, i) =>
    dimension === "day" || dimension === "hour" ? [i] : [],
  );
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) => {
    for (const i of times) {
      const order = compare(a.cells[i]!.id, b.cells[i]!.id);
      if (order !== 0) return order;
    }
    const [left, right] = [grossOf(a.measures), grossOf(b.measures)];
    if (left !== right) return left < right ? 1 : -1;
    const text = ({ cells, currency }: ReportRow): string =>
      [...cells.map(({ name, id }) => `${name}\u0000${id}`), currency].join("\u0000");
    return compare(text(a), text(b));
  };
}

/** Reads a row's dimensions. */
class RowReader {
  private readonly names: ReportNames;
  private readonly ask: ReportAsk;
  private readonly times: LocalTimes;
  private readonly commonZone: string;
  private readonly only: readonly (readonly [Dimension, ReadonlySet<string>])[];

  constructor(rows: readonly CubeRow[], names: ReportNames, ask: ReportAsk) {
    this.names = names;
    this.ask = ask;
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (const { slot } of rows) {
      first = Math.min(first, slot);
      last = Math.max(last, slot);
    }
    this.times = new LocalTimes(Math.min(first, last), last);
    const zones = new Set(names.zoneOf.values());
    const [zone = "UTC"] = zones;
    this.commonZone = zones.size === 1 ? zone : "UTC";
    this.only = (Object.entries(ask.only) as [Dimension, readonly string[]][]).map(
      ([dimension, wanted]) => [dimension, new Set(wanted)] as const,
    );
  }

  ownerOf({ owner }: CubeRow): Owner {
    if (owner.lineItem === 0 || owner.agency !== 0) return owner;
    return this.names.owner.get(owner.lineItem) ?? owner;
  }

  private zoneOf({ advertiser }: Owner): string {
    if (this.ask.timeZone !== "") return this.ask.timeZone;
    return this.names.zoneOf.get(advertiser) ?? this.commonZone;
  }

  isAsked(row: CubeRow, owner: Owner): boolean {
    const { from, to } = this.ask;
    if (from !== "" || to !== "") {
      const day = this.times.dayOf(this.zoneOf(owner), row.slot);
      if ((from !== "" && day < from) || (to !== "" && day > to)) return false;
    }
    return this.only.every(([dimension, wanted]) => {
      const { id, name } = this.cellOf(dimension, row, owner);
      return wanted.has(id) || wanted.has(name);
    });
  }

  cellOf(dimension: Dimension, row: CubeRow, owner: Owner): Cell {
    const { names } = this;
    const { facts } = row;
    switch (dimension) {
      case "agency":
        return named(owner.agency, names.agency);
      case "advertiser":
        return named(owner.advertiser, names.advertiser);
      case "campaign":
        return named(owner.campaign, names.campaign);
      case "line-item":
        return named(owner.lineItem, names.lineItem);
      case "creative":
        return named(row.creative, names.creative);
      case "exchange":
        return named(facts.exchange, names.exchange);
      case "property":
        return plain(facts.property);
      case "size":
        return facts.width > 0 ? plain(`${facts.width}x${facts.height}`) : none;
      case "format":
        return plain(formatNames[facts.format] ?? "");
      case "deal": {
        const deal = names.deal.get(facts.deal);
        return deal === undefined ? plain(facts.deal) : deal;
      }
      case "country":
        return plain(unpackAlpha3(facts.country));
      case "day":
        return plain(this.times.dayOf(this.zoneOf(owner), row.slot));
      case "hour":
        return plain(this.times.hourOf(this.zoneOf(owner), row.slot));
    }
  }
}
