import { createHash } from "node:crypto";
import type { IdentifierKind } from "../config/model.js";
import { demoAreas } from "./demo-segments.js";
import {
  accountOf,
  cookieOf,
  emailOf,
  householdKeyOf,
  personKeyOf,
  phoneOf,
  uuidOf,
} from "./draws.js";
import { demoMarkets, factOf, factsOf, householdOf, mayBeUsed } from "./facts.js";
import { candidateNames, membershipInto } from "./traits.js";

/** The demo's own world. Another version where the same (seed, n) gives other people. */
export const demoPeopleVersion = 2;
export const demoSeed = 7;
export const demoPeopleCount = 1_700_000;
/** On an iPhone in the USA, logged in, and in audiences that win: the README's example. */
export const knownPersonNumber = 2;

/** `scope`: a cookie's exchange by its id; 0 elsewhere. */
export type DemoIdentifier = {
  readonly kind: IdentifierKind;
  readonly scope: number;
  readonly value: string;
};

/** What is true of a generated person, without any file. */
export type DemoPerson = {
  readonly n: number;
  readonly household: number;
  /** Theirs alone, in `demoIdentifier`'s order; what several people share is nobody's. */
  readonly identifiers: readonly DemoIdentifier[];
  /** What the bank's rules find, also segments below the crowd minimum; none without consent. */
  readonly segments: readonly string[];
  /** "US-CA" */
  readonly homeArea: string;
  readonly market: string;
  readonly account: string | null;
  /** The person's rows may be used, by what they said and their market's law. */
  readonly consent: boolean;
};

/** The truth about person n: for explain, examples and tests. */
export function demoPerson(n: number, seed = demoSeed): DemoPerson {
  const facts = factsOf(seed, n);
  const membership = new Uint8Array(candidateNames.length);
  membershipInto(personKeyOf(seed, n), membership);
  const consent = mayBeUsed(facts);
  return {
    n,
    household: householdOf(facts, n),
    identifiers: identifiersOf(seed, n),
    segments: consent ? candidateNames.filter((_, i) => membership[i] === 1) : [],
    homeArea: demoAreas[factOf(facts, "area") - 1] ?? "",
    market: demoMarkets[factOf(facts, "market")] ?? "",
    account: factOf(facts, "account") === 1 ? accountOf(seed, n) : null,
    consent,
  };
}

/** Identifier `which` of person n, the phone's first; undefined when the person has fewer. */
export const demoIdentifier = (seed: number, n: number, which = 0): DemoIdentifier | undefined =>
  identifiersOf(seed, n)[which];

function identifiersOf(seed: number, n: number): readonly DemoIdentifier[] {
  const key = personKeyOf(seed, n);
  const facts = factsOf(seed, n);
  const has = (fact: Parameters<typeof factOf>[1]): boolean => factOf(facts, fact) !== 0;
  const found: DemoIdentifier[] = [phoneIdentifier(key, n)];
  const add = (kind: IdentifierKind, value: string, scope = 0): void => {
    found.push({ kind, scope, value });
  };
  if (has("tvAlone")) add("tifa", uuidOf(householdKeyOf(seed, householdOf(facts, n)), 1));
  if (has("tablet")) add("oaid", uuidOf(key, 2));
  if (has("exchange") && !has("cookieWith")) {
    add("buyerUid", cookieOf(key), factOf(facts, "exchange"));
  }
  if (has("account")) add("account", accountOf(seed, n));
  if (has("email")) add("emailSha256", sha256(emailOf(seed, n)));
  if (has("phone")) add("phoneSha256", sha256(phoneOf(n)));
  return found;
}

/** Even people carry iOS, odd ones Android. Apple writes capitals; both spellings hash alike. */
function phoneIdentifier(key: number, n: number): DemoIdentifier {
  const value = uuidOf(key, 0);
  return n % 2 === 0
    ? { kind: "idfa", scope: 0, value: value.toUpperCase() }
    : { kind: "aaid", scope: 0, value };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
