import { demoSegments } from "../../src/bank/generate/demo-segments.js";
import type { CampaignBook } from "../../src/campaign/model.js";
import type { ConfigReading } from "../../src/runtime/world-desk-parts.js";
import { syntheticModel } from "../../src/testing/campaigns.js";
import { benchSecretSha256 } from "../bench-secret.js";

export const benchSegments = demoSegments.map(({ name }) => name);

/** What is for sale in a bench World, by name: budgets that cannot run out, no pacing by hour. */
const books = {
  synthetic: (lineItems: number) =>
    syntheticModel(1, lineItems, { segments: benchSegments, audienceShare: 0.3 }),
} as const satisfies Readonly<Record<string, (lineItems: number) => CampaignBook>>;
export type BookName = keyof typeof books;

export const bookOf = (name: BookName, lineItems: number): CampaignBook => books[name](lineItems);

/**
 * The config of the demo with another book, and exchanges as real ones are: known by their secret,
 * one bid an imp, so that an answer has about 1 kB.
 */
export function benchReading({ config, ...rest }: ConfigReading, book: CampaignBook) {
  if (config === null) return { ...rest, config };
  const exchanges = config.exchanges.map((one) => ({
    ...one,
    ...{ secretSha256: benchSecretSha256, maxBidsPerImp: 1 },
  }));
  return { ...rest, config: { ...config, book, exchanges } };
}
