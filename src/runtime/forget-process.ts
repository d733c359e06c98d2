import type { ForgetResult } from "../bank/forget.js";
import type { ForgetRequest } from "../bank/forget-words.js";
import { type ForgetPlace, finishPending, forgetFailure, takeAndSuppress } from "./forget-run.js";
import { hardenProcess } from "./process.js";

/**
 * The process that forgets: gets one order, answers, ends. It alone sees identifiers and keys in
 * DuckDB, which never loads in the server; what it says names none of them.
 */
export type ForgetOrder =
  | {
      readonly role: "take";
      readonly place: ForgetPlace;
      readonly request: ForgetRequest;
      readonly id: string;
    }
  | { readonly role: "finish"; readonly place: ForgetPlace };

export type ForgetMessage =
  | { readonly kind: "taken" | "suppressed" }
  | { readonly kind: "unusable"; readonly places: readonly number[] }
  | { readonly kind: "finished"; readonly result: ForgetResult | null }
  | { readonly kind: "failed"; readonly words: string };

function send(message: ForgetMessage, whenSent?: () => void): void {
  process.send?.(message, undefined, undefined, whenSent);
}

async function carryOut(order: ForgetOrder): Promise<ForgetMessage> {
  try {
    if (order.role === "finish") {
      return { kind: "finished", result: await finishPending(order.place) };
    }
    const { place, request, id } = order;
    return await takeAndSuppress(place, request, id, () => send({ kind: "taken" }));
  } catch (error) {
    return { kind: "failed", words: forgetFailure(error) };
  }
}

const end = (): never => process.exit(0);

hardenProcess();
process.once("message", (order: ForgetOrder) => {
  // Whoever asked is gone: what is pending is finished by the next command or start.
  process.once("disconnect", end);
  void carryOut(order).then((last) => send(last, end));
});
