import { textKeyOf } from "../base/hash.js";
import { KeyKind } from "../base/lists.js";
import type { CellEntry } from "../journal/entry.js";

/** What learning needs of a context cell. */
export type CellFact = {
  readonly exchange: number;
  readonly format: number;
  /** width << 16 | height */
  readonly size: number;
  readonly propertyLo: number;
  readonly propertyHi: number;
};

/** Boots whose tokens may still come back: older ones are forgotten first. */
const bootsMax = 8;

/** The cells of the last boots, by number. */
export class CellFacts {
  private readonly boots = new Map<number, Map<number, CellFact>>();

  add(cell: CellEntry): void {
    let cells = this.boots.get(cell.boot);
    if (cells === undefined) {
      cells = new Map();
      this.boots.set(cell.boot, cells);
      if (this.boots.size > bootsMax) this.boots.delete(Math.min(...this.boots.keys()));
    }
    const { lo, hi } = textKeyOf(cell.property, KeyKind.DOMAIN);
    cells.set(cell.cell, {
      ...{ exchange: cell.exchange, format: cell.format, propertyLo: lo, propertyHi: hi },
      size: ((cell.width << 16) | cell.height) >>> 0,
    });
  }

  /** Undefined: "other", or of a boot long ago. */
  of(boot: number, cell: number): CellFact | undefined {
    return this.boots.get(boot)?.get(cell);
  }
}
