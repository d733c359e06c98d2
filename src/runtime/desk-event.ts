import type { Certificate } from "../campaign/certificate-book.js";
import type { AudienceNeeded } from "../campaign/compile.js";
import type { Issue } from "../campaign/issue.js";
import type { RefusalCode } from "../index/verify.js";

/** What the World desk tells its owner. */
export type DeskEvent =
  | { readonly kind: "published"; readonly generation: number; readonly epoch: number }
  | { readonly kind: "config_refused"; readonly issues: readonly Issue[] }
  | { readonly kind: "config_warned"; readonly issues: readonly Issue[] }
  | {
      readonly kind: "not_certified";
      readonly epoch: number;
      readonly code: RefusalCode;
      readonly words: string;
    }
  /** New verdicts, all of them; `refused` names the line items that stay dark, in one word. */
  | {
      readonly kind: "audiences_judged";
      readonly refused: readonly RefusedAudience[];
      readonly certificates: readonly Certificate[];
    }
  /** Line items that stay dark until the planes of their segments are in memory. */
  | { readonly kind: "warming"; readonly lineItems: readonly number[] }
  | { readonly kind: "creative_unusable"; readonly creative: number; readonly words: string }
  | { readonly kind: "epoch_expired"; readonly epoch: number; readonly words: string }
  | { readonly kind: "failed"; readonly words: string };

export type RefusedAudience = { readonly lineItems: readonly number[]; readonly cause: string };

/** One word for whatever depends on people: below, too near, withdrawn, no check left. */
export function judgedEvent(
  needed: readonly AudienceNeeded[],
  certificates: readonly Certificate[],
): DeskEvent {
  const lineItemsOf = new Map(needed.map(({ digest, lineItems }) => [digest, lineItems]));
  const refused = certificates.flatMap(({ digest, verdict }) => {
    const lineItems = lineItemsOf.get(digest);
    // What was only asked about stays dark for nobody.
    if (verdict === "certified" || lineItems === undefined || lineItems.length === 0) return [];
    return [{ lineItems, cause: verdict.replaceAll("_", " ") }];
  });
  return { kind: "audiences_judged", refused, certificates };
}

export const wordsOf = (error: unknown): string =>
  error instanceof Error && error.message !== "" ? error.message : "a job of the World desk failed";

export const issueOf = (error: unknown): Issue => ({
  ...{ severity: "error", file: "", line: 0, column: 0 },
  message: `no World can be built from this configuration: ${wordsOf(error)}`,
});
