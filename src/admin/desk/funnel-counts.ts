import { Outcome, outcomeLabel } from "../../base/outcome.js";
import type { LineItem } from "../../campaign/model.js";
import { Dimension } from "../../campaign/table.js";
import { noSum } from "../../ledger/line-sums.js";
import { dimensionOf } from "../explain-targeting.js";
import type { FunnelBar } from "./desk.js";
import { FunnelCode } from "./funnel-code.js";
import { SumRows } from "./sum-rows.js";

const slotMinutes = 240;
const slotsKept = (15 * 24 * 60) / slotMinutes;
const rowsMax = 2 ** 20;
const windowMs = 10_000;
const minuteMs = 60_000;
const codes = 256;

export type FunnelSample = { readonly exchange: number; readonly codes: Uint8Array };

type Window = { samples: number; readonly counts: Map<number, number> };

/**
 * What became of requests, by line item, from samples of them (runtime/context-sampler): each
 * stands for the requests that its exchange sent in the same ten seconds. Exact are their number
 * and how they are shared out over exchanges; the shares of reasons are as good as a sample is.
 * Kept since the start of the process, in steps of four hours, 15 days at most.
 */
export class FunnelCounts {
  private readonly requestsOf: (exchange: number) => number;
  private readonly rows = new SumRows(slotMinutes, slotsKept, rowsMax);
  private readonly windows = new Map<number, Window>();
  private readonly seen = new Map<number, number>();
  private readonly places = new Map<number, number>();
  private readonly keys: number[] = [];
  private windowMs = 0;

  /** `requestsOf`: requests of an exchange since the start of the process. */
  constructor(requestsOf: (exchange: number) => number) {
    this.requestsOf = requestsOf;
  }

  /** `lineItems` are the ids of the sample's World by index. */
  take({ exchange, codes: sample }: FunnelSample, lineItems: Uint32Array, nowMs: number): void {
    if (sample.length !== lineItems.length) return;
    const window = this.windows.get(exchange) ?? { samples: 0, counts: new Map<number, number>() };
    this.windows.set(exchange, window);
    window.samples++;
    const { counts } = window;
    for (let i = 0; i < sample.length; i++) {
      const key = lineItems[i]! * codes + sample[i]!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    if (nowMs - this.windowMs < windowMs && nowMs >= this.windowMs) return;
    this.settle(nowMs);
  }

  /** Gives each sample of the window its weight. */
  settle(nowMs: number): void {
    this.windowMs = nowMs;
    for (const [exchange, { samples, counts }] of this.windows) {
      const requests = this.requestsOf(exchange);
      const weight = (requests - (this.seen.get(exchange) ?? 0)) / samples;
      this.seen.set(exchange, requests);
      for (const [key, count] of counts) {
        const sums = { ...noSum(), media: count * weight };
        this.rows.add(Math.floor(nowMs / minuteMs), this.placeOf(key), sums);
      }
    }
    this.windows.clear();
  }

  private placeOf(key: number): number {
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.keys.length;
      this.places.set(key, place);
      this.keys.push(key);
    }
    return place;
  }

  /** Requests by code of one line item since a moment. */
  since(lineItem: number, fromMs: number): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    // The slot that `fromMs` lies in counts as a whole.
    const from = Math.floor(fromMs / minuteMs / slotMinutes) * slotMinutes;
    this.rows.each(from, (_, place, { media }) => {
      const key = this.keys[place]!;
      if (Math.floor(key / codes) !== lineItem) return;
      const code = key % codes;
      found.set(code, (found.get(code) ?? 0) + media);
    });
    return found;
  }
}

/** What a line item's money says of the same time. */
export type Delivered = { readonly bids: number; readonly won: number };

const behindWords = "people, caps, pace, budget, or another line item that bids more";

/** Requests -> eligible -> bid -> won, and what was left out on the way, most first. */
export function funnelBars(
  lineItem: LineItem,
  counts: ReadonlyMap<number, number>,
  { bids, won }: Delivered,
): readonly FunnelBar[] {
  const requests = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sampled = counts.get(FunnelCode.ELIGIBLE) ?? 0;
  // A sample may miss what the money thread has seen.
  const eligible = Math.max(Math.round(sampled), bids);
  const bar = (step: FunnelBar["step"], reason: string, count: number, field = ""): FunnelBar => ({
    ...{ step, reason, count: Math.round(count), field, noisy: false },
  });
  const left = new Map<string, FunnelBar>();
  for (const [code, count] of counts) {
    if (code === FunnelCode.ELIGIBLE || Math.round(count) === 0) continue;
    const { reason, field } = wordsOf(lineItem, code);
    const before = left.get(reason)?.count ?? 0;
    left.set(reason, bar("left out", reason, before + count, field));
  }
  const behind = {
    ...bar("left out", behindWords, eligible - bids, lineItem.audience === null ? "" : "audience"),
    noisy: true,
  };
  return [
    bar("requests", "", Math.max(requests, eligible)),
    ...[...left.values()].sort((a, b) => b.count - a.count),
    bar("eligible", "", eligible),
    ...(behind.count > 0 ? [behind] : []),
    bar("bid", "", bids),
    ...(bids > won ? [bar("left out", "not won, or not billed yet", bids - won, "price")] : []),
    bar("won", "", won),
  ];
}

type Words = { readonly reason: string; readonly field: string };

function wordsOf(lineItem: LineItem, code: number): Words {
  if (code >= FunnelCode.TARGETING) return targetingWords(lineItem, code);
  const known = outcomeWords[code];
  return known ?? { reason: outcomeLabel(code as Outcome).replaceAll("_", " "), field: "" };
}

function targetingWords({ targeting }: LineItem, code: number): Words {
  const dimension = code & (FunnelCode.EXCLUDED - 1);
  const side = (code & FunnelCode.EXCLUDED) === 0 ? "include" : "exclude";
  const facets = Object.entries(targeting[side])
    .filter(([facet, stated]) => stated !== undefined && dimensionOf(facet) === dimension)
    .map(([facet]) => facet);
  const [facet = ""] = facets;
  if (facet === "") return { reason: "targeting", field: "targeting" };
  if (dimension === Dimension.DAYPART) {
    return { reason: "outside of its hours", field: `targeting.${side}.${facet}` };
  }
  const how = side === "include" ? "not among its" : "among those that it leaves out:";
  return { reason: `${how} ${facets.join(", ")}`, field: `targeting.${side}.${facet}` };
}

const words = (reason: string, field = ""): Words => ({ reason, field });
const creative = (reason: string): Words => words(reason, "creatives");

const outcomeWords: Readonly<Record<number, Words>> = {
  [FunnelCode.NONE]: words("nothing in the request could be bid on"),
  [Outcome.TOO_LARGE]: words("the request lists more than is read"),
  [Outcome.NO_CONSENT]: words("consent does not allow a bid"),
  [Outcome.SCHAIN_BLOCKED]: words("the supply chain is refused"),
  [Outcome.NO_CURRENCY]: words("no currency that can be answered in"),
  [Outcome.NO_USABLE_IMP]: words("nothing in the request could be bid on"),
  [Outcome.NOT_LIVE]: words("it was not live"),
  [Outcome.OUTSIDE_FLIGHT]: words("outside of its campaign's flight", "campaign.flight"),
  [Outcome.TARGETING]: words("targeting", "targeting"),
  [Outcome.SEAT_BLOCKED]: words("the exchange does not let our seat bid"),
  [Outcome.DEAL_REQUIRED]: words("only deals may bid", "targeting.include.deals"),
  [Outcome.DEAL_NOT_OFFERED]: words("none of its deals is offered", "targeting.include.deals"),
  [Outcome.NO_CREATIVE]: creative("no creative fits"),
  [Outcome.CREATIVE_UNAPPROVED]: creative("no creative is approved there"),
  [Outcome.CREATIVE_MEDIA]: creative("no creative of the wanted medium"),
  [Outcome.CREATIVE_INSECURE]: creative("https is wanted and no creative has it"),
  [Outcome.CREATIVE_SIZE]: creative("no creative of the wanted size"),
  [Outcome.CREATIVE_TYPE]: creative("the kind of its creatives is not wanted"),
  [Outcome.CREATIVE_DURATION]: creative("no creative of the wanted duration"),
  [Outcome.CREATIVE_PROTOCOL]: creative("no creative of the wanted VAST version"),
  [Outcome.CREATIVE_NATIVE]: creative("no creative has the wanted native assets"),
  [Outcome.CREATIVE_ATTRIBUTE]: creative("attributes of its creatives are blocked"),
  [Outcome.CREATIVE_API]: creative("its creatives need an API that is not offered"),
  [Outcome.CREATIVE_MIME]: creative("no creative of the wanted file type"),
  [Outcome.CREATIVE_CATEGORY]: creative("the categories of its creatives are blocked"),
  [Outcome.ADVERTISER_BLOCKED]: words("the advertiser's domain is blocked", "advertiser.domains"),
  [Outcome.CREATIVE_APP_BLOCKED]: creative("the advertised app is blocked"),
  [Outcome.CREATIVE_LANGUAGE]: creative("no creative in the wanted language"),
  [Outcome.DSA_MISSING]: creative("transparency data (DSA) is wanted and missing"),
  [Outcome.RATE_MISSING]: words("no rate for the currency of the bid floor"),
  [Outcome.BELOW_FLOOR]: words("the bid floor is above its price", "price.maxCpm"),
};
