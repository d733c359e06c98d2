import { expect } from "vitest";
import { loadBankConfig } from "../bank/config/load.js";
import type { SourceFile } from "../campaign/document.js";
import { issueText } from "../campaign/issue.js";

/** A small bank's files, sound as they stand. */
export const bankTexts: Readonly<Record<string, string>> = {
  "markets/us.yaml": `market: US
label: United States
countries: [USA]
currency: USD
consent: optOut
areas:
  - { name: US-CA, label: California, people: 39000000 }
categories: [beauty, sports]
`,
  "touchpoints/commerce.yaml": `touchpoint: commerce
label: Shops
purpose: advertising
retentionDays: 400
markets: [US]
columns: { amount: price }
behaviours: [view, favourite, cart, order]
identifiers:
  - { column: account, kind: account }
  - { column: ifa, kind: { column: ifa_kind, values: { idfa: idfa } } }
  - { column: cookie, kind: buyerUid, scope: 1 }
links:
  - { between: [account, ifa], mm: 3 }
`,
  "touchpoints/search.yaml": `touchpoint: search
label: Searches
purpose: advertising
retentionDays: 90
markets: [US]
behaviours: [categorySearch, brandSearch]
identifiers:
  - { column: account, kind: account }
`,
  "segments/a.yaml": `segments:
  - name: interest.{word}
    each: { word: [beauty, sports] }
    label: Follows {word}
    method: observed
    rule: { did: search, category: "{word}", within: 30, count: 2 }
  - name: premium.guests
    label: Guests
    method: observed
    agencies: [2]
    rule:
      all:
        - { did: commerce, behaviour: order, within: 365, amount: { USD: 1000.25 } }
        - none: [{ segment: interest.sports }]
  - name: inside.viewers
    label: Viewers
    method: observed
    outward: false
    rule: { did: commerce, behaviour: view, within: 7 }
aipl:
  - advertiser: 11
    agency: 1
    word: northwind
    label: Northwind
    brands: [northwind]
    stages:
      awareness: [{ did: search, behaviour: categorySearch }]
      interest: [{ did: commerce, behaviour: [view, cart], within: 20 }]
      purchase: [{ did: commerce, behaviour: order }]
      loyalty: [{ did: commerce, behaviour: order, count: 2, brand: [north, northwind] }]
`,
};

export const bankFilesOf = (record: Readonly<Record<string, string>>): SourceFile[] =>
  Object.entries(record).map(([name, text]) => ({ name, path: name, text }));

/** What loading says after one replacement in one file. */
export function saidOf(name: string, from: string, to: string): readonly string[] {
  const text = bankTexts[name] ?? "";
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  const { config, issues } = loadBankConfig(
    bankFilesOf({ ...bankTexts, [name]: text.replace(from, to) }),
  );
  expect(config === null).toBe(issues.some(({ severity }) => severity === "error"));
  return issues.map(issueText);
}
