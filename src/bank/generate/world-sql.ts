import { mix32 } from "../../base/hash.js";
import { secondsPerDay } from "../bank.js";
import { saltOf } from "./draws.js";
import { consentRecipes, identityRecipes } from "./recipes-identity.js";
import { interestRecipes, mediaRecipes } from "./recipes-interests.js";
import { brandRecipes, lifeRecipes, premiumRecipes, shoppingRecipes } from "./recipes-shopping.js";
import { type Recipe, type TouchpointKind, wordsIn } from "./row-words.js";

/** All recipes; the place of one is part of its rows' event ids and draws. */
export const recipes: readonly Recipe[] = [
  ...[...identityRecipes, ...consentRecipes, ...interestRecipes, ...mediaRecipes],
  ...[...shoppingRecipes, ...lifeRecipes, ...premiumRecipes, ...brandRecipes],
];

const account = ["account"] as const;
const ifa = ["ifa", "ifa_kind"] as const;
const cookie = ["cookie", "exchange"] as const;

/** Columns of each touch-point's files beside event_id, time, market and behaviour. */
export const touchpointColumns = {
  commerce: ["category", "brand", "source", "amount", ...account, "email_sha256", ...ifa],
  search: ["category", "brand", "source", ...account, ...ifa, ...cookie],
  social: ["category", "brand", "source", ...account, ...ifa],
  payment: ["category", "brand", "source", "amount", ...account, "phone_sha256", ...ifa],
  video: ["category", "brand", "source", ...account, ...ifa],
  store: ["category", "brand", "source", "amount", ...account, "email_sha256"],
  cookie: ["category", ...account, ...ifa, ...cookie],
  map: ["category", "area", ...account, ...ifa],
  ad: ["brand", "source", ...ifa],
  consent: ["category", "source", ...account, ...ifa],
} as const satisfies Readonly<Record<TouchpointKind, readonly string[]>>;
export const touchpointKinds = Object.keys(touchpointColumns) as readonly TouchpointKind[];
type ColumnName = (typeof touchpointColumns)[TouchpointKind][number];

/** The time column: ad servers write Unix seconds, the others timestamps. */
const timeOf = (touchpoint: TouchpointKind, seconds: string): string =>
  touchpoint === "ad" ? `(${seconds})::BIGINT` : `make_timestamp((${seconds})::BIGINT * 1000000)`;

export type WorldTimes = {
  readonly seed: number;
  /** Every row lies before. */
  readonly todaySec: number;
  /** Neighbours above are nobody. */
  readonly people: number;
};

/** Every word of the recipes; `person` adds those of its own columns. */
export const recipeWords: readonly string[] = wordsIn(JSON.stringify(recipes));

/** Where in its window a row lies, and what it cost: u32, each other for another recipe. */
const timeDraw = "$t";
const amountDraw = "$a";
/** 0 up to below `size`: a product and a shift cost a third of a remainder. */
const below = (draw: string, size: number): string => `((${draw} * ${size}) >> 32)::BIGINT`;
const recipesMax = 512;

/** The rows of one touch-point for the people of the table `person`. */
export function touchpointRows(touchpoint: TouchpointKind, times: WorldTimes): string {
  return recipes
    .map((recipe, place) => ({ recipe, place }))
    .filter(({ recipe }) => recipe.touchpoint === touchpoint)
    .map(({ recipe, place }) => recipeRows(recipe, place, times))
    .join("\nUNION ALL\n");
}

function recipeRows(recipe: Recipe, place: number, times: WorldTimes): string {
  const [from, to] = recipe.days;
  const span = (to - from) * secondsPerDay;
  const seconds = `${times.todaySec - 1 - from * secondsPerDay} - ${below(timeDraw, span)}`;
  const columns = [
    `${eventIds(place, times)} AS event_id`,
    `${timeOf(recipe.touchpoint, seconds)} AS "time"`,
    `market, ${recipe.behaviour} AS behaviour`,
    ...touchpointColumns[recipe.touchpoint].map((name) => columnOf(name, recipe)),
  ];
  const sql = `SELECT ${columns.join(", ")} FROM person WHERE ${recipe.when}`;
  // Odd factors: each permutes the u32 keys.
  const factor = (which: number): number => (mix32(saltOf.row + place, which) | 1) >>> 0;
  return sql
    .replaceAll(timeDraw, `imul(key, ${factor(0)}::UBIGINT)`)
    .replaceAll(amountDraw, `imul(key, ${factor(1)}::UBIGINT)`)
    .replaceAll("$s", String(place % 23))
    .replaceAll("$people", String(times.people));
}

/**
 * seed (7 bits) | day (16) | person (30) | recipe (9): unique within a touch-point, and another one
 * for another day, since a world of another day is another world.
 */
function eventIds(place: number, { seed, todaySec }: WorldTimes): string {
  if (place >= recipesMax) throw new Error(`at most ${recipesMax} recipes fit into event ids`);
  const seedBits = BigInt(mix32(seed, 1) & 127);
  const high = ((seedBits << 16n) | BigInt(Math.floor(todaySec / secondsPerDay))) << 39n;
  return `(${high | BigInt(place)} + n::BIGINT * ${recipesMax})`;
}

function columnOf(name: ColumnName, recipe: Recipe): string {
  const { by } = recipe;
  const values: Readonly<Record<ColumnName, string | undefined>> = {
    category: recipe.category,
    brand: recipe.brand,
    source: recipe.source,
    amount: recipe.usd === undefined ? undefined : amountBetween(recipe.usd),
    area: recipe.area === true ? "area" : undefined,
    account: by.account,
    email_sha256: by.email,
    phone_sha256: by.phone,
    ifa: by.ifa,
    ifa_kind: by.ifaKind,
    cookie: by.cookie,
    exchange: by.exchange,
  };
  return `${values[name] ?? "NULL"}::${typeOf[name] ?? "word"} AS ${name}`;
}

const typeOf: Partial<Record<ColumnName, string>> = {
  ...{ amount: "DECIMAL(18, 2)", ifa: "UUID", account: "VARCHAR", cookie: "VARCHAR" },
  ...{ email_sha256: "VARCHAR", phone_sha256: "VARCHAR" },
};

/** In the market's currency: a tenth of a dollar is `cents_a_dime` of its hundredths. */
const amountBetween = ([from, to]: readonly [number, number]): string =>
  `((${from * 10} + ${below(amountDraw, (to - from) * 10)})::INTEGER * cents_a_dime)
    * 0.01::DECIMAL(2, 2)`;
