import { readBankConfig } from "./read-config.js";

/** Without a touch-point `ad` to say it, as long as the longest window of a cap. */
const retentionDaysDefault = 90;

/** How long exposures are kept: as rows of the bank's touch-point `ad`. */
export function exposureDaysKept(configFolder: string): number {
  const touchpoint = readBankConfig(configFolder, null)?.config?.touchpoints.get("ad");
  return touchpoint?.retentionDays ?? retentionDaysDefault;
}
