import type { Clock } from "../base/clock.js";
import { crowdDelta, crowdMargin } from "../base/crowd-minimum.js";
import { DiscreteLaplace } from "../base/discrete-laplace.js";
import { Hash64, type SipKey } from "../base/hash.js";
import { sipHash24Into } from "../base/siphash.js";
import { Cell, type SharedState } from "../bid/shared-state.js";
import { AskingNote, type CounterSums, type ExchangeSlots } from "./counters.js";
import { funnelTickMs } from "./funnel.js";
import type { Log } from "./log.js";

/**
 * Patterns of who asks to find out, by exchange: parts of the people asked about on a UTC day. How
 * many there were stays inside: a number that moves with one's own request would tell what the
 * answer does not (are two identifiers one person? was somebody asked about before?). Outside is a
 * flag, and that is noisy too: see `askingEpsilon`.
 */
export const askingRules = [
  {
    ...{ kind: "capped", note: AskingNote.CAPPED, permilleMin: 10 },
    words: "an exchange goes on asking about people past their day's answers",
  },
  {
    ...{ kind: "repeated", note: AskingNote.REPEATED, permilleMin: 5 },
    words: "an exchange asks about the same people again and again",
  },
  {
    ...{ kind: "mixed", note: AskingNote.MIXED, permilleMin: 250 },
    words: "an exchange puts identifiers of different people into one request",
  },
] as const;

/**
 * Whether one person is known moves the chance of anything that one flag does on one day by a
 * factor of e^0.1 at most (1.11; and by 1e-9 where the noise ends). A person is counted once a day,
 * so the excess over the allowed part moves by one. The sparse vector rule: a draw of scale 2 /
 * epsilon on the day's threshold, a draw of 4 / epsilon at each look, and what has rung rings until
 * the day is over. A restart draws a day's looks anew: it costs epsilon once more.
 */
export const askingEpsilon = 0.1;
const thresholdScale = 2 / askingEpsilon;
const lookScale = 4 / askingEpsilon;
/**
 * People above the allowed part; more than both draws together, so that noise alone never rings.
 */
export const askingExcessMin = 1200;

export type AskingNoise = { readonly ofDay: DiscreteLaplace; readonly ofLook: DiscreteLaplace };
const noiseOf = (scale: number): DiscreteLaplace =>
  new DiscreteLaplace(scale, crowdMargin(1 / scale, crowdDelta));
let made: AskingNoise | null = null;
/** Made when it is needed, as the funnel's is. */
export function askingNoise(): AskingNoise {
  made ??= { ofDay: noiseOf(thresholdScale), ofLook: noiseOf(lookScale) };
  return made;
}

export type AskingAlarm = { readonly exchange: string; readonly kind: string };
export type AskingWatch = {
  /** As of the last look. */
  readonly alarms: () => readonly AskingAlarm[];
  /** Ghosts that found the ring half full. */
  readonly ghostsLost: () => number;
  /** Looks now where a tick has ended since the last look. */
  readonly look: () => void;
  readonly stop: () => void;
};

const lookEveryMs = 1000;
const dayMs = 86_400_000;

export type AskingWatchParts = {
  readonly counters: Pick<CounterSums, "asking">;
  readonly slots: Pick<ExchangeSlots, "entries">;
  readonly state: Pick<SharedState, "cell">;
  readonly log: Pick<Log, "error">;
  readonly key: SipKey;
  readonly clock: Pick<Clock, "nowMs">;
};

export function watchAsking(parts: AskingWatchParts): AskingWatch {
  const { counters, slots, state, log, key, clock } = parts;
  const tickNow = (): number => Math.floor(clock.nowMs() / funnelTickMs);
  const dayOf = (tick: number): number => Math.floor(((tick - 1) * funnelTickMs) / dayMs);
  let tick = tickNow();
  let day = dayOf(tick + 1);
  /** Counts when the day began. */
  let before = new Map<string, number>();
  let rung = new Map<string, AskingAlarm>();
  const today = (slot: number, note: AskingNote): number =>
    counters.asking(slot, note) - (before.get(`${slot} ${note}`) ?? 0);
  const lookAt = (slot: number, exchange: string): void => {
    const known = today(slot, AskingNote.KNOWN);
    for (const { kind, note, permilleMin, words } of askingRules) {
      const name = `${exchange} ${kind}`;
      if (rung.has(name)) continue;
      const excess = today(slot, note) - Math.floor((permilleMin * known) / 1000);
      const { ofDay, ofLook } = askingNoise();
      const threshold = askingExcessMin + ofDay.at(uniformOf(key, `day ${day} ${name}`));
      if (excess + ofLook.at(uniformOf(key, `look ${tick} ${name}`)) < threshold) continue;
      log.error({ exchange, kind }, words);
      rung.set(name, { exchange, kind });
    }
  };
  const begin = (next: number): void => {
    day = next;
    rung = new Map();
    const notes = Object.values(AskingNote);
    before = new Map(
      [...slots.entries()].flatMap(([slot]) =>
        notes.map((note) => [`${slot} ${note}`, counters.asking(slot, note)] as const),
      ),
    );
  };
  const look = (): void => {
    const now = tickNow();
    if (now <= tick) return;
    tick = now;
    for (const [slot, exchange] of slots.entries()) lookAt(slot, exchange);
    // People are counted anew from midnight: what the tick before it raised is over.
    const next = dayOf(tick + 1);
    if (next !== day) begin(next);
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    ...{ alarms: () => [...rung.values()], look, stop: () => clearInterval(timer) },
    ghostsLost: () => state.cell(Cell.GHOSTS_LOST) >>> 0,
  };
}

/** Tells this use of the crowd minimum's key from its others. */
const domain = "asking ";
const hash = new Hash64();

function uniformOf(key: SipKey, text: string): bigint {
  const message = new TextEncoder().encode(`${domain}${text}`);
  sipHash24Into(key, message, 0, message.length, hash);
  return (BigInt(hash.hi) << 32n) | BigInt(hash.lo);
}
