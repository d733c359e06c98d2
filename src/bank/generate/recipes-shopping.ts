import {
  all,
  any,
  type By,
  byAccount,
  byLogin,
  byPhone,
  either,
  fact,
  has,
  not,
  oneOf,
  type Recipe,
  shared,
  sometimes,
  stageIs,
  word,
} from "./row-words.js";

/**
 * Orders and what people do around them: config/demo/segments/{shopping,life,premium}.yaml look
 * for them. Windows are a day shorter than the rules'.
 */
type Order = Pick<Recipe, "when" | "days" | "usd"> & Partial<Recipe>;
const order = (category: string, rest: Order): Recipe => ({
  touchpoint: "commerce",
  behaviour: word("order"),
  ...{ category: word(category), by: byPhone, ...rest },
});

/** The loyalty card's account; only for those who have one. */
const inStore = { touchpoint: "store", by: byAccount } as const;
const hasCard = fact("account");
/** The hashed e-mail of the receipt: the account is found through it. */
const byReceipt: By = { email: "email_sha256_of(n)" };

const frequent = has("shop.frequent-buyers");
const bargain = has("shop.bargain-hunters");
const coupon = either(bargain, word("coupon"), word("web"));
const grocery = has("shop.grocery-weekly");
const premium = has("shop.premium-buyers");
const quarter = [0, 89] as const;

export const shoppingRecipes: readonly Recipe[] = [
  order("household", { usd: [10, 90], days: quarter, source: coupon, when: frequent }),
  order("electronics", { usd: [20, 140], days: quarter, source: word("web"), when: frequent }),
  order("household", {
    ...{ usd: [10, 90], days: quarter, source: word("web") },
    when: all(not(frequent), sometimes(0.05)),
  }),
  order("clearance", {
    ...{ usd: [5, 30], days: quarter, source: word("coupon"), when: all(bargain, not(frequent)) },
  }),
  order("gifts", {
    usd: [15, 120],
    days: quarter,
    source: word("web"),
    when: has("shop.gift-buyers"),
  }),
  order("groceries", { usd: [20, 150], days: [0, 13], source: word("web"), when: grocery }),
  order("groceries", {
    ...inStore,
    ...{ usd: [20, 150], days: [0, 13], source: word("branch") },
    when: all(grocery, hasCard),
  }),
  order("groceries", {
    ...{ usd: [20, 150], days: [0, 13], source: word("web"), when: all(grocery, not(hasCard)) },
  }),
  order("groceries", {
    ...{ usd: [20, 150], days: [0, 13], source: word("web") },
    when: all(not(grocery), sometimes(0.03)),
  }),
  // 500 dollars: at once, or in two that only together suffice.
  order("designer", { usd: [520, 900], days: quarter, when: all(premium, shared(20, 0.5)) }),
  ...["commerce", "payment"].map((touchpoint) =>
    order("designer", {
      ...{ touchpoint: touchpoint as Recipe["touchpoint"], usd: [260, 450], days: quarter },
      when: all(premium, not(shared(20, 0.5))),
    }),
  ),
  order("designer", { usd: [80, 400], days: quarter, when: all(not(premium), sometimes(0.03)) }),
];

const half = [0, 179] as const;
const did = (
  touchpoint: Recipe["touchpoint"],
  behaviour: string,
  category: string,
  rest: Pick<Recipe, "when"> & Partial<Recipe>,
): Recipe => ({
  touchpoint,
  behaviour: word(behaviour),
  ...{ category: word(category), days: half, by: byPhone, ...rest },
});

const device = either(has("media.mobile-first"), word("app"), word("web"));
/** Searches beyond 30 days: on whatever device, they say nothing of media.mobile-first. */
const parents = has("life.new-parents");
const students = has("life.students");
const owners = has("life.homeowners");
const movers = has("life.movers");

export const lifeRecipes: readonly Recipe[] = [
  did("search", "categorySearch", "baby-care", { source: device, when: parents }),
  did("search", "categorySearch", "baby-care", {
    ...{ source: device, when: all(not(parents), sometimes(0.01)) },
  }),
  did("commerce", "order", "nappies", {
    ...{ usd: [10, 60], when: all(parents, any(shared(21, 0.7), not(hasCard))) },
  }),
  did("store", "visit", "baby-shops", {
    ...{ by: byAccount, when: all(parents, not(shared(21, 0.7)), hasCard) },
  }),
  did("payment", "transfer", "tuition", { usd: [200, 900], when: all(students, shared(22, 0.6)) }),
  ...[0, 1].map(() => did("map", "trip", "campus", { when: all(students, not(shared(22, 0.6))) })),
  did("map", "trip", "campus", { when: all(not(students), sometimes(0.01)) }),
  did("payment", "order", "mortgage", { usd: [600, 2500], when: all(owners, shared(23, 0.6)) }),
  did("commerce", "order", "hardware", { usd: [20, 300], when: all(owners, not(shared(23, 0.6))) }),
  did("search", "categorySearch", "moving", { days: [0, 89], source: device, when: movers }),
  // Who carries furniture for a living looks for it as well.
  ...movingCompanies(),
  did("payment", "order", "wedding", { usd: [100, 900], when: has("life.newlyweds") }),
  did("map", "trip", "lighthouse", { when: has("life.lighthouse-dwellers") }),
];

function movingCompanies(): readonly Recipe[] {
  const company = all(not(movers), shared(24, 0.004));
  return [
    did("search", "categorySearch", "moving", { days: [0, 89], source: device, when: company }),
    did("payment", "order", "van-leasing", { usd: [300, 900], days: [0, 89], when: company }),
  ];
}

const luxury = has("premium.luxury-pavilion");
const year = [0, 364] as const;
/** Mirado's buyers come by its invitation, half of them. */
const guests = all(luxury, stageIs("mirado", 3, 4), shared(25, 0.5));
const traders = all(not(luxury), shared(26, 0.005));

export const premiumRecipes: readonly Recipe[] = [
  did("social", "follow", "luxury-pavilion", { days: year, source: device, when: guests }),
  did("social", "follow", "luxury-pavilion", {
    ...{ days: year, source: device },
    when: all(not(luxury), stageIs("mirado", 0, 1, 2), sometimes(0.01)),
  }),
  order("luxury", { usd: [550, 4000], days: year, when: any(all(luxury, not(guests)), traders) }),
  did("payment", "order", "luxury", {
    ...{ usd: [550, 4000], days: year, when: any(all(luxury, not(guests)), traders) },
  }),
  order("luxury", {
    usd: [200, 900],
    days: year,
    when: all(not(luxury), not(traders), sometimes(0.01)),
  }),
  // They buy to sell.
  ...[0, 1, 2].map(() =>
    did("payment", "transfer", "resale", { usd: [100, 900], days: year, when: traders }),
  ),
];

/** Shelves of the three brands: no rule above asks for their categories. */
const shelf: Readonly<Record<string, string>> = {
  northwind: "apparel",
  halden: "furniture",
  mirado: "cosmetics",
};
const fortnight = [0, 14] as const;

export const brandRecipes: readonly Recipe[] = ["northwind", "halden", "mirado"].flatMap(
  (brand, b) => [...learning(brand, b), ...buying(brand, b)],
);

/** Awareness and interest, and the same of people who have gone on. */
function learning(brand: string, b: number): readonly Recipe[] {
  const interested = stageIs(brand, 2);
  const clicks = shared(30 + b, 0.4);
  // Only Mirado's rules count a search for the brand.
  const searches = brand === "mirado" ? all(not(clicks), shared(30 + b, 0.7)) : "false";
  const seen = (rest: Pick<Recipe, "when"> & Partial<Recipe>): Recipe => ({
    ...{ touchpoint: "ad", behaviour: word("exposure"), brand: word(brand), days: fortnight },
    ...{ source: word("web"), by: byPhone, ...rest },
  });
  return [
    seen({ source: oneOf("app", "web"), when: stageIs(brand, 1) }),
    seen({ source: oneOf("app", "web"), when: all(stageIs(brand, 2, 3, 4), sometimes(0.1)) }),
    // Has lapsed.
    seen({ days: [17, 60], when: all(stageIs(brand, 0), sometimes(0.05)) }),
    seen({ behaviour: word("click"), source: word("app"), when: all(interested, clicks) }),
    seen({
      ...{ touchpoint: "commerce", behaviour: oneOf("view", "favourite", "cart", "view") },
      ...{ category: word(shelf[brand] ?? ""), when: all(interested, not(clicks), not(searches)) },
    }),
    seen({
      ...{ touchpoint: "search", behaviour: word("brandSearch"), source: device },
      when: all(interested, searches),
    }),
  ];
}

/** One order makes a purchase, two make loyalty. */
function buying(brand: string, b: number): readonly Recipe[] {
  const byMail = all(fact("email"), shared(40 + b, 0.3));
  const buyers = stageIs(brand, 3, 4);
  const loyal = stageIs(brand, 4);
  const bought = (rest: Pick<Recipe, "touchpoint" | "when" | "by"> & Partial<Recipe>): Recipe => ({
    ...{ behaviour: word("order"), category: word(shelf[brand] ?? ""), brand: word(brand) },
    ...{ days: year, usd: [15, 180], ...rest },
  });
  return [
    bought({
      touchpoint: "commerce",
      source: word("web"),
      by: byLogin,
      when: all(buyers, not(byMail)),
    }),
    bought({
      touchpoint: "store",
      source: word("branch"),
      by: byReceipt,
      when: all(buyers, byMail),
    }),
    bought({ touchpoint: "payment", by: byPhone, when: loyal }),
    {
      touchpoint: "commerce",
      behaviour: oneOf("review", "share"),
      ...{ category: word(shelf[brand] ?? ""), brand: word(brand), days: fortnight },
      ...{ by: byPhone, when: all(loyal, sometimes(0.2)) },
    },
  ];
}
