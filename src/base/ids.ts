import type { Unit } from "./units.js";

/**
 * Ids are u32, given by the config or the desk and never reused: allowances, caps, counters, tokens
 * and the journal speak in ids. 0 means "none".
 */
export type AgencyId = Unit<"AgencyId">;
export type AdvertiserId = Unit<"AdvertiserId">;
export type CampaignId = Unit<"CampaignId">;
export type LineItemId = Unit<"LineItemId">;
export type CreativeId = Unit<"CreativeId">;
export type ExchangeId = Unit<"ExchangeId">;

/** Indexes are dense and live inside one World only. */
export type LineItemIndex = Unit<"LineItemIndex">;
export type CreativeIndex = Unit<"CreativeIndex">;

/**
 * A person's ordinal in the segment index: stable from epoch to epoch, never printed, never sent.
 * 0 is the dummy row (nobody), so that unknown people cost the same look-up.
 */
export type Ordinal = Unit<"Ordinal">;
export const NOBODY = 0 as Ordinal;

/** The number of a World; rises by one with each publication. */
export type Generation = Unit<"Generation">;

/** The number of a snapshot; strictly rising; 0 is the built-in empty one. */
export type Epoch = Unit<"Epoch">;
