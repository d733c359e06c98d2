import { NoticeKind } from "../base/lists.js";
import type { NaiveBid } from "./naive-ledger.js";
import { capsOn, type SimulatedCap } from "./simulated-tree.js";

/**
 * The oracle of caps: everybody's impressions as a list. What a crash leaves in flight and what is
 * billed after its reservation no cap counts; everything else does, until a window after its bill
 * by every clock that was shown since.
 */
type Impression = {
  readonly bid: NaiveBid;
  readonly person: string;
  /** Those of its World: a bid in flight counts for no other. */
  readonly caps: readonly SimulatedCap[];
  billedSec: number | null;
  /** The latest second that a clock has shown since the bill. */
  sinceSec: () => number;
};

export class NaiveCaps {
  /** By person; nobody's are not kept. */
  private readonly shown = new Map<string, Impression[]>();
  private readonly byToken = new Map<string, Impression>();

  /** A bid was made; gives what it is wrong with, and whether a cap is used up by it. */
  bid(
    bid: NaiveBid,
    person: string,
    served: readonly SimulatedCap[],
  ): { readonly wrong: string[]; readonly usedUp: boolean } {
    const caps = capsOn(bid.lineItem).filter((cap) => served.includes(cap));
    const impression = { bid, person, caps, billedSec: null, sinceSec: () => 0 };
    const own = (this.shown.get(person) ?? []).filter((one) => this.mayCount(one));
    own.push(impression);
    this.shown.set(person, own);
    this.byToken.set(bid.token, impression);
    const wrong: string[] = [];
    let usedUp = false;
    for (const cap of caps) {
      const { level, windowSec, impressions } = cap;
      const counted = own.filter((one) => {
        const counts = one.billedSec === null ? one.caps : capsOn(one.bid.lineItem);
        return counts.includes(cap) && this.counts(one, windowSec);
      });
      if (counted.length === impressions) usedUp = true;
      if (counted.length > impressions) {
        wrong.push(`${counted.length} of ${impressions} in ${windowSec} s at level ${level}`);
      }
    }
    return { wrong, usedUp };
  }

  private mayCount({ bid, billedSec }: Impression): boolean {
    return billedSec !== null || bid.latestSec() <= bid.expirySec;
  }

  private counts(one: Impression, windowSec: number): boolean {
    if (one.billedSec === null) return one.bid.latestSec() <= one.bid.expirySec;
    return one.billedSec + windowSec >= one.sinceSec();
  }

  /** A notice that counts was taken, at this second by the clock; `boot` is the running one. */
  take(bid: NaiveBid, kind: number, nowSec: number, sinceSec: () => number): void {
    const impression = this.byToken.get(bid.token);
    if (impression === undefined || impression.billedSec !== null) return;
    if (kind === NoticeKind.LOSS) this.drop(impression);
    else if (kind === NoticeKind.BILL) {
      if (bid.latestSec() > bid.expirySec) this.drop(impression);
      else Object.assign(impression, { billedSec: nowSec, sinceSec });
    }
  }

  private drop(impression: Impression): void {
    const { person, bid } = impression;
    this.byToken.delete(bid.token);
    const own = this.shown.get(person) ?? [];
    this.shown.set(
      person,
      own.filter((one) => one !== impression),
    );
  }

  /** A crash: bids in flight are forgotten; without an exposure log all is. */
  crash(keepsBilled: boolean): void {
    for (const impression of this.byToken.values()) {
      if (impression.billedSec === null || !keepsBilled) this.drop(impression);
    }
  }
}
