/**
 * What late bills are worth while they are on their way. A late bill was owed, unseen, from the end
 * of its reservation to its notice; the sum over a campaign's late bills, minute by minute, is what
 * a campaign should have kept back at that minute. Kept for a day.
 */
const slotSec = 60;
const slots = 1440;
const seenShare = 0.999;

class Minutes {
  readonly nanos = new Float64Array(slots);
  /** The newest minute that has a place. */
  newest = 0;

  turnTo(minute: number): void {
    if (minute <= this.newest) return;
    const from = Math.max(this.newest + 1, minute - slots + 1);
    for (let old = from; old <= minute; old++) this.nanos[old % slots] = 0;
    this.newest = minute;
  }
}

export class LateBills {
  private readonly campaigns = new Map<number, Minutes>();

  add(campaign: number, nanos: number, expirySec: number, receivedSec: number): void {
    let minutes = this.campaigns.get(campaign);
    if (minutes === undefined) {
      minutes = new Minutes();
      this.campaigns.set(campaign, minutes);
    }
    const to = Math.floor(receivedSec / slotSec);
    minutes.turnTo(to);
    const from = Math.max(Math.floor(expirySec / slotSec), minutes.newest - slots + 1);
    for (let minute = from; minute <= to; minute++) minutes.nanos[minute % slots]! += nanos;
  }

  /** What was owed unseen in all but one minute in a thousand of the last day, nanos. */
  holdBack(campaign: number, nowSec: number): number {
    const minutes = this.campaigns.get(campaign);
    if (minutes === undefined) return 0;
    minutes.turnTo(Math.floor(nowSec / slotSec));
    const sorted = minutes.nanos.toSorted();
    return sorted[Math.ceil(seenShare * slots) - 1]!;
  }

  ids(): Iterable<number> {
    return this.campaigns.keys();
  }
}
