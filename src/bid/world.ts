import type { Generation } from "../base/ids.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CampaignTable } from "../campaign/table.js";
import type { SegmentIndex } from "../index/segment-index.js";
import type { PrivacySettings } from "./consent.js";
import type { NativeTable } from "./native-fit.js";
import type { Rates } from "./rates.js";

/**
 * One immutable value, one generation: who (index), what (table), and everything an answer depends
 * on. Built and certified off the hot path, posted as buffers, adopted between two requests,
 * swapped by one assignment. The creative templates belong to it too; they are wire's
 * (wire/template-table.ts), so the shell pairs them.
 */
export type World = {
  readonly generation: Generation;
  readonly index: SegmentIndex;
  readonly table: CampaignTable;
  /** The UTC day, since 1970, whose places of audiences the table has (campaign/roster). */
  readonly rosterDay: number;
  readonly exchanges: readonly Exchange[];
  /** What native creatives can fill, and each creative's number among them. */
  readonly natives: NativeTable & { readonly creativeNative: Uint32Array };
  readonly rates: Rates;
  readonly privacy: PrivacySettings;
};
