import { microsMax } from "../base/money.js";
import type { LineItem } from "./model.js";
import { Goal, StrategyKind } from "./table.js";

type FigureColumn =
  | ("lineItemBaseMicros" | "lineItemGoal" | "lineItemStrategy")
  | ("lineItemMaxMicros" | "lineItemFactorMin" | "lineItemFactorMax");
type Columns = { readonly [K in FigureColumn]: { [index: number]: number } };

/** What a line item's price says, at its index: of a table that grows, or of a copy of one. */
export function writeFigures(
  columns: Columns,
  index: number,
  { price }: LineItem,
  ceilingMicros: number = microsMax,
): void {
  columns.lineItemBaseMicros[index] = price.cpmMicros;
  columns.lineItemGoal[index] = price.goal === "cpc" ? Goal.CPC : Goal.CPM;
  columns.lineItemStrategy[index] = strategyKinds[price.strategy ?? "fixed"];
  columns.lineItemMaxMicros[index] = Math.min(price.maxMicros, ceilingMicros);
  columns.lineItemFactorMin[index] = price.factorMinPermille;
  columns.lineItemFactorMax[index] = price.factorMaxPermille;
}

const strategyKinds = {
  fixed: StrategyKind.FIXED,
  shade: StrategyKind.SHADE,
  linear: StrategyKind.LINEAR,
} as const;
