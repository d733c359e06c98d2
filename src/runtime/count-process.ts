import { refuse } from "../index/verify.js";
import { hardenProcess } from "./process.js";
import { type CountAnswer, type CountRequest, judgeAudiences } from "./term-count.js";

/**
 * The counting process: gets one request, sends one answer, ends. It alone holds exact counts of
 * people, and it judges by the crowd minimum of the program, not by one that it is told.
 */
function answer(request: CountRequest): CountAnswer {
  try {
    return judgeAudiences(request);
  } catch (error) {
    return refuse("unreadable", `counting failed: ${(error as Error).message}`);
  }
}

hardenProcess();
process.once("message", (request: CountRequest) => {
  process.send?.(answer(request), () => process.disconnect());
});
