import type {
  ExplainResult,
  ImpExplained,
  LineItemExplained,
  PriceExplained,
  Refusal,
  WayExplained,
} from "./explain-result.js";
import { listed, moneyText, printable } from "./explain-words.js";

/** Line items of an imp that the text shows unless all are asked for. */
export const explainTextRowsMax = 200;

/** An explanation for a terminal: aligned, without colour, without control characters. */
export function explainText(result: ExplainResult, rowsMax = explainTextRowsMax): string {
  if (result.status !== 200) return `${result.status}: ${printable(result.reason)}\n`;
  const { consent } = result;
  const head: readonly (readonly [string, string])[] = [
    ["exchange", `${result.exchange}, generation ${result.generation}, epoch ${result.epoch}`],
    ["at", result.at],
    ["consent", `${consent.decision} by ${consent.rule} (market ${consent.market})`],
    ["person", result.person.words],
    ["currency", result.currency === "" ? "-" : result.currency],
    ["outcome", `${result.outcome}: ${result.reason}`],
  ];
  const lines = head.map(([name, value]) => `${name.padEnd(10)}${value}`);
  for (const imp of result.imps) lines.push("", ...impLines(imp, rowsMax));
  return `${lines.map(printable).join("\n")}\n`;
}

function impLines(imp: ImpExplained, rowsMax: number): string[] {
  const formats = imp.formats.length === 0 ? "" : ` ${listed(imp.formats)}`;
  const floor = moneyText(imp.floor.amount, imp.floor.currency);
  const media = listed(imp.media, "no media that we know");
  const lines = [
    `imp ${imp.imp}: ${media}${formats}, bid floor ${floor}`,
    `  ${imp.outcome}: ${imp.reason}`,
  ];
  const counts = Object.entries(imp.outcomes).sort((a, b) => b[1] - a[1]);
  if (counts.length > 0) {
    lines.push(`  line items: ${counts.map(([name, count]) => `${count} ${name}`).join(", ")}`);
  }
  const shown = imp.lineItems.slice(0, rowsMax);
  const outcomeWidth = Math.max(0, ...shown.map((one) => markOf(one).length));
  const idWidth = Math.max(0, ...shown.map(({ lineItem }) => String(lineItem).length));
  for (const one of shown) lines.push(...lineItemLines(one, outcomeWidth, idWidth));
  const rest = imp.leftOut + imp.lineItems.length - shown.length;
  if (rest > 0) lines.push(`  and ${rest} more line items (--all shows every one)`);
  return lines;
}

const markOf = ({ offered, outcome }: LineItemExplained): string => (offered ? "offered" : outcome);

function lineItemLines(one: LineItemExplained, outcomeWidth: number, idWidth: number): string[] {
  const mark = markOf(one).padEnd(outcomeWidth);
  const id = String(one.lineItem).padStart(idWidth);
  const indent = " ".repeat(outcomeWidth + idWidth + 6);
  const why = one.refusal === null ? "" : `: ${refusalText(one.refusal)}`;
  return [
    `  ${mark}  ${id}  ${one.name}${why}`,
    ...one.ways.flatMap((way) => wayLines(way, one.ways.length > 1)).map((line) => indent + line),
    ...one.notes.map((note) => `${indent}note: ${note}`),
  ];
}

const refusalText = ({ rule, seen, limit }: Refusal): string =>
  `${rule}: seen ${seen === "" ? "-" : seen}; limit ${limit === "" ? "-" : limit}`;

/**
 * A way that could bid shows its price; a refused one only where there are several to tell apart.
 */
function wayLines(way: WayExplained, several: boolean): string[] {
  if (way.price === null) {
    return several && way.refusal !== null ? [`${way.way}: ${refusalText(way.refusal)}`] : [];
  }
  const bid = moneyText(way.price.bid.amount, way.price.bid.currency);
  const place = way.offered ? "offered" : "could bid";
  return [`${way.way}, creative ${way.creative}: ${place} ${bid}`, `  ${stepsText(way.price)}`];
}

function stepsText(price: PriceExplained): string {
  const money = (amount: number): string => moneyText(amount, "");
  const range = `floor ${money(price.floor)}, maximum ${money(price.maximum)}`;
  const final = moneyText(price.final, price.currency);
  if (price.agreed) return `the deal's own price ${final} (${range})`;
  const met = price.modifiers.map(({ when, factor }) => `${when} x${factor}`);
  const why = met.length === 0 ? "" : ` (${met.join("; ")})`;
  return (
    `base ${money(price.base)} x context ${price.contextFactor}${why} x person ` +
    `${price.personFactor} = ${money(price.value)}${shareText(price)}, ${range} -> ${final}`
  );
}

/** What the strategy makes of the value; nothing where it bids the whole. */
const shareText = ({ strategy, share, wanted, currency }: PriceExplained): string =>
  share === 1 ? "" : `, ${strategy} x ${share} = ${wanted} ${currency}`;
