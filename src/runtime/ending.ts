import type { Log } from "./log.js";
import { reasonOf } from "./worker-messages.js";

/** The longest way out, which is beyond the 10 s after which the core closes an idle connection. */
const endMsMax = 15_000;

/** What a server ends, in this order, whatever the order of its start. */
export const EndRank = { WATCHERS: 0, WORKERS: 1, JOURNAL: 2, ADMIN: 3 } as const;
export type EndRank = (typeof EndRank)[keyof typeof EndRank];

/** One step of the way out: true when it was done, false or a rejection when it was not. */
export type EndStep = {
  readonly name: string;
  /** Lower ranks run first, equal ones as they were added; without one: before all others. */
  readonly rank?: EndRank;
  readonly run: (withinMs: number) => Promise<boolean> | boolean;
};

export type EndingOptions = {
  readonly log: Log;
  readonly exit: (code: number) => void;
  /**
   * Instead of `exit` when a step was not done: a thread may still hold connections, and ending it
   * then would abort the process.
   */
  readonly kill: () => void;
  readonly withinMs?: number;
};

/**
 * The one way out of the process, for signals and failures alike: the steps in the order of their
 * ranks (drain and close the workers, flush the journal, close the admin port), then exit. Each
 * part adds its step as soon as it exists, so that a signal in the middle of a start ends it too.
 */
export class Ending {
  private readonly options: EndingOptions;
  private readonly steps: EndStep[] = [];
  private code = 0;
  private running: Promise<void> | null = null;

  constructor(options: EndingOptions) {
    this.options = options;
  }

  get begun(): boolean {
    return this.running !== null;
  }

  add(step: EndStep): void {
    this.steps.push(step);
  }

  /** Taken out one by one: a step may still be added while another one runs. */
  private next(): EndStep | undefined {
    const rankOf = ({ rank }: EndStep): number => rank ?? -1;
    this.steps.sort((a, b) => rankOf(a) - rankOf(b));
    return this.steps.shift();
  }

  /** Begins the end, once; a later call can only make the exit code worse. */
  begin(code: number, reason: string): Promise<void> {
    this.code = Math.max(this.code, code);
    if (this.running === null) {
      const { log } = this.options;
      if (code === 0) log.info({ reason }, "ending");
      else log.error({ reason }, "ending");
      this.running = this.end();
    } else if (code !== 0) {
      this.options.log.error({ reason }, "failed while ending");
    }
    return this.running;
  }

  private async end(): Promise<void> {
    const { log, exit, kill, withinMs = endMsMax } = this.options;
    const endsAt = performance.now() + withinMs;
    let clean = true;
    for (let step = this.next(); step !== undefined; step = this.next()) {
      const left = Math.max(0, endsAt - performance.now());
      const done = await this.done(step, left);
      if (!done) log.error({ step: step.name }, "not done before the end");
      clean &&= done;
    }
    if (clean) exit(this.code);
    else kill();
  }

  private async done(step: EndStep, withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    // A step gets its time and a little more, so that its own limit is the one that speaks.
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs + 5000);
    });
    try {
      return await Promise.race([step.run(withinMs), late]);
    } catch (error) {
      this.options.log.error({ step: step.name, reason: reasonOf(error) }, "failed while ending");
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
