import { type Bank, secondsPerDay } from "../bank.js";
import type { Touchpoint } from "../config/model.js";
import { sqlList, sqlText } from "../duck.js";
import {
  amountOf,
  isGiven,
  type SourceColumn,
  secondsOf,
  type TypeClass,
  textOf,
  typeClass,
} from "./column-types.js";
import type { Fault } from "./identifier-columns.js";
import { RefusedFile } from "./result.js";
import type { SourceTable } from "./source-table.js";

/** Free words of a row; longer ones are no words. */
export const words = ["category", "brand", "source", "area"] as const;
export const wordBytesMax = 256;

export const isTooLong = (word: string): boolean => Buffer.byteLength(word) > wordBytesMax;

const year2000Sec = 946_684_800;
/** An event may be ahead of our clock by as much. */
const aheadSecMax = secondsPerDay;
/** 2^53 micros: what a JavaScript number holds exactly. */
const amountMax = "9007199254.740992";
const numberTypes = ["text", "integer", "decimal", "real"] as const;

/**
 * What a row must be, as casts of the source's columns, `<SQL> AS <name>`: line, malformed, id,
 * seconds, market, behaviour, amount, has_amount and the free words; NULL for what is missing,
 * unreadable or in no list.
 */
export function castsOf(touchpoint: Touchpoint, table: SourceTable): string[] {
  const { columns } = touchpoint;
  const pick = (name: string, types: readonly TypeClass[]) =>
    columnOf(touchpoint, table, name, types);
  const id = pick(columns.eventId, ["text", "integer", "uuid"]);
  const timeTypes = columns.time.as === "timestamp" ? (["text", "time"] as const) : numberTypes;
  const time = pick(columns.time.column, timeTypes);
  const closed = (from: Touchpoint["columns"]["market"], list: readonly string[]) => {
    const text = "always" in from ? sqlText(from.always) : textOf(pick(from.column, ["text"]));
    return `TRY_CAST(${text} AS ENUM(${sqlList(list).slice(1, -1)}))`;
  };
  const amount = optional(touchpoint, table, columns.amount, numberTypes);
  const texts = words.map((word) => {
    const column = optional(touchpoint, table, columns[word], ["text", "integer"]);
    return `${column === null ? "NULL::VARCHAR" : textOf(column)} AS "${word}"`;
  });
  return [
    `${table.line} AS line`,
    `${table.malformed} AS malformed`,
    `${textOf(id)} AS id`,
    `${secondsOf(time, columns.time.as)} AS seconds`,
    `${closed(columns.market, touchpoint.markets)} AS market`,
    `${closed(columns.behaviour, touchpoint.behaviours)} AS behaviour`,
    `${amount === null ? "NULL::DECIMAL(18, 6)" : amountOf(amount)} AS amount`,
    `${amount === null ? "false" : isGiven(amount)} AS has_amount`,
    ...texts,
  ];
}

function columnOf(
  touchpoint: Touchpoint,
  table: SourceTable,
  name: string,
  types: readonly TypeClass[],
): SourceColumn {
  const column = table.columns.get(name);
  if (column === undefined) {
    throw new RefusedFile(
      `has no column "${name}": add it (the first line of a CSV names the columns), or correct ` +
        `touchpoints/${touchpoint.name}.yaml`,
    );
  }
  if (!types.includes(typeClass(column.type))) {
    throw new RefusedFile(
      `has ${column.type.replace(/\(.*/, "")} in column "${name}", where ${types.join(" or ")} ` +
        `is expected: correct the file or touchpoints/${touchpoint.name}.yaml`,
    );
  }
  return column;
}

/** A column that a source need not have: config files name the usual ones by default. */
const optional = (
  touchpoint: Touchpoint,
  table: SourceTable,
  name: string,
  types: readonly TypeClass[],
): SourceColumn | null =>
  table.columns.has(name) ? columnOf(touchpoint, table, name, types) : null;

/** The different words of a column, where they are few. */
export type Dictionaries = Partial<Record<(typeof words)[number], readonly string[]>>;

/**
 * Conditions over the casts that send a row to quarantine, first one first. Those that no word of a
 * column's dictionary can meet are left out: what need not be asked of every row.
 */
export function faultsOf(bank: Bank, touchpoint: Touchpoint, known: Dictionaries): Fault[] {
  const { columns } = touchpoint;
  const nowSec = Math.floor(bank.nowMs / 1000);
  const name = (from: Touchpoint["columns"]["market"]) => ("column" in from ? from.column : null);
  const time = columns.time.column;
  const { areas } = bank.config;
  const unknownArea = areas.length === 0 ? "true" : `area NOT IN (${sqlList(areas).slice(1, -1)})`;
  const unknownAreas = known.area?.every((area) => areas.includes(area)) === true;
  const tooLong = words
    .filter((word) => known[word]?.every((text) => !isTooLong(text)) !== true)
    .map((word) => ({
      sql: `strlen("${word}") > ${wordBytesMax}`,
      reason: "word_too_long",
      column: columns[word],
    }));
  return [
    { sql: "malformed", reason: "malformed", column: null },
    { sql: "id IS NULL", reason: "missing_event_id", column: columns.eventId },
    { sql: "seconds IS NULL", reason: "unreadable_time", column: time },
    { sql: `seconds > ${nowSec + aheadSecMax}`, reason: "time_in_future", column: time },
    { sql: `seconds < ${year2000Sec}`, reason: "time_before_2000", column: time },
    { sql: "market IS NULL", reason: "unknown_market", column: name(columns.market) },
    { sql: "behaviour IS NULL", reason: "unknown_behaviour", column: name(columns.behaviour) },
    ...categoryFaults(bank, touchpoint, known.category),
    ...(unknownAreas
      ? []
      : [
          {
            sql: `area IS NOT NULL AND ${unknownArea}`,
            reason: "unknown_area",
            column: columns.area,
          },
        ]),
    { sql: "has_amount AND amount IS NULL", reason: "unreadable_amount", column: columns.amount },
    {
      sql: `amount < 0 OR amount > ${amountMax}`,
      reason: "amount_out_of_range",
      column: columns.amount,
    },
    ...tooLong,
  ];
}

/** A market with a list of category words allows no others. */
function categoryFaults(
  bank: Bank,
  touchpoint: Touchpoint,
  known: readonly string[] | undefined,
): Fault[] {
  const faults: Fault[] = [];
  for (const name of touchpoint.markets) {
    const categories = bank.config.markets.get(name)?.categories ?? [];
    if (categories.length === 0) continue;
    if (known?.every((category) => categories.includes(category)) === true) continue;
    const list = `ENUM(${sqlList(categories).slice(1, -1)})`;
    faults.push({
      sql: `market = ${sqlText(name)} AND category IS NOT NULL
        AND TRY_CAST(category AS ${list}) IS NULL`,
      reason: "unknown_category",
      column: touchpoint.columns.category,
    });
  }
  return faults;
}

/** Rows before it leave the bank. */
export const retentionStartSec = (
  bank: Bank,
  { retentionDays }: Pick<Touchpoint, "retentionDays">,
): number => Math.floor(bank.nowMs / 1000) - retentionDays * secondsPerDay;
