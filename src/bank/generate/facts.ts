import { mix32 } from "../../base/hash.js";
import { demoAreas } from "./demo-segments.js";
import { chance, householdKeyOf, personKeyOf, saltOf } from "./draws.js";

/**
 * Which identifiers a person has and how far they are known, who lives with whom, and who agreed to
 * what: packed into one u32, so that SQL reads the very bits that JavaScript drew.
 *
 * Five neighbours make two households, 2.5 people on average; whatever ties people together (a
 * shared television, a handed-down tablet, a wrong guess) stays among five neighbours.
 */
const fields = {
  /** Place in `demoAreas` + 1; a household's. */
  area: [0, 4],
  /** Place in `demoMarkets`. */
  market: [4, 2],
  /** Is logged in somewhere; the others are known by their devices one by one. */
  account: [6, 1],
  /** The account's e-mail and phone are known as hashes. */
  email: [7, 1],
  phone: [8, 1],
  /** A second device with an OAID; logged in or never. */
  tablet: [9, 1],
  tabletLogin: [10, 1],
  /** 1 to 4: the tablet was once logged in by that neighbour. 0: never. */
  tabletFrom: [11, 3],
  /** A browser that an exchange knows by a cookie: 1 to 3 = the exchange, 0 none. */
  exchange: [14, 2],
  cookieLogin: [16, 1],
  /** 1 to 4: that neighbour of the household logs in on it as well. */
  cookieWith: [17, 3],
  /** The household has a television. */
  tv: [20, 1],
  tvLogin: [21, 1],
  /** Nobody else is logged in there. */
  tvAlone: [22, 1],
  /** Logged in on a device of everybody's; mail of an office beside the own one. */
  kiosk: [23, 1],
  office: [24, 1],
  consent: [25, 3],
  /** Which of the two households of the five. */
  half: [28, 1],
  /** 1 to 4: somebody guessed that the neighbour's cookie is this person's. */
  guessedWith: [29, 3],
} as const;
export type Fact = keyof typeof fields;

export const Consent = {
  /** Nothing said: counts only where the law lets people opt out. */
  SILENT: 0,
  BY_ACCOUNT: 1,
  BY_DEVICE: 2,
  WITHDRAWN: 3,
  /** Withdrawn by the account; a device's later yes stands below that. */
  WITHDRAWN_ABOVE: 4,
} as const;

export const neighbours = 5;
export const demoMarkets = ["US", "CN", "IN", "EU"] as const;
/** By their ids, 1 to 3. */
export const demoExchanges = ["openrtb26", "openrtb25", "onebid"] as const;
const marketOfArea = demoAreas.map((area) => {
  const market = demoMarkets.findIndex((name) => area.startsWith(`${name}-`));
  return market < 0 ? demoMarkets.indexOf("EU") : market;
});

export const factOf = (facts: number, fact: Fact): number => {
  const [shift, bits] = fields[fact];
  return (facts >>> shift) & ((1 << bits) - 1);
};
/** The same of a column `facts`. */
export const sqlFact = (fact: Fact): string => {
  const [shift, bits] = fields[fact];
  return `((facts >> ${shift}) & ${(1 << bits) - 1})`;
};
const put = (fact: Fact, value: number): number => value << fields[fact][0];

/** 0-based; two a block of five neighbours. */
export const householdOf = (facts: number, n: number): number =>
  2 * Math.floor((n - 1) / neighbours) + factOf(facts, "half");
/** One kiosk a 2,000 people, one office a 5,000: each is shared by about a hundred. */
export const kioskOf = (n: number): number => Math.floor(n / 2000);
export const officeOf = (n: number): number => Math.floor(n / 5000);
/** The number of a neighbour, `offset` places on (1 to 4), around the five. */
export const neighbourOf = (n: number, offset: number): number => {
  const place = (n - 1) % neighbours;
  return n - place + ((place + offset) % neighbours);
};

/** True when the person's rows may be used, by their consent and market. */
export function mayBeUsed(facts: number): boolean {
  const consent = factOf(facts, "consent");
  if (consent === Consent.SILENT) return demoMarkets[factOf(facts, "market")] === "US";
  return consent === Consent.BY_ACCOUNT || consent === Consent.BY_DEVICE;
}

const draw = (key: number, which: number): number => mix32(key, saltOf.fact + which);
const is = (key: number, which: number, share: number): boolean =>
  chance(key, saltOf.fact + which, share);

export const exchangeSalt = saltOf.fact + 12;
const hasAccount = (key: number): boolean => is(key, 0, 0.93);
const hasCookie = (key: number): boolean => is(key, 6, 0.35);

/** The facts of person n as a u32. */
export function factsOf(seed: number, n: number): number {
  const key = personKeyOf(seed, n);
  const home = homeOf(seed, n);
  const homeKey = householdKeyOf(seed, home.household);
  const area = mix32(homeKey, saltOf.area) % demoAreas.length;
  const account = hasAccount(key);
  let facts = put("area", area + 1) | put("market", marketOfArea[area]!);
  facts |= put("half", home.household & 1) | put("account", account ? 1 : 0);
  if (account) {
    facts |= put("email", is(key, 1, 0.4) ? 1 : 0) | put("phone", is(key, 2, 0.25) ? 1 : 0);
    facts |= put("kiosk", is(key, 3, 0.04) ? 1 : 0) | put("office", is(key, 4, 0.02) ? 1 : 0);
  }
  facts |= tabletOf(seed, n, key, account) | cookieFactsOf(seed, n, key, account, home);
  facts |= tvOf(seed, homeKey, account, home, n);
  return (facts | put("consent", consentOf(key, area, account))) >>> 0;
}

type Home = { readonly household: number; readonly first: number; readonly people: number };

/** Five neighbours as 2 + 3, 3 + 2, 1 + 4 or 4 + 1. */
function homeOf(seed: number, n: number): Home {
  const block = Math.floor((n - 1) / neighbours);
  const sizes = [2, 3, 2, 3, 2, 3, 1, 4];
  const size = sizes[draw(householdKeyOf(seed, 2 * block), 20) & 7]!;
  const first = block * neighbours + 1;
  return n < first + size
    ? { household: 2 * block, first, people: size }
    : { household: 2 * block + 1, first: first + size, people: neighbours - size };
}

function tabletOf(seed: number, n: number, key: number, account: boolean): number {
  if (!is(key, 5, 0.22)) return 0;
  if (!account || is(key, 7, 0.15)) return put("tablet", 1);
  const from = 1 + (draw(key, 8) & 3);
  const handedDown = is(key, 9, 0.05) && hasAccount(personKeyOf(seed, neighbourOf(n, from)));
  return put("tablet", 1) | put("tabletLogin", 1) | put("tabletFrom", handedDown ? from : 0);
}

function cookieFactsOf(seed: number, n: number, key: number, account: boolean, home: Home): number {
  const guessed = 1 + (draw(key, 10) & 3);
  const isGuessed = is(key, 11, 0.03) && hasCookie(personKeyOf(seed, neighbourOf(n, guessed)));
  const guess = put("guessedWith", isGuessed ? guessed : 0);
  if (!hasCookie(key)) return guess;
  const exchange = put("exchange", 1 + (mix32(key, exchangeSalt) % demoExchanges.length));
  if (!account || is(key, 13, 0.1)) return guess | exchange;
  const mate = home.first + ((n - home.first + 1) % home.people);
  const shared = mate !== n && is(key, 14, 0.06) && hasAccount(personKeyOf(seed, mate));
  const offset = (mate - n + neighbours) % neighbours;
  return guess | exchange | put("cookieLogin", 1) | put("cookieWith", shared ? offset : 0);
}

/** One of the household is logged in on its television, or everybody who has an account. */
function tvOf(seed: number, homeKey: number, account: boolean, home: Home, n: number): number {
  if (!is(homeKey, 15, 0.85)) return 0;
  const all = is(homeKey, 16, 0.15);
  const owner = home.first + (draw(homeKey, 17) % home.people);
  if (!account || !(all || owner === n)) return put("tv", 1);
  let logins = 0;
  for (let i = 0; i < home.people; i++) {
    const other = home.first + i;
    if ((all || owner === other) && hasAccount(personKeyOf(seed, other))) logins++;
  }
  return put("tv", 1) | put("tvLogin", 1) | put("tvAlone", logins === 1 ? 1 : 0);
}

function consentOf(key: number, area: number, account: boolean): number {
  const said = draw(key, 18) / 2 ** 32;
  const withdrawn = account && said < 0.005 ? Consent.WITHDRAWN_ABOVE : Consent.WITHDRAWN;
  if (said < 0.02) return withdrawn;
  const silent = demoMarkets[marketOfArea[area]!] === "US" ? 0.85 : 0.01;
  if (said < 0.02 + silent) return Consent.SILENT;
  return account && is(key, 19, 0.4) ? Consent.BY_ACCOUNT : Consent.BY_DEVICE;
}
