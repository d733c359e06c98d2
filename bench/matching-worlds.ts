import { demoSegments } from "../src/bank/generate/demo-segments.js";
import { SeededRandom } from "../src/base/random.js";
import type { CampaignBook, LineItem } from "../src/campaign/model.js";
import { syntheticModel } from "../src/testing/campaigns.js";

/** A book to be matched against, by its number of line items, and what requests carry besides. */
export type MatchingWorld = {
  readonly name: string;
  readonly book: (lineItems: number) => CampaignBook;
  /** Deals in each request's imp, named by the book's line items; absent = none. */
  readonly deals?: number;
};

const segments = demoSegments.map(({ name }) => name);
const dealsInOne = 500;
const termsEach = 60;
/** Audiences of the world of large ones: as many as a few agencies may have. */
const largeAudiences = 500;

/** Everything fits every request: what one creative of 300x250 without targeting does. */
const everywhere = (lineItems: number, change: (lineItem: LineItem) => Partial<LineItem>) => {
  const book = syntheticModel(1, lineItems, { segments, cappedShare: 0, modifierShare: 0 });
  const open: Partial<LineItem> = { audience: null, targeting: { include: {}, exclude: {} } };
  const html = book.creatives.find(({ sizes }) =>
    sizes.some(({ width, height }) => width * height === 75_000),
  )!;
  return {
    ...book,
    creatives: book.creatives.map(({ id, advertiser, domains, categories }) => ({
      ...html,
      ...{ id, advertiser, domains, categories },
    })),
    lineItems: book.lineItems.map((one) => ({ ...one, ...open, ...change(one) })),
  };
};

/** 60 ways in, of two segments and one that keeps out each: nothing of them can be shared. */
function largeAudience(n: number): LineItem["audience"] {
  const random = new SeededRandom(n + 1);
  const others = (not: readonly string[]) => segments.filter((name) => !not.includes(name));
  return {
    any: Array.from({ length: termsEach }, () => {
      const first = random.pick(segments);
      const second = random.pick(others([first]));
      return { all: [first, second, { none: [random.pick(others([first, second]))] }] };
    }),
  };
}

export const matchingWorlds: readonly MatchingWorld[] = [
  {
    name: "canonical mix",
    book: (lineItems) => syntheticModel(1, lineItems, { segments, audienceShare: 0.3 }),
  },
  { name: "all untargeted", book: (lineItems) => everywhere(lineItems, () => ({})) },
  {
    name: "all on one segment",
    book: (lineItems) => everywhere(lineItems, () => ({ audience: segments[0]! })),
  },
  {
    name: "all with caps",
    book: (lineItems) =>
      everywhere(lineItems, () => ({ frequency: [{ impressions: 100, windowSec: 86_400 }] })),
  },
  {
    name: `${dealsInOne} deals in one request`,
    deals: dealsInOne,
    book: (lineItems) =>
      everywhere(lineItems, ({ id }) => ({
        targeting: { include: { deals: [dealName(id % dealsInOne)] }, exclude: {} },
      })),
  },
  {
    name: `${termsEach} terms an audience`,
    book: (lineItems) =>
      everywhere(lineItems, ({ id }) => ({ audience: largeAudience(id % largeAudiences) })),
  },
];

export const dealName = (n: number): string => `deal-${n}`;
