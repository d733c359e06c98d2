import { startCold } from "./cold-process.js";
import type { ReportAnswer, ReportOrder } from "./report-process.js";

const reportMsMax = 120_000;
/** Each reads the journal: more wait, and more than that are told to come again. */
const runningMax = 2;
const waitingMax = 16;

/** Has reports made in processes of their own, a few at a time. */
export class ReportDesk {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  async make(order: ReportOrder): Promise<ReportAnswer> {
    if (this.running >= runningMax) {
      if (this.waiting.length >= waitingMax) {
        return { ok: false, words: "too many reports are being made: try again in a minute" };
      }
      await new Promise<void>((go) => this.waiting.push(go));
    }
    this.running++;
    try {
      return await reportApart(order);
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}

/** A process that dies or takes too long is a report that could not be made. */
function reportApart(order: ReportOrder): Promise<ReportAnswer> {
  const child = startCold("report-process");
  return new Promise((resolve) => {
    const end = (answer: ReportAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const fail = (words: string): void => end({ ok: false, words });
    const timer = setTimeout(() => {
      fail("the report took too long: ask for fewer days");
      child.kill("SIGKILL");
    }, reportMsMax);
    child.once("message", (answer) => end(answer as ReportAnswer));
    child.once("error", () => fail("the reporting process could not be started"));
    child.once("exit", (code) => fail(`the reporting process ended with code ${code}`));
    child.send(order, (error) => {
      if (error !== null) fail("the reporting process could not be told what to do");
    });
  });
}
