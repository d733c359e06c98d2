/**
 * Why a request, imp or line item did not lead to a bid: one closed list. Order of `decide`'s
 * checks follows the numbers. Those from AUDIENCE to CAPPED depend on a person and leave the
 * process only as one class ("person").
 */
export const Outcome = {
  BID: 0,
  // request
  EXCHANGE_QPS: 1,
  DEADLINE: 2,
  TOO_LARGE: 3,
  NO_CONSENT: 4,
  SCHAIN_BLOCKED: 5,
  NO_CURRENCY: 6,
  NO_USABLE_IMP: 7,
  // imp and line item
  NO_CANDIDATE: 16,
  NOT_LIVE: 17,
  OUTSIDE_FLIGHT: 18,
  TARGETING: 19,
  SEAT_BLOCKED: 20,
  DEAL_REQUIRED: 21,
  DEAL_NOT_OFFERED: 22,
  NO_CREATIVE: 23,
  CREATIVE_UNAPPROVED: 24,
  CREATIVE_MEDIA: 25,
  CREATIVE_INSECURE: 26,
  CREATIVE_SIZE: 27,
  CREATIVE_TYPE: 28,
  CREATIVE_DURATION: 29,
  CREATIVE_PROTOCOL: 30,
  CREATIVE_NATIVE: 31,
  CREATIVE_ATTRIBUTE: 32,
  CREATIVE_API: 33,
  CREATIVE_MIME: 34,
  CREATIVE_CATEGORY: 35,
  ADVERTISER_BLOCKED: 36,
  CREATIVE_APP_BLOCKED: 37,
  CREATIVE_LANGUAGE: 38,
  DSA_MISSING: 39,
  RATE_MISSING: 40,
  BELOW_FLOOR: 41,
  NO_ALLOWANCE: 42,
  TABLE_FULL: 43,
  OUTBID_INTERNALLY: 44,
  /** Its budget's pace leaves this request out: chosen by the request, not by the person. */
  PACED: 45,
  /** More line items fit in context than one request looks at; of those none could bid. */
  MATCHING_LIMIT: 46,
  // person-dependent: counted and shown outside as one class
  AUDIENCE: 48,
  NO_IDENTIFIER: 49,
  CAPPED: 50,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

export const outcomesMax = 64;

/** True for the reasons that would tell something of a person. */
export const dependsOnPerson = (outcome: Outcome): boolean => outcome >= Outcome.AUDIENCE;

/**
 * True for the reasons that a request comes to only behind the person's groups: a candidate that
 * passes in context ends in a bid or in one of these, and in which one depends on who it is about.
 * NO_CREATIVE is also said of an offer that could not be written.
 */
export const isBehindPerson = (outcome: Outcome): boolean =>
  outcome >= Outcome.BELOW_FLOOR || outcome === Outcome.NO_CREATIVE;

const names = new Map<number, string>(
  Object.entries(Outcome).map(([name, value]) => [value, name.toLowerCase()]),
);

/** The name outside: metric label, explain, replay. Person-dependent reasons are all "person". */
export function outcomeLabel(outcome: Outcome): string {
  return dependsOnPerson(outcome) ? "person" : (names.get(outcome) ?? "unknown");
}
