/**
 * Writes TC strings (TCF 2.3: core and disclosed vendors) for tests. Purposes and vendors are
 * numbers as the framework counts them, times are in milliseconds.
 */
export type TcFacts = {
  readonly createdMs: number;
  readonly purposes: readonly number[];
  readonly interests?: readonly number[];
  readonly vendors: readonly number[];
  readonly interestVendors?: readonly number[];
  /** undefined = no such segment, as before TCF 2.3. */
  readonly disclosed?: readonly number[] | undefined;
  readonly version?: number;
  readonly policyVersion?: number;
};

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const number = (value: number, width: number): string => value.toString(2).padStart(width, "0");
const set = (members: readonly number[], width: number): string =>
  Array.from({ length: width }, (_, i) => (members.includes(i + 1) ? "1" : "0")).join("");
const letters = (text: string): string =>
  [...text].map((letter) => number(letter.charCodeAt(0) - 65, 6)).join("");

/** A vendor list as ranges of one. */
function ranges(vendors: readonly number[]): string {
  const last = Math.max(0, ...vendors);
  const entries = vendors.map((vendor) => `0${number(vendor, 16)}`).join("");
  return `${number(last, 16)}1${number(vendors.length, 12)}${entries}`;
}

function base64url(bits: string): string {
  const whole = bits.padEnd(Math.ceil(bits.length / 6) * 6, "0");
  const digits = whole.match(/.{6}/g) ?? [];
  return digits.map((digit) => alphabet.charAt(Number.parseInt(digit, 2))).join("");
}

export function tcStringOf(facts: TcFacts): string {
  const time = number(Math.floor(facts.createdMs / 100), 36);
  const core =
    number(facts.version ?? 2, 6) +
    time +
    time +
    number(10, 12) + // consent platform
    number(1, 12) +
    number(1, 6) +
    letters("EN") +
    number(100, 12) + // vendor list
    number(facts.policyVersion ?? 5, 6) +
    "10" + // service specific, standard texts
    set([], 12) +
    set(facts.purposes, 24) +
    set(facts.interests ?? [], 24) +
    "0" +
    letters("FR") +
    ranges(facts.vendors) +
    ranges(facts.interestVendors ?? []) +
    number(0, 12); // publisher restrictions
  const segments = [core];
  if (facts.disclosed !== undefined) segments.push(number(1, 3) + ranges(facts.disclosed));
  return segments.map(base64url).join(".");
}
