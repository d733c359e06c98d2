import type { Scenario } from "./scenario.js";

const world = { people: 1_000_000, lineItems: 1000, book: "synthetic" } as const;
const usual = {
  ...{ world, connections: 64, rate: 0.5 },
  ...{ references: ["echo"], saturated: false },
} as const satisfies Partial<Scenario>;
/** `ours-json` reads the members of banner requests alone. */
const all = ["echo", "json", "node", "ours-json"] as const;

/** Every scenario of `npm run bench`, in the order of its table. */
export const scenarios: readonly Scenario[] = [
  {
    ...{ ...usual, name: "full-bid", workload: "bid", share200: [0.95, 1], ofEchoMin: 0.5 },
    ...{ references: all, saturated: true },
    measures: "a banner of 1.8 kB that is bid on, an answer of 1 kB",
  },
  {
    ...{ ...usual, name: "no-bid", workload: "no-bid", share200: [0, 0], ofEchoMin: 0.65 },
    saturated: true,
    measures: "the commonest reason not to bid: nothing fits the slot",
  },
  {
    ...{ ...usual, name: "gzip-bid", workload: "bid-gzip", share200: [0.95, 1], ofEchoMin: null },
    measures: "the full bid with a zipped body; the echo does not unzip",
  },
  {
    ...{ ...usual, name: "canonical-10", workload: "canonical-10", share200: [0.07, 0.13] },
    ...{ measures: "canonical workload, one request in ten bid on", ofEchoMin: null },
  },
  {
    ...{ ...usual, name: "canonical-90", workload: "canonical-90", share200: [0.86, 0.94] },
    ...{ measures: "canonical workload, nine requests in ten bid on", ofEchoMin: null },
    ...{ references: ["echo", "json"], saturated: true },
  },
];

/** The scenarios of those names, all where none is given; throws with the names there are. */
export function chosen(names: readonly string[]): readonly Scenario[] {
  const known = new Set(scenarios.map(({ name }) => name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`no scenario ${unknown.join(", ")}: there are ${[...known].join(", ")}`);
  }
  return names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name));
}
