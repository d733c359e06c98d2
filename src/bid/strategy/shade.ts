import { mix32 } from "../../base/hash.js";
import { type Learnt, Level, shadeKey, shareOne } from "../learnt.js";
import { binOf, gridBins } from "./price-grid.js";
import { paysOwnBid, type Strategy } from "./strategy.js";

/** One request in 32 bids another share, so that the prices around it go on being learnt. */
const exploreMask = 31;

/**
 * First-price shading: the bid that makes (value - bid) x chance to win the greatest, by what the
 * exchange's notices told of prices (ledger/market-prices): of its format and size, else of its
 * format, else of the exchange, else nothing is taken off. Where the second price is paid, and in
 * deals, the value is bid.
 */
export const shade: Strategy = (decision, lineItem, deal, creative, valueMicros) => {
  const { learnt, table, scratch, exchange } = decision;
  if (learnt === null || deal >= 0 || creative < 0 || !paysOwnBid(decision, deal)) return shareOne;
  const format = table.creativeMedia[creative]!;
  const size = scratch.creativeSize[creative]!;
  const bin = binOf(valueMicros);
  let permille = learntShare(learnt, exchange.id, Level.SIZE, format, size, bin);
  if (permille === 0) permille = learntShare(learnt, exchange.id, Level.FORMAT, format, size, bin);
  if (permille === 0) permille = learntShare(learnt, exchange.id, Level.WHOLE, format, size, bin);
  if (permille === 0) return shareOne;
  const chance = mix32(decision.request.seed.lo ^ decision.imp.index, lineItem ^ 0x5ade);
  if ((chance & exploreMask) !== 0) return permille * 1000;
  // From half the share to one and a half of it, never above the value.
  return Math.min(shareOne, permille * (500 + ((chance >>> 5) % 1001)));
};

function learntShare(
  learnt: Learnt,
  exchange: number,
  level: Level,
  format: number,
  size: number,
  bin: number,
): number {
  const row = learnt.shades.get(exchange, shadeKey(level, format, size));
  return row === 0 ? 0 : learnt.shadeRows[row * gridBins + bin]!;
}
