/** What a report can be broken down by, as `--by` calls it. Nothing about people is among them. */
export const dimensions = [
  ...(["agency", "advertiser", "campaign", "line-item", "creative", "exchange"] as const),
  ...(["property", "size", "format", "deal", "country", "day", "hour"] as const),
] as const;
export type Dimension = (typeof dimensions)[number];

/** What a report can be narrowed to, each as `--<name> a,b`. */
export const reportFilters = dimensions.filter((name) => name !== "day" && name !== "hour");
