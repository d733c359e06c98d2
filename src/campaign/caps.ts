import { capRulesMax } from "../base/limits.js";
import type { Advertiser, Campaign, FrequencyCap, LineItem } from "./model.js";

/** What a cap counts impressions of. The exposure log and the money thread know these numbers. */
export const CapLevel = { LINE_ITEM: 1, CAMPAIGN: 2, ADVERTISER: 3 } as const;
export type CapLevel = (typeof CapLevel)[keyof typeof CapLevel];

/** What a person's impressions are counted for: a level, the id at that level, and a window. */
export type CapRule = {
  readonly level: CapLevel;
  readonly id: number;
  readonly windowSec: number;
};

/** Every cap that a line item's bid counts towards, its own first. */
export function capsOf(
  lineItem: LineItem,
  owner: { readonly campaign: Campaign; readonly advertiser: Advertiser },
): (CapRule & FrequencyCap)[] {
  const { campaign, advertiser } = owner;
  return [
    ...capsAt(CapLevel.LINE_ITEM, lineItem),
    ...capsAt(CapLevel.CAMPAIGN, campaign),
    ...capsAt(CapLevel.ADVERTISER, advertiser),
  ];
}

const capsAt = (
  level: CapLevel,
  { id, frequency }: { readonly id: number; readonly frequency?: readonly FrequencyCap[] },
): (CapRule & FrequencyCap)[] => (frequency ?? []).map((cap) => ({ level, id, ...cap }));

/**
 * Rule of a cap -> its place in the shared rules (bid/cap-rule): kept for the life of the process,
 * never given twice. Windows are rules of their own: one that is edited is counted anew.
 */
export class CapPlaces {
  private readonly places = new Map<string, number>();
  private readonly placesMax: number;
  private readonly onNew: (place: number) => void;

  /** `onNew` hears of each place before anybody else. */
  constructor(placesMax = capRulesMax, onNew: (place: number) => void = () => {}) {
    this.placesMax = placesMax;
    this.onNew = onNew;
  }

  /** Throws where every place is given: the World must not be published. */
  placeOf(level: CapLevel, id: number, windowSec: number): number {
    const key = `${level} ${id} ${windowSec}`;
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.places.size;
    if (place === this.placesMax) {
      throw new Error(
        `${place} frequency caps were seen since the start, and there is room for no more: ` +
          "restart the program, which frees those of line items that are gone",
      );
    }
    this.places.set(key, place);
    this.onNew(place);
    return place;
  }
}
