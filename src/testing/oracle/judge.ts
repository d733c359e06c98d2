import { schainBlock } from "./blocks.js";
import { candidates } from "./candidates.js";
import { allowedUse } from "./consent.js";
import { mediaObjects } from "./media-fit.js";
import { allowedCurrencies } from "./money.js";
import type { Plain } from "./plain.js";
import { Doubt, isPlain, numberAt, parsed } from "./plain.js";
import type { ExchangeFacts, WorldFacts } from "./world-facts.js";

/**
 * must = a silent bidder is wrong; may-not = a bidding one is; may = not decidable from outside.
 */
export type Verdict = "must" | "may-not" | "may";

export type Judgement = {
  readonly verdict: Verdict;
  /** may-not: what refuses; may: what is in doubt; must: who can surely bid. */
  readonly reasons: readonly string[];
  /** HTTP statuses that are right. A no-bid form with a body counts as the exchange's own. */
  readonly statuses: readonly number[];
};

/** `known`: the index may know who stands behind the request. Nobody in public data is. */
export type PersonFacts = { readonly known: boolean };

const jsonDepthMost = 32;
/** Time that a bidder surely has enough of, once the network margin is off. */
const sureMs = 20;

/** Judges one request body from the specification, the configuration and nothing else. */
export function judge(
  raw: string | Uint8Array,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  person: PersonFacts = { known: false },
): Judgement {
  const body = parsed(raw);
  if (body === undefined) return refused("not JSON");
  if (!isPlain(body.value)) return refused("not an object");
  const request = body.value;
  const depth = depthOf(request);
  if (depth > jsonDepthMost) return refused("too deep");
  if (!isUsableId(request["id"])) return refused("no usable id");
  const imps = usableImps(request);
  if (imps.length === 0) return refused("no usable imp");
  if (!isUtf8(raw)) return { verdict: "may", reasons: ["not UTF-8"], statuses: [200, 204, 400] };
  return judgeUsable(request, imps, exchange, facts, person);
}

const refused = (reason: string): Judgement => ({
  verdict: "may-not",
  reasons: [reason],
  statuses: [400],
});

function judgeUsable(
  request: Plain,
  imps: readonly Plain[],
  exchange: ExchangeFacts,
  facts: WorldFacts,
  person: PersonFacts,
): Judgement {
  const withMedia = imps.filter((imp) => mediaObjects(imp).size > 0);
  const silent = withMedia.length === 0 ? [204, 400] : [204];
  const doubt = new Doubt();
  const gate = requestRefusal(request, exchange, facts, doubt);
  if (gate !== null) {
    return { verdict: "may-not", reasons: [gate], statuses: silent };
  }
  const refusals = new Set<string>();
  const doubts = new Set<string>();
  for (const imp of withMedia) {
    if (imps.filter((other) => other["id"] === imp["id"]).length > 1) {
      refusals.add("imp.id twice");
      continue;
    }
    for (const found of candidates(request, imp, exchange, facts, person)) {
      if (found.refusal !== null) refusals.add(found.refusal);
      else if (found.doubts.length > 0) for (const reason of found.doubts) doubts.add(reason);
      else if (doubt.reasons.size === 0) {
        return { verdict: "must", reasons: [found.name], statuses: [200] };
      } else for (const reason of doubt.reasons) doubts.add(reason);
    }
  }
  if (doubts.size === 0) {
    if (withMedia.length === 0) refusals.add("no imp with media");
    return { verdict: "may-not", reasons: [...refusals], statuses: silent };
  }
  return { verdict: "may", reasons: [...doubts], statuses: [200, ...silent] };
}

/** What keeps every bid of a request out, whatever the imp. */
function requestRefusal(
  request: Plain,
  exchange: ExchangeFacts,
  facts: WorldFacts,
  doubt: Doubt,
): string | null {
  const consentDoubt = new Doubt();
  const use = allowedUse(request, facts.privacy, facts.nowMs, consentDoubt);
  for (const reason of consentDoubt.reasons) doubt.add(reason);
  if (use === "none" && consentDoubt.reasons.size === 0) return "no consent";
  if (allowedCurrencies(request, facts, doubt).length === 0) return "no currency";
  const chain = schainBlock(request, exchange.schainRequired, doubt);
  if (chain !== null) return chain;
  if (exchange.judgesSellers) doubt.add("seller lists");
  const tmax = numberAt(request, "tmax");
  if (tmax !== undefined && tmax < exchange.networkMarginMs + sureMs) doubt.add("tmax is tight");
  return null;
}

/** A text that can be echoed: not empty, and without half a letter (a lone surrogate). */
const isUsableId = (id: unknown): boolean =>
  typeof id === "string" && id !== "" && !/\p{Surrogate}/u.test(id);

/** Objects with a text id. An imp of any other kind is dropped. */
function usableImps(request: Plain): Plain[] {
  const imps = request["imp"];
  if (!Array.isArray(imps)) return [];
  return imps.filter((imp): imp is Plain => isPlain(imp) && isUsableId(imp["id"]));
}

/** Levels of arrays and objects. */
export function depthOf(value: unknown): number {
  let depth = 0;
  let level: unknown[] = [value];
  while (level.length > 0) {
    level = level.filter((entry) => typeof entry === "object" && entry !== null);
    if (level.length === 0) break;
    depth++;
    level = level.flatMap((entry) => Object.values(entry as Record<string, unknown>));
  }
  return depth;
}

function isUtf8(raw: string | Uint8Array): boolean {
  if (typeof raw === "string") return true;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(raw);
    return true;
  } catch {
    return false;
  }
}
