import { type CampaignTable, packTable, tableFrom, tableSpec } from "../campaign/table.js";

/** A campaign table without any row. */
export function emptyTable(): CampaignTable {
  const columns = Object.keys(tableSpec).map((name) => [name, []]);
  return tableFrom(packTable(Object.fromEntries(columns)));
}
