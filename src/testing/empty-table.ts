import {
  type CampaignTable,
  type CampaignTableInput,
  packTable,
  tableFrom,
  tableSpec,
} from "../campaign/table.js";

/** A campaign table without any row. */
export function emptyTable(): CampaignTable {
  const columns = Object.keys(tableSpec).map((name) => [name, []] as const);
  return tableFrom(packTable(Object.fromEntries(columns) as unknown as CampaignTableInput));
}
