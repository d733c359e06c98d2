import type { DeskReport } from "../../desk/desk.js";

/** What a deal came to; requests are not counted by the deals that they offer. */
export type DealFigures = {
  readonly bids: number;
  readonly wins: number;
};

/** Of a report by exchange and deal, by a deal's key `exchange/deal`; currencies are added up. */
export function figuresByDeal({
  columns,
  rows,
}: Pick<DeskReport, "columns" | "rows">): ReadonlyMap<string, DealFigures> {
  const found = new Map<string, DealFigures>();
  for (const row of rows) {
    const at = (name: string): string => row[columns.indexOf(name)] ?? "";
    const key = `${at("exchange")}/${at("deal_id")}`;
    const before = found.get(key);
    found.set(key, {
      bids: (before?.bids ?? 0) + Number(at("bids")),
      wins: (before?.wins ?? 0) + Math.max(Number(at("wins")), Number(at("billed"))),
    });
  }
  return found;
}
