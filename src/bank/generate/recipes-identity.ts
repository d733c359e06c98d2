import { Consent, demoExchanges, exchangeSalt, sqlFact } from "./facts.js";
import {
  all,
  type By,
  byAccount,
  byCookie,
  byCookieLogin,
  byLogin,
  byPhone,
  byTablet,
  byTabletLogin,
  either,
  fact,
  has,
  not,
  oneOf,
  type Recipe,
  sometimes,
  tvUuid,
  word,
} from "./row-words.js";

/**
 * Rows that say who is who: each identifier of a person is in one at least. Their categories are
 * asked for by no rule, but for the commuters' trips.
 */
const neighbour = (offset: string): string => `(n - (n - 1) % 5 + ((n - 1) % 5 + ${offset}) % 5)`;
const quiet = (
  touchpoint: Recipe["touchpoint"],
  behaviour: string,
  category: string,
  rest: Pick<Recipe, "when" | "by"> & Partial<Recipe>,
): Recipe => ({
  touchpoint,
  behaviour: word(behaviour),
  ...{ category: word(category), days: [0, 85], ...rest },
});
const web = { source: word("web") } as const;

const commuter = has("life.commuters");
const tabletFrom = neighbour(sqlFact("tabletFrom"));
const cookieWith = neighbour(sqlFact("cookieWith"));
const guessedWith = neighbour(sqlFact("guessedWith"));
/** As `factsOf` draws it, of another person. */
const sqlExchangeOf = (key: string): string => {
  const whens = demoExchanges.map((name, i) => `WHEN ${i} THEN ${word(name)}`);
  return `CASE mix(${key}, ${exchangeSalt}) % 3 ${whens.join(" ")} END`;
};
const guessedCookie: By = {
  ...byPhone,
  cookie: `cookie_of(person_key(${guessedWith}))`,
  exchange: sqlExchangeOf(`person_key(${guessedWith})`),
};

export const identityRecipes: readonly Recipe[] = [
  // Home, by night or on the way to work: everybody has one.
  {
    touchpoint: "map",
    behaviour: either(commuter, word("trip"), word("home")),
    category: either(commuter, word("commute"), "NULL"),
    ...{ days: [0, 29], by: byLogin, area: true, when: "true" },
  },
  quiet("map", "trip", "commute", {
    ...{ days: [32, 62], by: byPhone, when: all(not(commuter), sometimes(0.03)) },
  }),
  quiet("commerce", "view", "household", {
    ...{ ...web, by: { ...byAccount, email: "email_sha256_of(n)" }, when: fact("email") },
  }),
  quiet("payment", "transfer", "people", {
    ...{ usd: [5, 80], by: { ...byAccount, phone: "phone_sha256_of(n)" }, when: fact("phone") },
  }),
  quiet("social", "like", "friends", { ...web, ...tabletRow(), when: fact("tabletLogin") }),
  quiet("social", "like", "friends", {
    ...{
      ...web,
      days: [32, 62],
      by: byTablet,
      when: all(fact("tablet"), not(fact("tabletLogin"))),
    },
  }),
  quiet("cookie", "visit", "weather", { by: byCookieLogin, when: fact("cookieLogin") }),
  quiet("cookie", "visit", "weather", {
    ...{ by: byCookie, when: all(fact("exchange"), not(fact("cookieLogin"))) },
  }),
  {
    touchpoint: "video",
    behaviour: word("watch"),
    category: oneOf("news", "weather"),
    ...{ source: word("tv"), days: [32, 62], by: televisionLogin(), when: fact("tvLogin") },
  },
  ...sharedThings(),
];

function tabletRow(): Pick<Recipe, "by" | "days"> {
  return { by: byTabletLogin, days: [32, 62] };
}

function televisionLogin(): By {
  return { account: "account", ifa: tvUuid, ifaKind: word("tifa") };
}

/** What must merge nobody: accounts that meet on one thing, addresses of many, guesses. */
function sharedThings(): readonly Recipe[] {
  const kiosk: By = {
    ...byAccount,
    ifa: "uuid_of(kiosk_key(n // 2000), 0)",
    ifaKind: word("aaid"),
  };
  const old = { ...web, days: [32, 62] as const };
  return [
    quiet("social", "like", "friends", { ...old, by: kiosk, when: fact("kiosk") }),
    quiet("commerce", "view", "household", {
      ...{ ...web, when: fact("office") },
      by: { ...byAccount, email: "office_sha256_of(n // 5000)" },
    }),
    // On the stop list of config/demo/bank.yaml.
    quiet("commerce", "view", "household", {
      ...{ ...web, when: all(fact("account"), sometimes(0.002)) },
      by: { ...byAccount, email: "sha256('test@example.com')" },
    }),
    quiet("social", "like", "friends", {
      ...{ ...old, when: all(fact("tabletFrom"), `${tabletFrom} <= $people`) },
      by: { ...byTablet, account: `account_of(${tabletFrom})` },
    }),
    quiet("cookie", "visit", "weather", {
      ...{ when: all(fact("cookieWith"), `${cookieWith} <= $people`) },
      by: { ...byCookie, account: `account_of(${cookieWith})` },
    }),
    quiet("cookie", "visit", "weather", {
      ...{ when: all(fact("guessedWith"), `${guessedWith} <= $people`), by: guessedCookie },
    }),
  ];
}

const said = (...values: readonly number[]): string =>
  `${sqlFact("consent")} IN (${values.join(", ")})`;
type Saying = Pick<Recipe, "days" | "when"> & Partial<Recipe>;
const saying = (behaviour: string, source: string, rest: Saying): Recipe => ({
  touchpoint: "consent",
  behaviour: word(behaviour),
  ...{ category: word("advertising"), source: word(source), by: byLogin, ...rest },
});

/** Asked within the last year; a withdrawal follows the consent. */
export const consentRecipes: readonly Recipe[] = [
  saying("granted", "account", { days: [60, 360], when: said(Consent.BY_ACCOUNT) }),
  saying("granted", "device", { days: [60, 360], by: byPhone, when: said(Consent.BY_DEVICE) }),
  saying("granted", "device", {
    ...{ days: [60, 360], category: word("measurement"), by: byPhone },
    when: all(said(Consent.BY_DEVICE), sometimes(0.2)),
  }),
  saying("granted", "device", { days: [60, 360], by: byPhone, when: said(Consent.WITHDRAWN) }),
  saying("withdrawn", "device", { days: [1, 59], by: byPhone, when: said(Consent.WITHDRAWN) }),
  saying("withdrawn", "account", { days: [60, 360], when: said(Consent.WITHDRAWN_ABOVE) }),
  saying("granted", "device", { days: [1, 59], by: byPhone, when: said(Consent.WITHDRAWN_ABOVE) }),
];
