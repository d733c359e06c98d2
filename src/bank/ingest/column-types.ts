/** A column of a source: the SQL that reads it, and what DuckDB says it is. */
export type SourceColumn = { readonly sql: string; readonly type: string };

export type TypeClass = "text" | "integer" | "decimal" | "real" | "time" | "uuid" | "other";

export function typeClass(type: string): TypeClass {
  if (/^(VARCHAR|ENUM\(.*\))$/.test(type)) return "text";
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type)) return "integer";
  if (/^DECIMAL\(\d+,\s*\d+\)$/.test(type)) return "decimal";
  if (/^(FLOAT|DOUBLE)$/.test(type)) return "real";
  if (/^(TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE|DATE)$/.test(type)) return "time";
  return type === "UUID" ? "uuid" : "other";
}

/** The text of a column, NULL for an empty one. */
export const textOf = (column: SourceColumn): string =>
  column.type === "VARCHAR" ? `nullif(${column.sql}, '')` : `CAST(${column.sql} AS VARCHAR)`;

/** Unix seconds as BIGINT; NULL where the column holds no time. Texts without a zone are UTC. */
export function secondsOf(column: SourceColumn, as: "timestamp" | "unixSec" | "unixMs"): string {
  const { sql, type } = column;
  if (as !== "timestamp") {
    const number = `TRY_CAST(${sql} AS ${typeClass(type) === "integer" ? "BIGINT" : "DOUBLE"})`;
    return `TRY_CAST(floor(${number}${as === "unixMs" ? " / 1000" : ""}) AS BIGINT)`;
  }
  const time = typeClass(type) === "text" ? `TRY_CAST(${sql} AS TIMESTAMPTZ)` : sql;
  const stamp = type === "DATE" || type === "TIMESTAMP_NS" ? `${sql}::TIMESTAMP` : time;
  return `CASE WHEN isfinite(${time}) THEN epoch_us(${stamp}) // 1000000 END`;
}

/** DECIMAL(18, 6) of the market's currency, which is far above 2^53 micros; NULL for no number. */
export const amountOf = (column: SourceColumn): string =>
  `TRY_CAST(${textual(column)} AS DECIMAL(18, 6))`;

/** Whether the column says anything. */
export const isGiven = (column: SourceColumn): string => `${textual(column)} IS NOT NULL`;

const textual = (column: SourceColumn): string =>
  column.type === "VARCHAR" ? `nullif(trim(${column.sql}), '')` : column.sql;

/** Micros of such a decimal; the product of two DECIMAL(18, 6) would overflow. */
export const microsOf = (amount: string): string =>
  `CAST(${amount}::DECIMAL(38, 6) * 1000000 AS BIGINT)`;
