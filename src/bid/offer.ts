import type { CreativeIndex, LineItemIndex } from "../base/ids.js";
import { offersMax } from "../base/limits.js";
import type { CurrencyCode, Micros, UnixSec } from "../base/units.js";

/**
 * What the decision wants to answer: filled by bid/decide, read by wire/encode and wire/token. It
 * carries no person: only the number of a reservation slot, which leaves encrypted inside the
 * token.
 */
export class Offer {
  impIndex = 0;
  /** Index into the request's deals, -1 = open auction. */
  dealIndex = -1;
  lineItem = 0 as LineItemIndex;
  creative = 0 as CreativeIndex;
  media = 0; // bid/request Media
  width = 0;
  height = 0;
  durationSec = 0;
  /** CPM in `Offers.currency`. */
  priceMicros = 0 as Micros;
  /** The same price in the advertiser's currency: what the reservation holds. */
  reservedMicros = 0 as Micros;
  /** Reservation slot and its use number; slot 0xffffff = none (sum by expiry). */
  slot = 0xff_ffff;
  slotUse = 0;
  /** Interned context cell (bid/context). */
  cell = 0;
  timeSec = 0 as UnixSec;
  expirySec = 0 as UnixSec;
}

export class Offers {
  count = 0;
  currency = 0 as CurrencyCode;
  /** 1 = the request was a test: bid, never spend. */
  test = 0;
  readonly items: readonly Offer[] = Array.from({ length: offersMax }, () => new Offer());
}
