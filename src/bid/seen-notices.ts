import { tokenLifeSec } from "../base/limits.js";

/**
 * Which notices of which token were taken, exactly: a token's nonce is worker | boot | counter, and
 * a worker counts its bids, so one byte a bid in pages of 2^14 bids is an exact set. Memory: one
 * byte a bid of the last 72 hours, in pages that saw a notice (1,000 bids a second = 259 MB);
 * `pagesMax` bounds it, and a notice that needs a page beyond it is refused, never forgotten. A
 * page goes when the newest token that it saw has expired: tokens made later in the same page have
 * sent nothing yet. Money thread only.
 */
export const SeenBit = {
  /** Bits 0 to 4: NoticeKind - 1. */
  kind: (noticeKind: number): number => 1 << (noticeKind - 1),
  /** The token was billed. */
  CHARGED: 32,
} as const;

const pageBits = 14;
const pageBids = 2 ** pageBits;

type Page = { readonly bids: Uint8Array; newestSec: number };

export class SeenNotices {
  private readonly origins = new Map<number, Map<number, Page>>();
  private readonly pagesMax: number;
  private pages = 0;
  /** Tokens made up to this second may be forgotten; later ones are all known. */
  forgottenMadeSec = 0;

  constructor(pagesMax = 65_536) {
    this.pagesMax = pagesMax;
  }

  /** What was seen of a token; 0 = nothing. */
  seen(worker: number, boot: number, counter: number): number {
    const page = this.origins.get(boot * 256 + worker)?.get(Math.floor(counter / pageBids));
    return page === undefined ? 0 : page.bids[counter % pageBids]!;
  }

  /**
   * Adds bits for a token made at `timeSec`; false, with nothing changed, when there is no page for
   * it.
   */
  add(worker: number, boot: number, counter: number, bits: number, timeSec: number): boolean {
    const origin = boot * 256 + worker;
    let pages = this.origins.get(origin);
    const number = Math.floor(counter / pageBids);
    let page = pages?.get(number);
    if (page === undefined) {
      if (this.pages >= this.pagesMax) return false;
      pages ??= new Map<number, Page>();
      page = { bids: new Uint8Array(pageBids), newestSec: 0 };
      pages.set(number, page);
      this.origins.set(origin, pages);
      this.pages++;
    }
    page.bids[counter % pageBids]! |= bits;
    page.newestSec = Math.max(page.newestSec, timeSec);
    return true;
  }

  /** A token made at that second is known to nobody any more. */
  forget(timeSec: number): void {
    this.forgottenMadeSec = Math.max(this.forgottenMadeSec, timeSec);
  }

  /** Drops the pages whose tokens have all expired. */
  forgetExpired(nowSec: number): void {
    for (const [origin, pages] of this.origins) {
      for (const [number, page] of pages) {
        if (page.newestSec + tokenLifeSec >= nowSec) continue;
        this.forget(page.newestSec);
        pages.delete(number);
        this.pages--;
      }
      if (pages.size === 0) this.origins.delete(origin);
    }
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.pages * pageBids;
  }
}
