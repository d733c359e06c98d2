import { guarded, quoted } from "./csv-cell.js";
import { countNames, type Measures, moneyNames } from "./cube.js";
import type { Dimension } from "./dimensions.js";
import type { Report, ReportRow } from "./report.js";

/** Reports as text: a table to read, CSV and JSON to go on with. */

/** Nanos as a decimal number with nine places. */
export function decimalOf(nanos: bigint): string {
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  return `${sign}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, "0")}`;
}

/** To the nearest ten-thousandth. */
function shortDecimalOf(nanos: bigint): string {
  const half = nanos < 0n ? -50_000n : 50_000n;
  return decimalOf(((nanos + half) / 100_000n) * 100_000n).slice(0, -5);
}

const grossOf = ({ media, margin, data, technical }: Measures): bigint =>
  media + margin + data + technical;

/** What 1,000 billed impressions cost the customer, nanos. */
const ecpmOf = (measures: Measures): bigint | null =>
  measures.billed === 0 ? null : (grossOf(measures) * 1000n) / BigInt(measures.billed);

/** Some exchanges tell wins, some bills only: whichever is more, of the bids. */
const winRateOf = ({ wins, billed, bids }: Measures): number | null =>
  bids === 0 ? null : Math.max(wins, billed) / bids;

/** Text out of requests reaches a terminal: nothing in it moves the cursor or turns the writing. */
const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");

const countHeads: Readonly<Record<(typeof countNames)[number], string>> = {
  ...{ requests: "requests", bids: "bids", noBids: "no-bids", wins: "wins", billed: "billed" },
  ...{ impressions: "impressions", clicks: "clicks", losses: "losses" },
};

type ValueRow = Omit<ReportRow, "cells">;

function valuesOf({ currency, measures }: ValueRow): string[] {
  const ecpm = ecpmOf(measures);
  const rate = winRateOf(measures);
  return [
    ...countNames.map((name) => String(measures[name])),
    currency,
    ...(["media", "margin", "data", "technical"] as const).map((name) =>
      shortDecimalOf(measures[name]),
    ),
    shortDecimalOf(grossOf(measures)),
    ecpm === null ? "" : shortDecimalOf(ecpm),
    rate === null ? "" : `${(100 * rate).toFixed(1)} %`,
    shortDecimalOf(measures.late),
  ];
}

const valueHeads = [
  ...countNames.map((name) => countHeads[name]),
  ...["currency", "media", "margin", "data", "technical", "total", "eCPM", "win rate", "late"],
];

const shown = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  id === "" ? "-" : id === name ? printable(name) : `${printable(name)} (${printable(id)})`;

/** Dimensions to the left, numbers to the right; the totals last. */
export function reportTable({ by, rows, totals }: Report): string {
  if (rows.length === 0) return "nothing in the journal for this\n";
  const lines = [
    [...by, ...valueHeads],
    ...rows.map((row) => [...row.cells.map(shown), ...valuesOf(row)]),
    ...totals.map((total) => [...by.map((_, i) => (i === 0 ? "total" : "")), ...valuesOf(total)]),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (i < by.length ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  return `${text.join("\n")}\n`;
}

const idDimensions: ReadonlySet<Dimension> = new Set([
  ...(["agency", "advertiser", "campaign", "line-item", "creative", "exchange", "deal"] as const),
]);
const keyOf = (dimension: Dimension): string => dimension.replace("-", "_");

/** The named values of a row: ids beside names, money in units with nine decimals. */
function fieldsOf(
  by: readonly Dimension[],
  row: ReportRow,
): [key: string, value: string | number][] {
  const { measures } = row;
  const places = by.flatMap((dimension, i): [string, string][] => {
    const { id, name } = row.cells[i]!;
    const key = keyOf(dimension);
    return idDimensions.has(dimension)
      ? [
          [`${key}_id`, id],
          [key, name],
        ]
      : [[key, name]];
  });
  return [...places, ["currency", row.currency], ...measureFields(measures)];
}

function measureFields(measures: Measures): [key: string, value: string | number][] {
  const ecpm = ecpmOf(measures);
  const rate = winRateOf(measures);
  return [
    ...countNames.map((name): [string, number] => [
      countHeads[name].replace("-", "_"),
      measures[name],
    ]),
    ...moneyNames.map((name): [string, string] => [name, decimalOf(measures[name])]),
    ["total", decimalOf(grossOf(measures))],
    ["ecpm", ecpm === null ? "" : decimalOf(ecpm)],
    ["win_rate", rate === null ? "" : rate.toFixed(6)],
  ];
}

/** RFC 4180 with a head line; the totals are left to the reader. */
export function reportCsv({ by, rows }: Report): string {
  const sample: ReportRow = {
    cells: by.map(() => ({ id: "", name: "" })),
    currency: "",
    measures: noneOfIt,
  };
  const head = fieldsOf(by, sample).map(([key]) => key);
  const lines = rows.map((row) =>
    fieldsOf(by, row).map(([, value]) =>
      quoted(typeof value === "string" ? guarded(printable(value)) : String(value)),
    ),
  );
  return [head, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/** One object a row. */
export const reportObjects = (report: Report) => ({
  by: report.by,
  rows: report.rows.map((row) => Object.fromEntries(fieldsOf(report.by, row))),
  totals: report.totals.map(({ currency, measures }) => ({
    currency,
    ...Object.fromEntries(measureFields(measures)),
  })),
});

/** The columns of the CSV as texts; totals leave the dimensions empty. */
export function reportColumns(report: Report): {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly totals: readonly (readonly string[])[];
} {
  const cells = report.by.map(() => ({ id: "", name: "" }));
  const textsOf = (row: ReportRow): string[] =>
    fieldsOf(report.by, row).map(([, value]) =>
      typeof value === "string" ? printable(value) : String(value),
    );
  const sample = { cells, currency: "", measures: noneOfIt };
  return {
    columns: fieldsOf(report.by, sample).map(([key]) => key),
    rows: report.rows.map(textsOf),
    totals: report.totals.map((total) => textsOf({ ...total, cells })),
  };
}

const noneOfIt: Measures = {
  ...{ requests: 0, bids: 0, noBids: 0, wins: 0, billed: 0, impressions: 0, clicks: 0, losses: 0 },
  ...{ media: 0n, margin: 0n, data: 0n, technical: 0n, late: 0n },
};
