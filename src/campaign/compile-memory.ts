import { areAlike, haveSameElements } from "../base/alike.js";
import type { Steps } from "../base/steps.js";
import type { CurrencyCode } from "../base/units.js";
import { type Order, reorder } from "./best-first.js";
import { writeFigures } from "./compile-figures.js";
import type { Compiled, CompileInput } from "./compile-input.js";
import { figuresChanged } from "./figures.js";
import type { LineItem } from "./model.js";
import { Live, tableFrom } from "./table.js";

type Kept = {
  readonly input: CompileInput;
  readonly compiled: Compiled;
  readonly order: Order;
  /** By the order in the book: what `lineItemLive` says of it when it is not paused. */
  readonly unpaused: readonly number[];
};

/**
 * The newest table of one place where Worlds are built, so that the next one is a copy of it where
 * figures alone have changed: 1 ms instead of 100 for 10,000 line items. Places of allowances and
 * caps are taken to be what they were: they are for a process's life.
 */
export class CompileMemory {
  private kept: Kept | null = null;

  note(input: CompileInput, compiled: Compiled, of: Pick<Kept, "order" | "unpaused">): void {
    // Where one was left out, it was not written as the book has it.
    const isWhole = of.unpaused.length === input.book.lineItems.length;
    this.kept = isWhole ? { input, compiled, ...of } : null;
  }

  /** The same as compiling it, byte by byte, a column a step; null = it is to be compiled. */
  *compiled(input: CompileInput): Steps<Compiled | null> {
    const { kept } = this;
    if (kept === null || !isSameStanding(kept.input, input)) return null;
    const changed = figuresChanged(kept.input.book, input.book);
    if (changed === null) return null;
    const now =
      changed.length === 0 ? { ...kept, input } : yield* withFigures(kept, input, changed);
    this.kept = now;
    return now.compiled;
  }
}

function* withFigures(kept: Kept, input: CompileInput, changed: readonly number[]): Steps<Kept> {
  const { compiled, order, unpaused } = kept;
  const { book, cpmMicrosMax, rates } = input;
  const table = new SharedArrayBuffer(compiled.table.byteLength);
  new Uint8Array(table).set(new Uint8Array(compiled.table));
  yield;
  const columns = tableFrom(table);
  for (const written of changed) {
    const place = order.placeOf[written]!;
    const lineItem = book.lineItems[written] as LineItem;
    const currency = columns.lineItemCurrency[place] as CurrencyCode;
    writeFigures(columns, place, lineItem, cpmMicrosMax?.(currency));
    columns.lineItemLive[place] = lineItem.paused ? Live.PAUSED : unpaused[written]!;
  }
  const moved = yield* reorder(columns, order, changed, rates);
  return { unpaused, input, order: moved, compiled: { ...compiled, table } };
}

/** All that decides about a table beside the book. */
function isSameStanding(a: CompileInput, b: CompileInput): boolean {
  return (
    haveSameElements(a.exchanges, b.exchanges) &&
    a.projection === b.projection &&
    areAlike(a.rates, b.rates) &&
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
