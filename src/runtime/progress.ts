type Output = { readonly write: (text: string) => unknown; readonly isTTY?: boolean };

const lineEveryMs = 5000;
const drawEveryMs = 100;

/**
 * One moving line on a terminal, a plain line every five seconds elsewhere: what is being done, how
 * much of it, how fast, and how long it still takes.
 */
export class Progress {
  private readonly output: Output;
  private readonly nowMs: () => number;
  private stage = "";
  private startedMs = 0;
  private shownMs = Number.NEGATIVE_INFINITY;
  private open = false;

  constructor(output: Output, nowMs: () => number) {
    this.output = output;
    this.nowMs = nowMs;
  }

  readonly report = (stage: string, done: number, total: number, unit: string): void => {
    const nowMs = this.nowMs();
    if (stage !== this.stage) {
      this.end();
      this.stage = stage;
      this.startedMs = nowMs;
      this.shownMs = Number.NEGATIVE_INFINITY;
    }
    const terminal = this.output.isTTY === true;
    if (nowMs - this.shownMs < (terminal ? drawEveryMs : lineEveryMs)) return;
    this.shownMs = nowMs;
    const text = progressText({ stage, done, total, unit, elapsedMs: nowMs - this.startedMs });
    if (!terminal) this.output.write(`${text}\n`);
    else {
      this.output.write(`\r${text.padEnd(78)}`);
      this.open = true;
    }
  };

  /** Leaves the moving line, for whatever is written next. */
  end(): void {
    if (this.open) this.output.write("\n");
    this.open = false;
  }
}

export type ProgressFacts = {
  readonly stage: string;
  readonly done: number;
  /** 0 = not known. */
  readonly total: number;
  readonly unit: string;
  readonly elapsedMs: number;
};

/** "ingest      42 %   1.3 M rows/s   12 s left". */
export function progressText({ stage, done, total, unit, elapsedMs }: ProgressFacts): string {
  const share = total > 0 ? `${Math.floor((100 * done) / total)} %` : "";
  const perSec = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
  const rate = elapsedMs >= 500 && done > 0 ? `${short(perSec)} ${unit}/s` : "";
  const leftSec = perSec > 0 ? Math.ceil((total - done) / perSec) : 0;
  const left = rate !== "" && done < total ? `${timeText(leftSec)} left` : "";
  return [stage.padEnd(10), share.padStart(5), rate, left].filter((part) => part !== "").join("  ");
}

/** 1234567 = "1.2 M". */
export function short(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : value.toFixed(0);
}

export const timeText = (sec: number): string =>
  sec < 60 ? `${sec} s` : `${Math.floor(sec / 60)} min ${String(sec % 60).padStart(2, "0")} s`;
