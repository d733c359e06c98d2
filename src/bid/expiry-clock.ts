/**
 * The time by which tokens expire and are forgotten: the wall clock, unless it was set ahead by
 * more than an hour at once. A clock that is wrong by days would end the life of tokens that are
 * alive, without a word, and let their bills be forgotten. So a jump is believed only once it has
 * lasted for an hour: the longest that the usual keepers of time leave between two looks (systemd
 * 34 minutes), and enough for whoever hears the alarm. Waiting costs little: bids go on, notices of
 * tokens that live by both clocks are booked, the others are asked to come again.
 *
 * At a start nothing tells a jump from a time in which nobody ran: the journal's times are then the
 * clock of before, and steps of more than an hour between them jumps as well, so that a restart
 * under a doubt goes on doubting. Several jumps of less than an hour are believed. Money thread
 * only.
 */
const jumpSecMax = 3600;
const confirmSec = 3600;

export class ExpiryClock {
  /** Tokens whose life had ended by then are expired. 0 = no time is known. */
  trustedSec = 0;
  /** By how much the wall clock is ahead and not believed; 0 = it is. */
  doubtedSec = 0;
  /** The doubt is as old as the process. */
  sinceStart = false;
  private replayedSec = 0;
  private monotonicSec = 0;
  private sinceSec = 0;

  /** A time of the journal, in its order. */
  replay(timeSec: number): void {
    if (this.trustedSec === 0) this.trustedSec = timeSec;
    const stepSec = timeSec - this.replayedSec;
    this.replayedSec = timeSec;
    const passedSec = stepSec >= 0 && stepSec <= jumpSecMax ? stepSec : 0;
    this.look(timeSec, this.monotonicSec + passedSec);
  }

  /** After the journal: the wall clock, and one that nobody sets. */
  start(nowSec: number, monotonicSec: number): void {
    this.replay(nowSec);
    this.sinceStart = this.doubtedSec > 0;
    this.sinceSec += monotonicSec - this.monotonicSec;
    this.monotonicSec = monotonicSec;
  }

  /** The same every round. */
  look(nowSec: number, monotonicSec: number): void {
    const wasSec = this.doubtedSec;
    const expectedSec = this.trustedSec + Math.max(0, monotonicSec - this.monotonicSec);
    const aheadSec = nowSec - expectedSec;
    this.monotonicSec = monotonicSec;
    // Set again meanwhile: that is another jump, and lasts from now on.
    const same = wasSec > 0 && Math.abs(aheadSec - wasSec) <= jumpSecMax;
    if (!same) this.sinceSec = monotonicSec;
    const doubted = aheadSec > jumpSecMax && monotonicSec - this.sinceSec < confirmSec;
    this.trustedSec = doubted ? expectedSec : nowSec;
    this.doubtedSec = doubted ? aheadSec : 0;
    if (!same) this.sinceStart = false;
  }
}
