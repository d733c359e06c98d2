/** A report as its page's address holds it, so that a link is a saved report. */
export type ReportAddress = {
  readonly by: readonly string[];
  /** Days, both included; "" = no bound. */
  readonly from: string;
  readonly to: string;
  /** Of the days; "" = the one that the page shows. */
  readonly timeZone: string;
  /** Ids or names by dimension. */
  readonly only: Readonly<Record<string, readonly string[]>>;
};

const onlyMark = "only.";

export function reportOf(query: string): ReportAddress {
  const given = new URLSearchParams(query);
  const only: Record<string, readonly string[]> = {};
  for (const name of new Set(given.keys())) {
    if (name.startsWith(onlyMark)) only[name.slice(onlyMark.length)] = given.getAll(name);
  }
  return {
    by: given.get("by")?.split(",").filter(Boolean) ?? ["advertiser", "day"],
    from: given.get("from") ?? "",
    to: given.get("to") ?? "",
    timeZone: given.get("zone") ?? "",
    only,
  };
}

export function queryOf({ by, from, to, timeZone, only }: ReportAddress): string {
  const query = new URLSearchParams({ by: by.join(",") });
  for (const [name, value] of [
    ["from", from],
    ["to", to],
    ["zone", timeZone],
  ] as const) {
    if (value !== "") query.set(name, value);
  }
  for (const [dimension, values] of Object.entries(only)) {
    for (const value of values) query.append(onlyMark + dimension, value);
  }
  return query.toString();
}
