import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { refuse } from "../index/verify.js";
import { entryUrl } from "./entry-url.js";
import type { CountAnswer, CountRequest } from "./term-count.js";

/**
 * Has terms judged in a process of its own. A process that dies is a refusal: without verdict no
 * certificate.
 */
export function judgeTermsApart(request: CountRequest): Promise<CountAnswer> {
  const child = fork(fileURLToPath(entryUrl("count-process")), { serialization: "advanced" });
  return new Promise((resolve) => {
    child.once("message", (answer) => resolve(answer as CountAnswer));
    child.once("error", (error) => resolve(refuse("unreadable", `no counter: ${error.message}`)));
    child.once("exit", (code) => {
      resolve(refuse("unreadable", `the counting process ended with code ${code}`));
    });
    child.send(request);
  });
}
