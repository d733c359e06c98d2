import { refuse } from "../index/verify.js";
import { startCold } from "./cold-process.js";
import type { CountAnswer, CountRequest } from "./term-count.js";

/**
 * A count reads the planes in use once; a process that takes longer hangs. A thousand audiences of
 * 20 agencies over 630 M people take half an hour of one core (npm run bench -- --certificates).
 */
const countMsMax = 2 * 3_600_000;

/**
 * Has audiences judged in a process of its own. A process that dies or takes over `withinMs` is a
 * refusal: without verdict no certificate.
 */
export function judgeAudiencesApart(
  request: CountRequest,
  withinMs = countMsMax,
): Promise<CountAnswer> {
  const child = startCold("count-process");
  return new Promise((resolve) => {
    const end = (answer: CountAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => {
      end(refuse("unreadable", `counting took over ${withinMs} ms`));
      child.kill("SIGKILL");
    }, withinMs);
    child.once("message", (answer) => end(answer as CountAnswer));
    child.once("error", (error) => end(refuse("unreadable", `no counter: ${error.message}`)));
    child.once("exit", (code) => {
      end(refuse("unreadable", `the counting process ended with code ${code}`));
    });
    child.send(request, (error) => {
      if (error !== null) end(refuse("unreadable", `no counter: ${error.message}`));
    });
  });
}
