import { moneyText } from "../kit/say.js";

/** A report as people read it; the API's columns are those of its CSV. */
export type ReportView = {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totals: readonly (readonly string[])[];
  /** Columns of numbers, by place. */
  readonly digits: readonly number[];
  /** Columns of days or hours, by place: a day that is broken at its hyphens is hard to read. */
  readonly whole: readonly number[];
  /** Why some cells say nothing, "" = they all do. */
  readonly note: string;
};

const counts = [
  ...["requests", "bids", "no_bids", "wins", "billed", "impressions", "clicks", "losses"],
];
const amounts = ["media", "margin", "data", "technical", "late", "total", "ecpm"];
/** The longest may be broken at a soft hyphen: a report has nineteen columns and more. */
const headWords: Readonly<Record<string, string>> = {
  ...{ impressions: "impres\u00adsions", technical: "tech\u00adnical" },
  ...{ ecpm: "eCPM", wins: "win notices", losses: "loss notices" },
};

/** Of requests, which are sent to nobody in particular: rows of somebody's money have none. */
const asked = ["requests", "no_bids"];
const whyNotAsked =
  "A request is sent to no line item in particular and has no currency: requests stand in rows " +
  "of their own. A report by exchange, place or time alone tells how many there were.";

/** Of a row that is no advertiser's, line item's, deal's: what was only asked, or bid openly. */
const nobody = "none";

type Column = {
  readonly head: string;
  readonly isNumber: boolean;
  readonly cell: (row: readonly string[]) => string;
};

export function reportView(report: {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totals: readonly (readonly string[])[];
}): ReportView {
  const columns = report.columns.flatMap((name, at) => columnOf(name, at, report.columns));
  const shown = (rows: readonly (readonly string[])[]) =>
    rows.map((row) => columns.map(({ cell }) => cell(row)));
  const currency = report.columns.indexOf("currency");
  const totals = shown(report.totals);
  /** There is one for each currency, and one for what nobody bid on. */
  const nameOf = (at: number): string => {
    if (totals.length < 2 || currency < 0) return "Total";
    const code = report.totals[at]?.[currency] ?? "";
    return code === "" ? "Total without a bid" : `Total in ${code}`;
  };
  const named = (cell: string): string => (cell === "" ? nobody : cell);
  return {
    heads: columns.map(({ head }) => head),
    rows: shown(report.rows).map((row) => row.map(named)),
    totals: totals.map(([first = "", ...rest], at) => [first === "" ? nameOf(at) : first, ...rest]),
    digits: columns.flatMap(({ isNumber }, at) => (isNumber ? [at] : [])),
    whole: columns.flatMap(({ head }, at) => (head === "day" || head === "hour" ? [at] : [])),
    note: isMoneys(report.rows, currency) ? whyNotAsked : "",
  };
}

/** An id stands beside its name, the currency beside each amount: neither has its own column. */
function columnOf(name: string, at: number, names: readonly string[]): Column[] {
  if (name === "currency" || (name.endsWith("_id") && names[at + 1] === name.slice(0, -3))) {
    return [];
  }
  const head = headWords[name] ?? name.replaceAll(/[_-]/g, " ");
  const textAt = (row: readonly string[]): string => row[at] ?? "";
  const column = (isNumber: boolean, cell: Column["cell"]): Column[] => [{ head, isNumber, cell }];
  if (asked.includes(name)) {
    const currency = names.indexOf("currency");
    return column(true, (row) =>
      textAt(row) === "0" && isMoneys([row], currency) ? "\u2013" : grouped(textAt(row)),
    );
  }
  if (counts.includes(name)) return column(true, (row) => grouped(textAt(row)));
  if (name === "win_rate") return column(true, (row) => percentOf(textAt(row)));
  if (amounts.includes(name)) {
    const currency = names.indexOf("currency");
    return column(true, (row) => {
      // A request that nobody bid on is nobody's, and in no currency.
      const of = row[currency] ?? "";
      return of === "" && Number(textAt(row)) === 0 ? "\u2013" : moneyText(textAt(row), of);
    });
  }
  if (names[at - 1] !== `${name}_id`) return column(false, textAt);
  return column(false, (row) => {
    const id = row[at - 1] ?? "";
    return id === "" || id === textAt(row) ? textAt(row) : `${textAt(row)} #${id}`;
  });
}

const isMoneys = (rows: readonly (readonly string[])[], currency: number): boolean =>
  rows.some((row) => (row[currency] ?? "") !== "");

const form = new Intl.NumberFormat();
const grouped = (text: string): string => (text === "" ? "" : form.format(Number(text)));
/** A bill can be counted before the bid that it is of. */
const percentOf = (text: string): string =>
  text === "" ? "\u2013" : `${Number((100 * Math.min(1, Number(text))).toFixed(1))} %`;
