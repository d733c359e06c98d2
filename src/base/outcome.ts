/**
 * Why a request, imp or line item did not lead to a bid: one closed list. Order of `decide`'s checks follows the
 * numbers. Those from AUDIENCE to CAPPED depend on a person and leave the process only as one class ("person").
 */
export const Outcome = {
  BID: 0,
  // request
  EXCHANGE_QPS: 1,
  DEADLINE: 2,
  TOO_LARGE: 3,
  NO_USABLE_IMP: 4,
  NO_CONSENT: 5,
  SEAT_BLOCKED: 6,
  SCHAIN_BLOCKED: 7,
  NO_CURRENCY: 8,
  RING_FULL: 9,
  // imp and line item
  NO_CANDIDATE: 16,
  NOT_LIVE: 17,
  OUTSIDE_FLIGHT: 18,
  TARGETING: 19,
  DEAL_REQUIRED: 20,
  DEAL_NOT_OFFERED: 21,
  ADVERTISER_BLOCKED: 22,
  NO_CREATIVE: 23,
  CREATIVE_UNAPPROVED: 24,
  CREATIVE_MEDIA: 25,
  CREATIVE_SIZE: 26,
  CREATIVE_CATEGORY: 27,
  CREATIVE_ATTRIBUTE: 28,
  CREATIVE_API: 29,
  CREATIVE_PROTOCOL: 30,
  CREATIVE_MIME: 31,
  CREATIVE_DURATION: 32,
  CREATIVE_LANGUAGE: 33,
  CREATIVE_INSECURE: 34,
  CREATIVE_TYPE: 35,
  CREATIVE_NATIVE: 36,
  CREATIVE_APP_BLOCKED: 37,
  DSA_MISSING: 38,
  RATE_MISSING: 39,
  BELOW_FLOOR: 40,
  NO_ALLOWANCE: 41,
  TABLE_FULL: 42,
  OUTBID_INTERNALLY: 43,
  // person-dependent: counted and shown outside as one class
  AUDIENCE: 48,
  NO_IDENTIFIER: 49,
  CAPPED: 50,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

export const outcomesMax = 64;

/** True for the reasons that would tell something of a person. */
export const dependsOnPerson = (outcome: Outcome): boolean => outcome >= Outcome.AUDIENCE;

const names = new Map<number, string>(
  Object.entries(Outcome).map(([name, value]) => [value, name.toLowerCase()]),
);

/** The name outside: metric label, explain, replay. Person-dependent reasons are all "person". */
export function outcomeLabel(outcome: Outcome): string {
  return dependsOnPerson(outcome) ? "person" : (names.get(outcome) ?? "unknown");
}
