import type { SeededRandom } from "../base/random.js";
import type { Notice } from "../journal/notice.js";
import type { NaiveBid } from "./naive-ledger.js";

/** `lost`: the exchange never tells of it. */
export type SentBid = { readonly bid: NaiveBid; readonly notice: Notice; readonly lost: boolean };

/** The bids of a simulated life, and which of them the exchange tells of next. */
export class SentBids {
  private readonly bids: SentBid[] = [];

  add(sent: SentBid): void {
    this.bids.push(sent);
  }

  last(): SentBid | undefined {
    return this.bids.at(-1);
  }

  /** Any of late, or one of an earlier boot that can still be billed in time. */
  pick(random: SeededRandom, boot: number, isBilled: (bid: NaiveBid) => boolean): SentBid | null {
    const { bids } = this;
    if (bids.length === 0) return null;
    const back = random.below(Math.min(bids.length, random.below(20) === 0 ? 400 : 30));
    if (random.below(8) === 0) {
      const open = bids.slice(-200).filter(({ bid }) => {
        return bid.boot !== boot && bid.latestSec() <= bid.expirySec && !isBilled(bid);
      });
      if (open.length > 0) return random.pick(open);
    }
    return bids[bids.length - 1 - back]!;
  }
}
