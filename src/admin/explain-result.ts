/** What explain tells: plain JSON. Prices are CPM in whole currency units, factors are ratios. */
export type ExplainResult = ExplainRefused | Explanation;

/** The request would be answered 400, or names an exchange that does not exist (404). */
export type ExplainRefused = {
  readonly status: 400 | 404;
  readonly outcome: "bad_request" | "unknown_exchange";
  readonly reason: string;
};

export type Explanation = {
  readonly status: 200;
  readonly exchange: string;
  readonly generation: number;
  readonly epoch: number;
  /** The moment that was explained, ISO 8601 in UTC. */
  readonly at: string;
  /** "bid", or the reason that the metrics would count. */
  readonly outcome: string;
  readonly reason: string;
  readonly consent: ConsentExplained;
  /** Of the answer, ISO 4217; "" where there was none to be found. */
  readonly currency: string;
  readonly person: PersonExplained;
  /** Empty when the request as a whole was refused. */
  readonly imps: readonly ImpExplained[];
};

export type ConsentExplained = {
  readonly market: string;
  /** bid/consent ConsentRule by its name. */
  readonly rule: string;
  /** granted: people may be looked up. */
  readonly decision: "none" | "contextual" | "granted";
};

export type PersonExplained = {
  readonly kind: "nobody" | "declared";
  /** The declared segments that the snapshot holds. */
  readonly segments: readonly string[];
  /** Places (from 1) in the declared list whose segment the snapshot does not hold. */
  readonly unknownPlaces: readonly number[];
  readonly words: string;
};

export type ImpExplained = {
  /** Place among the request's usable imps, from 1. Ids are not repeated here. */
  readonly imp: number;
  readonly media: readonly string[];
  /** Banner formats, "300x250". */
  readonly formats: readonly string[];
  readonly floor: Money;
  readonly outcome: string;
  readonly reason: string;
  /** Line items by outcome, all of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Offered first, then those that came furthest. */
  readonly lineItems: readonly LineItemExplained[];
  /** Line items that are counted in `outcomes` and not listed. */
  readonly leftOut: number;
};

export type Money = { readonly amount: number; readonly currency: string };

export type LineItemExplained = {
  readonly lineItem: number;
  readonly name: string;
  readonly campaign: number;
  readonly advertiser: string;
  readonly outcome: string;
  readonly offered: boolean;
  /** The first rule that failed; null when it could bid and was offered. */
  readonly refusal: Refusal | null;
  /** Each way to buy that was tried: every deal that the line item names, the open auction. */
  readonly ways: readonly WayExplained[];
  /** What explain does not check and the bid path does. */
  readonly notes: readonly string[];
};

export type Refusal = {
  readonly rule: string;
  /** What the request (or the moment) has. */
  readonly seen: string;
  /** What the configuration wants. */
  readonly limit: string;
};

export type WayExplained = {
  /** "open auction", or "deal NAME" as the configuration names it. */
  readonly way: string;
  readonly outcome: string;
  /** 0 = none fits. */
  readonly creative: number;
  readonly offered: boolean;
  readonly refusal: Refusal | null;
  readonly price: PriceExplained | null;
};

/**
 * base x context x person = value, x share = wanted, then into [floor, maximum]: all in
 * `currency`; `bid` in the answer's.
 */
export type PriceExplained = {
  readonly currency: string;
  /** True: the deal's own price (at 3), no modifier applies. */
  readonly agreed: boolean;
  readonly base: number;
  /** The context modifiers that met. */
  readonly modifiers: readonly { readonly when: string; readonly factor: number }[];
  /** Their product, within its bounds. */
  readonly contextFactor: number;
  /** The ladder step of the person's groups; 1 = none. */
  readonly personFactor: number;
  readonly value: number;
  /** How the value becomes a bid, and the share of it that is bid. */
  readonly strategy: "fixed" | "shade" | "linear";
  readonly share: number;
  readonly wanted: number;
  readonly floor: number;
  readonly maximum: number;
  readonly final: number;
  readonly bid: Money;
};
