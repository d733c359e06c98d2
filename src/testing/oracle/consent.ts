import type { MarketPlan, PrivacyPlan } from "../../bid/privacy-settings.js";
import type { Doubt, Plain } from "./plain.js";
import { has, moved, numberAt, objectAt, textAt } from "./plain.js";

/**
 * What the signals of a request allow: nothing, a bid on context alone, or perhaps a look at a
 * person.
 */
export type Allowed = "none" | "contextual" | "person";

/**
 * The table market x signals (config/privacy.yaml). "person" says only that no signal here forbids
 * it; strings of GPP are not read: they never forbid a contextual bid outside TCF, and inside they
 * are in doubt. Of two markets the stricter one counts.
 */
export function allowedUse(
  request: Plain,
  plan: PrivacyPlan,
  nowMs: number,
  doubt: Doubt,
): Allowed {
  const uses = marketsOf(request, plan).map((market) =>
    allowedIn(market, request, plan, nowMs, doubt),
  );
  return (["none", "contextual"] as const).find((use) => uses.includes(use)) ?? "person";
}

function allowedIn(
  market: MarketPlan,
  request: Plain,
  plan: PrivacyPlan,
  nowMs: number,
  doubt: Doubt,
): Allowed {
  const regs = objectAt(request, "regs");
  const told = [regs, objectAt(regs, "ext")].flatMap((from) => (has(from, "gdpr") ? [from] : []));
  const values = told.map((from) => from["gdpr"]);
  if (values.some((value) => value !== 0 && value !== 1)) doubt.add("gdpr is neither 0 nor 1");
  const stated = values.length > 0 ? market.gdprWhenDenied : market.gdprWhenUnstated;
  const childOrLimited = limitsTracking(request);
  if (values.includes(1) || stated) {
    const allowed = tcfAllows(request, plan, nowMs, doubt);
    return allowed === "person" && childOrLimited ? "contextual" : allowed;
  }
  const allowed = withoutTcf(request, market, doubt);
  return allowed === "person" && childOrLimited ? "contextual" : allowed;
}

function withoutTcf(request: Plain, market: MarketPlan, doubt: Doubt): Allowed {
  const regs = objectAt(request, "regs");
  const signals =
    has(regs, "us_privacy") || has(objectAt(regs, "ext"), "us_privacy") || has(regs, "gpp");
  if (market.withoutSignal === "none") {
    if (signals) doubt.add("signals in a market that bids on none without");
    return "none";
  }
  return "person";
}

/** The markets of the device's and of the user's country; three letters only. */
function marketsOf(request: Plain, plan: PrivacyPlan): MarketPlan[] {
  const places = [objectAt(request, "device"), objectAt(request, "user")];
  const countries = places.flatMap((place) => textAt(objectAt(place, "geo"), "country") ?? []);
  const markets = countries
    .filter((country) => country !== "")
    .map(
      (country) =>
        Object.values(plan.markets).find((market) =>
          market.countries?.includes(country.toUpperCase()),
        ) ?? plan.otherMarket,
    );
  return markets.length > 0 ? markets : [plan.otherMarket];
}

export function limitsTracking(request: Plain): boolean {
  const device = objectAt(request, "device");
  const coppa = numberAt(objectAt(request, "regs"), "coppa");
  return coppa === 1 || numberAt(device, "lmt") === 1 || numberAt(device, "dnt") === 1;
}

function tcfAllows(request: Plain, plan: PrivacyPlan, nowMs: number, doubt: Doubt): Allowed {
  const user = objectAt(request, "user");
  const older = objectAt(user, "ext");
  const consent = moved([user, "consent"], [older, "consent"]);
  if (has(user, "consent") && has(older, "consent") && user["consent"] !== older["consent"]) {
    doubt.add("two places of consent that differ");
  }
  const { vendorId } = plan.tcf;
  const bits = typeof consent === "string" ? readTcf(consent, vendorId ?? 0) : undefined;
  if (bits === undefined) {
    if (gppTcfApplies(request)) doubt.add("TCF may come in the GPP string");
    return "none";
  }
  if (vendorId === null || bits.policy < 4) return "none";
  if ((nowMs - bits.updatedMs) / 86_400_000 > plan.tcf.maxAgeDays) return "none";
  if (plan.tcf.disclosureRequired && !bits.disclosed) return "none";
  if (bits.createdMs > bits.updatedMs || bits.updatedMs > nowMs) {
    doubt.add("dates of a TC string that cannot be");
  }
  if (String(consent).split(".").length > 2) doubt.add("a TC string of several segments");
  if (bits.restricted) doubt.add("publisher restrictions");
  const { consent: byConsent, legitimateInterest } = plan.tcf.declared;
  const holds = (purpose: number): boolean =>
    (bits.vendorConsent && bits.purposes.has(purpose) && byConsent.includes(purpose)) ||
    (bits.vendorInterest && bits.interests.has(purpose) && legitimateInterest.includes(purpose));
  if (!plan.tcf.contextualPurposes.every(holds)) return "none";
  return plan.tcf.tagPurposes.every(holds) ? "person" : "contextual";
}

function gppTcfApplies(request: Plain): boolean {
  const sections = objectAt(request, "regs")["gpp_sid"];
  const applies = Array.isArray(sections) && (sections.includes(2) || sections.includes(5));
  return applies && has(objectAt(request, "regs"), "gpp");
}

type TcfFacts = {
  readonly policy: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly purposes: ReadonlySet<number>;
  readonly interests: ReadonlySet<number>;
  readonly vendorConsent: boolean;
  readonly vendorInterest: boolean;
  readonly disclosed: boolean;
  readonly restricted: boolean;
};

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** One segment of a TC string as a text of 0 and 1; undefined when it is not base64url. */
function bitsOf(segment: string): string | undefined {
  let bits = "";
  for (const letter of segment.replace(/=+$/, "")) {
    const value = alphabet.indexOf(letter);
    if (value < 0) return undefined;
    bits += value.toString(2).padStart(6, "0");
  }
  return bits;
}

/** Reads one run of bits after another. */
class BitText {
  readonly bits: string;
  at = 0;
  constructor(bits: string) {
    this.bits = bits;
  }
  number(width: number): number {
    if (this.at + width > this.bits.length) throw new RangeError("the TC string ends early");
    this.at += width;
    return Number.parseInt(this.bits.slice(this.at - width, this.at), 2);
  }
  set(width: number): Set<number> {
    const numbers = new Set<number>();
    for (let n = 1; n <= width; n++) if (this.number(1) === 1) numbers.add(n);
    return numbers;
  }
  /** A vendor list, as a bit field or as ranges: whether it names `vendor`. */
  names(vendor: number): boolean {
    const max = this.number(16);
    if (this.number(1) === 0) return this.set(max).has(vendor);
    let named = false;
    for (let entries = this.number(12); entries > 0; entries--) {
      const isRange = this.number(1) === 1;
      const first = this.number(16);
      const last = isRange ? this.number(16) : first;
      if (vendor >= first && vendor <= last) named = true;
    }
    return named;
  }
}

/**
 * The fields of the TC core segment (version 2) and of DisclosedVendors that concern one vendor.
 */
function readTcf(text: string, vendor: number): TcfFacts | undefined {
  try {
    const [core = "", ...others] = text.split(".");
    const bits = new BitText(bitsOf(core) ?? "");
    if (bits.number(6) !== 2) return undefined;
    const createdMs = bits.number(36) * 100;
    const updatedMs = bits.number(36) * 100;
    bits.at += 12 + 12 + 6 + 12 + 12;
    const policy = bits.number(6);
    bits.at += 1 + 1 + 12;
    const purposes = bits.set(24);
    const interests = bits.set(24);
    bits.at += 1 + 12;
    const vendorConsent = bits.names(vendor);
    const vendorInterest = bits.names(vendor);
    const restricted = bits.number(12) > 0;
    const disclosed = others.some((segment) => {
      const other = new BitText(bitsOf(segment) ?? "");
      return other.number(3) === 1 && other.names(vendor);
    });
    return {
      ...{ policy, createdMs, updatedMs, purposes, interests },
      ...{ vendorConsent, vendorInterest, disclosed, restricted },
    };
  } catch {
    return undefined;
  }
}
