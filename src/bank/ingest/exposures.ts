import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Bank, dayName } from "../bank.js";
import type { BankConfig, Touchpoint } from "../config/model.js";
import { sqlText } from "../duck.js";
import { exposuresFolderName, type SourceFile } from "./source-files.js";
import type { SourceTable } from "./source-table.js";

/**
 * The bidder's own exposure log (runtime/exposure-file.ts) is taken in as rows of the touch-point
 * `ad`: its files are read as they lie there, `person` by the people of their epoch and whom they
 * became, `advertiser` as the brand that its AIPL rules look for, `country` as its market.
 */
const adName = "ad";
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const closedPattern = /^\d[0-9a-f-]*\.csv$/;

/** How the files of the log are read: `ad` with columns of its own. */
const exposureTouchpoint = (ad: Touchpoint): Touchpoint => ({
  ...ad,
  columns: {
    ...{ eventId: "event_id", time: { column: "time", as: "unixSec" } },
    ...{ market: { column: "country" }, behaviour: { column: "behaviour" } },
    ...{ brand: "advertiser", category: "", source: "", amount: "", area: "" },
  },
  identifiers: [{ column: "person", kind: { always: "person" }, scope: { always: 0 } }],
  links: [],
  homeArea: false,
});

/** Whether a folder is such a log itself: it holds days, and a lock perhaps. */
export function isExposureLog(folder: string): boolean {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.some((name) => dayPattern.test(name));
}

/** Files of days that are over: they grow no more. */
export function listExposures(
  { config, asOfSec }: Pick<Bank, "config" | "asOfSec">,
  folder: string,
): { readonly files: readonly SourceFile[]; readonly warnings: readonly string[] } {
  const ad = config.touchpoints.get(adName);
  if (!existsSync(folder)) return { files: [], warnings: [] };
  const today = dayName(asOfSec);
  const days = readdirSync(folder)
    .filter((name) => dayPattern.test(name) && name < today)
    .sort();
  if (ad === undefined) {
    const words = `${exposuresFolderName}/: skipped; add touchpoints/${adName}.yaml to take it in`;
    return { files: [], warnings: days.length === 0 ? [] : [words] };
  }
  const touchpoint = exposureTouchpoint(ad);
  const files = days.flatMap((day) =>
    readdirSync(join(folder, day))
      .filter((name) => closedPattern.test(name))
      .sort()
      .map((name) => exposureFile(touchpoint, join(folder, day, name), `${day}/${name}`)),
  );
  return { files, warnings: [] };
}

function exposureFile(touchpoint: Touchpoint, path: string, name: string): SourceFile {
  const { size, mtimeMs } = statSync(path);
  return {
    ...{ touchpoint, path, name: `${exposuresFolderName}/${name}`, format: "csv", gzipped: false },
    ...{ bytes: size, changedMs: mtimeMs, exposures: true },
  };
}

/** The table with countries as markets and advertisers as brands. */
export function withExposureWords(config: BankConfig, table: SourceTable): SourceTable {
  const columns = new Map(table.columns);
  const translate = (name: string, words: ReadonlyMap<string, string>, otherwise: string): void => {
    const column = columns.get(name);
    if (column === undefined) return;
    const cases = [...words].map(([from, to]) => `WHEN ${sqlText(from)} THEN ${sqlText(to)}`);
    const sql =
      cases.length === 0
        ? otherwise
        : `(CASE ${column.sql} ${cases.join(" ")} ELSE ${otherwise} END)`;
    columns.set(name, { sql, type: "VARCHAR" });
  };
  translate("country", marketsByCountry(config), onlyMarket(config));
  translate("advertiser", brandsByAdvertiser(config), "NULL::VARCHAR");
  return { ...table, columns };
}

const marketsByCountry = ({ markets }: BankConfig): Map<string, string> =>
  new Map(
    [...markets.values()].flatMap(({ name, countries }) =>
      countries.map((country) => [country, name] as const),
    ),
  );

/** Where there is one market only, rows without a country are its. */
function onlyMarket({ touchpoints }: BankConfig): string {
  const names = touchpoints.get(adName)?.markets ?? [];
  return names.length === 1 ? sqlText(names[0]!) : "NULL::VARCHAR";
}

/** The brand that an advertiser's stages look for in rows of `ad`. */
function brandsByAdvertiser({ aipl }: BankConfig): Map<string, string> {
  const brands = new Map<string, string>();
  for (const { advertiser, stages } of aipl) {
    const rules = Object.values(stages).flat();
    const brand = rules.find((rule) => rule.touchpoints.includes(adName))?.brands[0];
    if (brand !== undefined) brands.set(String(advertiser), brand);
  }
  return brands;
}
