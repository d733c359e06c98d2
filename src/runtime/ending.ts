import type { Log } from "./log.js";
import { reasonOf } from "./worker-messages.js";

/** The longest way out, which is beyond the 10 s after which the core closes an idle connection. */
const endMsMax = 15_000;

/** One step of the way out: true when it was done, false or a rejection when it was not. */
export type EndStep = {
  readonly name: string;
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
 * The one way out of the process, for signals and failures alike: the steps in the order in which
 * they were added (drain and close the workers, flush the journal, close the store), then exit.
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
    for (const step of this.steps) {
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
