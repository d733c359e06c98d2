import { Cell, type SharedState } from "../bid/shared-state.js";
import { AskingNote, type CounterSums, type ExchangeSlots } from "./counters.js";
import type { Log } from "./log.js";

/**
 * Patterns of who asks to find out, by exchange, in requests about people we know. How many there
 * were stays inside: a number that moves with one's own request would tell what the answer does not
 * (are two identifiers one person? was somebody asked about before?). Outside is a flag that only
 * hundreds of requests raise.
 */
export const askingRules = [
  {
    ...{ kind: "capped", note: AskingNote.CAPPED, percentMin: 5 },
    words: "an exchange goes on asking about people past their day's answers",
  },
  {
    ...{ kind: "repeated", note: AskingNote.REPEATED, percentMin: 5 },
    words: "an exchange asks about the same people again and again",
  },
  {
    ...{ kind: "mixed", note: AskingNote.MIXED, percentMin: 25 },
    words: "an exchange puts identifiers of different people into one request",
  },
] as const;

export type AskingAlarm = { readonly exchange: string; readonly kind: string };
export type AskingWatch = {
  /** As of the last look. */
  readonly alarms: () => readonly AskingAlarm[];
  /** Ghosts that found the ring half full. */
  readonly ghostsLost: () => number;
  /** Looks now, beside the regular turns. */
  readonly look: () => void;
  readonly stop: () => void;
};

const lookEveryMs = 60_000;
/** Between two looks; fewer say nothing. */
const knownMin = 500;

export type AskingWatchParts = {
  readonly counters: Pick<CounterSums, "asking">;
  readonly slots: Pick<ExchangeSlots, "entries">;
  readonly state: Pick<SharedState, "cell">;
  readonly log: Pick<Log, "error">;
};

export function watchAsking({ counters, slots, state, log }: AskingWatchParts): AskingWatch {
  const before = new Map<string, number>();
  let alarms: readonly AskingAlarm[] = [];
  const since = (slot: number, note: AskingNote): number => {
    const key = `${slot} ${note}`;
    const now = counters.asking(slot, note);
    const more = now - (before.get(key) ?? 0);
    before.set(key, now);
    return more;
  };
  const look = (): void => {
    alarms = [...slots.entries()].flatMap(([slot, exchange]) => {
      const known = since(slot, AskingNote.KNOWN);
      return askingRules.flatMap(({ kind, note, percentMin, words }) => {
        const percent = Math.floor((100 * since(slot, note)) / Math.max(1, known));
        if (known < knownMin || percent < percentMin) return [];
        log.error({ exchange, kind }, words);
        return [{ exchange, kind }];
      });
    });
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    ...{ alarms: () => alarms, look, stop: () => clearInterval(timer) },
    ghostsLost: () => state.cell(Cell.GHOSTS_LOST) >>> 0,
  };
}
