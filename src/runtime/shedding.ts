/**
 * Overload is answered with 204 before a body is read, never with a queue or an error. Two signals:
 *
 * The oldest request that is not decided on has waited too long: every new one is shed until it is
 * answered. So the queue is never longer than that, and what is shed waits for no decision but
 * those of one short turn (edge/bid-batch).
 *
 * The event loop's lag, for what never waits in that queue: how much later a timer runs than it
 * should, which is how long the requests of one turn took. A lag that came with fewer than
 * `askedMin` requests is somebody else's work on the machine: to answer those few is quicker than
 * to have them ask again. The share that is shed rises fast and falls slower, so that it settles
 * where the lag stays near its limit.
 */
export const waitedMsMax = 10;
export const lagMsMax = 10;
/** Requests that wait for their body or a durable answer; beyond it every new one is shed. */
export const pendingMax = 8192;
export const askedMin = 2;
const riseShare = 0.1;
const fallFactor = 0.9;
const fallShare = 0.01;
const shareMax = 0.95;

export class LoadShedder {
  private share = 0;
  private crowded = false;
  private debt = 0;
  /** Requests since the last sample. */
  private asked = 0;

  /** Some hundred times a second: the lag of the last turn and the requests without an answer. */
  sample(lagMs: number, pending: number): void {
    this.crowded = pending > pendingMax;
    const overloaded = lagMs > lagMsMax && this.asked >= askedMin;
    this.asked = 0;
    this.share = overloaded
      ? Math.min(shareMax, this.share + riseShare)
      : Math.max(0, this.share * fallFactor - fallShare);
  }

  /**
   * True for calls that must be answered 204 at once: all while the oldest request has waited for
   * too long, else the share, evenly spread, no chance.
   */
  sheds(waitedMs: number): boolean {
    this.asked++;
    if (this.crowded || waitedMs > waitedMsMax) return true;
    if (this.share === 0) return false;
    this.debt += this.share;
    if (this.debt < 1) return false;
    this.debt -= 1;
    return true;
  }
}
