import type { MonotonicNs, UnixMs } from "./units.js";

/** Time is an argument: the shell passes the real clock, tests and the simulator a virtual one. */
export type Clock = {
  /** Wall time, for flights, day-parts and expiry. */
  readonly nowMs: () => UnixMs;
  /** Monotonic time, for durations. */
  readonly monotonicNs: () => MonotonicNs;
};

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  private ms: number;
  constructor(startMs: number) {
    this.ms = startMs;
  }
  readonly nowMs = (): UnixMs => this.ms as UnixMs;
  readonly monotonicNs = (): MonotonicNs => (this.ms * 1e6) as MonotonicNs;
  advance(durationMs: number): void {
    this.ms += durationMs;
  }
}
