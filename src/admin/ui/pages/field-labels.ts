import { facets } from "../facets.js";
import { commonFields, fieldsByFormat } from "./creative-fields.js";

/**
 * Fields of forms by path, named as their editors name them: who reads the history has seen the
 * editor, not the file.
 */
const labels: Readonly<Record<string, string>> = {
  ...{ id: "Number", name: "Name", paused: "Paused", audience: "Audience", format: "Format" },
  ...{ agency: "Agency", advertiser: "Advertiser", campaign: "Campaign", domains: "Domains" },
  ...{ currency: "Currency", timeZone: "Time zone", pacing: "Pacing" },
  ...{ "flight.start": "First day", "flight.end": "Last day" },
  ...{ "budget.total": "Budget: in all", "budget.daily": "Budget: a day" },
  "budget.impressions": "Budget: impressions in all",
  "budget.dailyImpressions": "Budget: impressions a day",
  ...{ "price.cpm": "CPM", "price.maxCpm": "Highest CPM", "price.strategy": "Strategy" },
  ...{ "price.goal.cpm": "Worth of 1,000 impressions", "price.goal.cpc": "Worth of a click" },
  "price.bounds.min": "Lowest factor of all",
  "price.bounds.max": "Highest factor of all",
  openAuction: "Buy in the open auction beside the deals",
  withoutId: "People without an identifier",
  approveAll: "Approved everywhere",
  ...{ exchange: "Exchange", deal: "Deal", inviteOnly: "Advertisers let in", floor: "Floor" },
  ...{ "(draft)": "Draft", "(archived)": "Archived" },
};

/** Whose first part names a thing, and the rest what of it. */
const parts: readonly (readonly [pattern: RegExp, words: (...found: string[]) => string])[] = [
  [/^targeting\.include\.(\w+)/, (facet) => `Buy only where: ${facetWord(facet)}`],
  [/^targeting\.exclude\.(\w+)/, (facet) => `Never buy where: ${facetWord(facet)}`],
  [/^creatives\.(\d+)\.id$/, (id) => `Creative #${id}`],
  [/^creatives\.(\d+)\.weight$/, (id) => `Weight of creative #${id}`],
  [/^price\.modifiers\.(\d+)\.factor$/, (i) => `Modifier ${nth(i)}: factor`],
  [/^price\.modifiers\.(\d+)\.when\.(\w+)/, (i, on) => `Modifier ${nth(i)}: ${facetWord(on)}`],
  [/^frequency(?:\.(\d+))?\.impressions$/, (i) => `Cap${ofSeveral(i)}: impressions`],
  [/^frequency(?:\.(\d+))?\.per$/, (i) => `Cap${ofSeveral(i)}: time`],
  [/^approvals\.(.+)$/, (exchange) => `Approval at ${exchange}`],
  [/^seats\.(.+)$/, (exchange) => `Seat at ${exchange}`],
  [/^audience(?:\.|$)/, () => "Audience"],
];

const facetWord = (name: string): string =>
  (facets as Readonly<Record<string, { readonly label: string }>>)[name]?.label ?? spaced(name);
const nth = (index: string): number => Number(index) + 1;
const ofSeveral = (index: string | undefined): string =>
  index === undefined ? "" : ` ${nth(index)}`;

const ofCreatives = new Map(
  [...commonFields, ...Object.values(fieldsByFormat).flat()].map(({ field, label }) => [
    field,
    label,
  ]),
);

export function fieldLabel(path: string): string {
  const known = labels[path] ?? ofCreatives.get(path);
  if (known !== undefined) return known;
  for (const [pattern, words] of parts) {
    const found = pattern.exec(path);
    if (found !== null) return words(...found.slice(1));
  }
  return spaced(path);
}

/** `ownRule.someField` as "Own rule: some field". */
function spaced(path: string): string {
  const words = path.replaceAll(".", ": ").replaceAll(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
