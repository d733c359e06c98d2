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
 * are in doubt.
 */
export function allowedUse(
  request: Plain,
  plan: PrivacyPlan,
  nowMs: number,
  doubt: Doubt,
): Allowed {
  const regs = objectAt(request, "regs");
  const regsExt = objectAt(regs, "ext");
  const market = marketOf(request, plan, doubt);
  const stated = moved([regs, "gdpr"], [regsExt, "gdpr"]);
  if (stated !== undefined && stated !== 0 && stated !== 1) doubt.add("gdpr is neither 0 nor 1");
  const gdpr = stated === 1 || (stated === 0 ? market.gdprWhenDenied : market.gdprWhenUnstated);
  const childOrLimited = limitsTracking(request);
  if (gdpr) {
    const allowed = tcfAllows(request, plan, nowMs, doubt);
    return allowed === "person" && childOrLimited ? "contextual" : allowed;
  }
  if (childOrLimited) return "contextual";
  return withoutTcf(request, market, doubt);
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

/** The market of the device's country, else of the user's; three letters only. */
function marketOf(request: Plain, plan: PrivacyPlan, doubt: Doubt): MarketPlan {
  const places = [objectAt(request, "device"), objectAt(request, "user")];
  for (const place of places) {
    const country = textAt(objectAt(place, "geo"), "country");
    if (country === undefined || country === "") continue;
    if (!/^[A-Za-z]{3}$/.test(country)) continue;
    const code = country.toUpperCase();
    for (const market of Object.values(plan.markets)) {
      if (market.countries?.includes(code) === true) return market;
    }
    if (place !== places[0] || !has(objectAt(places[1], "geo"), "country")) continue;
    if (plan.otherMarket.withoutSignal === "none") doubt.add("two countries");
    break;
  }
  return plan.otherMarket;
}

export function limitsTracking(request: Plain): boolean {
  const device = objectAt(request, "device");
  const coppa = numberAt(objectAt(request, "regs"), "coppa");
  return coppa === 1 || numberAt(device, "lmt") === 1 || numberAt(device, "dnt") === 1;
}

function tcfAllows(request: Plain, plan: PrivacyPlan, nowMs: number, doubt: Doubt): Allowed {
  const user = objectAt(request, "user");
  const consent = moved([user, "consent"], [objectAt(user, "ext"), "consent"]);
  if (has(user, "consent") && (typeof user["consent"] !== "string" || user["consent"] === "")) {
    if (has(objectAt(user, "ext"), "consent"))
      doubt.add("an unusable user.consent over an older one");
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
  const { consent: byConsent, legitimateInterest, flexible } = plan.tcf.declared;
  const holds = (purpose: number): boolean =>
    (bits.vendorConsent &&
      bits.purposes.has(purpose) &&
      (byConsent.includes(purpose) || flexible.includes(purpose))) ||
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
