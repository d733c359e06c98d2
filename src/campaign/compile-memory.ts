import { areAlike, haveSameElements } from "../base/alike.js";
import type { CurrencyCode } from "../base/units.js";
import type { Compiled, CompileInput } from "./compile-input.js";
import { figuresChanged } from "./figures.js";
import type { LineItem } from "./model.js";
import { Live, tableFrom } from "./table.js";
import { writeFigures } from "./table-figures.js";

type Kept = {
  readonly input: CompileInput;
  readonly compiled: Compiled;
  /** By the table's index: what `lineItemLive` says of it when it is not paused. */
  readonly unpaused: Uint8Array;
};

/**
 * The newest table of one place where Worlds are built, so that the next one is a copy of it where
 * figures alone have changed: 1 ms instead of 100 for 10,000 line items. Places of allowances and
 * caps are taken to be what they were: they are for a process's life.
 */
export class CompileMemory {
  private kept: Kept | null = null;

  note(input: CompileInput, compiled: Compiled, unpaused: readonly number[]): void {
    // Where one was left out, indexes of the table are not those of the book.
    const isWhole = unpaused.length === input.book.lineItems.length;
    this.kept = isWhole ? { input, compiled, unpaused: Uint8Array.from(unpaused) } : null;
  }

  /** The same as compiling it, byte by byte; null = it is to be compiled. */
  compiled(input: CompileInput): Compiled | null {
    const { kept } = this;
    if (kept === null || !isSameStanding(kept.input, input)) return null;
    const changed = figuresChanged(kept.input.book, input.book);
    if (changed === null) return null;
    const compiled = changed.length === 0 ? kept.compiled : withFigures(kept, input, changed);
    this.kept = { ...kept, input, compiled };
    return compiled;
  }
}

function withFigures(
  { compiled, unpaused }: Kept,
  { book, cpmMicrosMax }: CompileInput,
  changed: readonly number[],
): Compiled {
  const table = new SharedArrayBuffer(compiled.table.byteLength);
  new Uint8Array(table).set(new Uint8Array(compiled.table));
  const columns = tableFrom(table);
  for (const index of changed) {
    const lineItem = book.lineItems[index] as LineItem;
    const currency = columns.lineItemCurrency[index] as CurrencyCode;
    writeFigures(columns, index, lineItem, cpmMicrosMax?.(currency));
    columns.lineItemLive[index] = lineItem.paused ? Live.PAUSED : unpaused[index]!;
  }
  return { ...compiled, table };
}

/** All that decides about a table beside the book. */
function isSameStanding(a: CompileInput, b: CompileInput): boolean {
  return (
    haveSameElements(a.exchanges, b.exchanges) &&
    a.projection === b.projection &&
    hasSame(a.certificates, b.certificates) &&
    isSameRoster(a.roster, b.roster) &&
    (a.usable === undefined) === (b.usable === undefined) &&
    haveSameElements(a.usable ?? [], b.usable ?? []) &&
    a.book.advertisers.every(
      ({ currency }) => a.cpmMicrosMax?.(currency) === b.cpmMicrosMax?.(currency),
    )
  );
}

const hasSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((digest) => b.has(digest));

function isSameRoster(a: CompileInput["roster"], b: CompileInput["roster"]): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.day === b.day &&
    areAlike([...a.placesOf], [...b.placesOf]) &&
    areAlike([...a.placeOf], [...b.placeOf])
  );
}
