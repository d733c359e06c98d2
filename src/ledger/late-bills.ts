/**
 * What late bills are worth while they are on their way. A late bill was owed, unseen, from the end
 * of its reservation to its notice; the sum over a campaign's late bills, minute by minute, is what
 * a campaign should have kept back at that minute. Kept for a day.
 */
const slotSec = 60;
const slots = 1440;
const seenShare = 0.999;

/** What is kept ungranted. */
export type HeldBack = { readonly nanos: number; readonly impressions: number };
const nothing: HeldBack = { nanos: 0, impressions: 0 };

class Minutes {
  readonly nanos = new Float64Array(slots);
  readonly impressions = new Float64Array(slots);
  /** The newest minute that has a place, and the newest that anything was owed in. */
  newest = 0;
  owed = 0;
  /** What to keep back, as long as neither bill nor minute comes. */
  kept = nothing;
  stale = true;

  turnTo(minute: number): void {
    if (minute <= this.newest) return;
    const from = Math.max(this.newest + 1, minute - slots + 1);
    for (let old = from; old <= minute; old++) {
      this.nanos[old % slots] = this.impressions[old % slots] = 0;
    }
    this.newest = minute;
    this.stale = true;
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
    for (let minute = from; minute <= to; minute++) {
      minutes.nanos[minute % slots]! += nanos;
      minutes.impressions[minute % slots]! += 1;
    }
    minutes.owed = Math.max(minutes.owed, to);
    minutes.stale = true;
  }

  /**
   * What was owed unseen in all but one minute in a thousand of the last day, in either unit. A
   * campaign that owes 0 for a day is forgotten with that answer.
   */
  holdBack(campaign: number, nowSec: number): HeldBack {
    const minutes = this.campaigns.get(campaign);
    if (minutes === undefined) return nothing;
    minutes.turnTo(Math.floor(nowSec / slotSec));
    if (minutes.owed <= minutes.newest - slots) {
      this.campaigns.delete(campaign);
      return nothing;
    }
    if (minutes.stale) {
      const count = slots - Math.ceil(seenShare * slots);
      const { nanos, impressions } = minutes;
      minutes.kept = {
        nanos: exceededBy(nanos, count),
        impressions: exceededBy(impressions, count),
      };
      minutes.stale = false;
    }
    return minutes.kept;
  }

  ids(): Iterable<number> {
    return this.campaigns.keys();
  }
}

/** The least amount that no more than `count` of them exceed: a few at most. */
function exceededBy(amounts: Float64Array, count: number): number {
  const most = new Float64Array(count + 1);
  for (const amount of amounts) {
    if (amount <= most[0]!) continue;
    let at = 0;
    for (; at < count && most[at + 1]! < amount; at++) most[at] = most[at + 1]!;
    most[at] = amount;
  }
  return most[0]!;
}
