import { type DuckDBType, UBIGINT, UINTEGER, UUID } from "@duckdb/node-api";
import { type Column, type Duck, numbersOf, sqlText, wordsOf } from "../duck.js";
import { demoAreas } from "./demo-segments.js";
import { personKeyOf, sqlDraws, uuidWordsInto } from "./draws.js";
import { demoExchanges, demoMarkets, type Fact, factsOf, sqlFact } from "./facts.js";
import { traitWordsInto } from "./traits.js";
import { recipeWords } from "./world-sql.js";

/**
 * The table `person` that recipes read:
 *
 *   n UINTEGER | key UBIGINT | traits UBIGINT | facts UINTEGER | phone UUID
 *   | phone_kind, market, area, exchange word | own_browser BOOLEAN | cents_a_dime INTEGER
 *   | account, cookie VARCHAR, NULL without one
 *
 * What takes many draws is made by the very functions that `demoPerson` calls: one call for 2,048
 * people. (50 draws a person take 0.15 us here, 1.8 us as SQL; 2 cores, Node 20.20.2.)
 */
export async function preparePersonFunctions(duck: Duck, seed: number): Promise<void> {
  define(duck, "traits_of", [UINTEGER], UBIGINT, ([keys], rows, out) => {
    for (let row = 0; row < rows; row++) traitWordsInto(keys![row]!, out, 2 * row);
  });
  define(duck, "facts_of", [UINTEGER], UINTEGER, ([numbers], rows, out) => {
    for (let row = 0; row < rows; row++) out[row] = factsOf(seed, numbers![row]!);
  });
  const words = new Uint32Array(4);
  define(duck, "uuid_of_u32", [UINTEGER, UINTEGER], UUID, ([keys, whiches], rows, out) => {
    for (let row = 0; row < rows; row++) {
      uuidWordsInto(keys![row]!, whiches![row]!, words);
      // DuckDB holds a UUID as a 128-bit integer, least significant word first, its top bit
      // flipped.
      out[4 * row] = words[3]!;
      out[4 * row + 1] = words[2]!;
      out[4 * row + 2] = words[1]!;
      out[4 * row + 3] = words[0]! ^ 0x80000000;
    }
  });
  await duck.run(wordType());
  await duck.run(sqlDraws(seed));
  await duck.run(`CREATE OR REPLACE MACRO uuid_of(key, which) AS
    uuid_of_u32(key::UINTEGER, which::UINTEGER)`);
  if ((await duck.number("SELECT person_key(5)")) !== personKeyOf(seed, 5)) {
    throw new Error("mix32 in SQL is not mix32: the generator's macros are broken");
  }
}

/** Makes the people of [first, last]. */
export const personTable = (first: number, last: number): string => `
  CREATE OR REPLACE TABLE person AS
  WITH numbered AS (
    SELECT number::UINTEGER AS n, person_key(number) AS key
    FROM range(${first}, ${last + 1}) numbers(number)
  ), drawn AS (
    SELECT n, key, traits_of(key::UINTEGER) AS traits, facts_of(n) AS facts,
      uuid_of(key, 0) AS phone
    FROM numbered
  )
  SELECT n, key, traits, facts, phone,
    CASE n & 1 WHEN 0 THEN 'idfa'::word ELSE 'aaid'::word END AS phone_kind,
    ${wordOf("market", 0, demoMarkets)} AS market,
    ${wordOf("area", 1, demoAreas)} AS area,
    ${wordOf("exchange", 1, demoExchanges)} AS exchange,
    ${centsADime} AS cents_a_dime,
    ${sqlFact("cookieLogin")} = 1 AND ${sqlFact("cookieWith")} = 0 AS own_browser,
    CASE WHEN ${sqlFact("exchange")} <> 0 THEN cookie_of(key) END AS cookie,
    CASE WHEN ${sqlFact("account")} = 1 THEN account_of(n) END AS account
  FROM drawn`;

/** The word of a fact that is a place in a list, from `first` on; else NULL. */
function wordOf(fact: Fact, first: number, texts: readonly string[]): string {
  const whens = texts.map((text, i) => `WHEN ${first + i} THEN '${text}'::word`);
  return `CASE ${sqlFact(fact)} ${whens.join(" ")} END`;
}

/** The closed vocabulary of all rows, as a type. */
const wordType = (): string => {
  const own = ["idfa", "aaid", ...demoMarkets, ...demoAreas, ...demoExchanges];
  const words = [...new Set([...own, ...recipeWords])].sort();
  return `CREATE TYPE word AS ENUM (${words.map(sqlText).join(", ")})`;
};

/** Flat rates, so that a rule's amounts by currency are round: dollars, yuan, rupees, euros. */
const dimes = "WHEN 0 THEN 10 WHEN 1 THEN 70 WHEN 2 THEN 800 ELSE 9 END";
const centsADime = `CASE ${sqlFact("market")} ${dimes}`;

type Body = (columns: readonly Column[], rows: number, out: Uint32Array) => void;

function define(
  duck: Duck,
  name: string,
  parameterTypes: readonly DuckDBType[],
  returnType: DuckDBType,
  body: Body,
): void {
  duck.define(name, parameterTypes, returnType, (input, rows, output) => {
    const columns = parameterTypes.map((_, place) => numbersOf(input.getColumnVector(place)));
    body(columns, rows, outputWords(output));
  });
}

/** A UUID vector shows its memory under another name than the number vectors. */
function outputWords(vector: Parameters<typeof wordsOf>[0]): Uint32Array {
  const { dataView } = vector as unknown as { dataView?: DataView };
  if (dataView === undefined) return wordsOf(vector);
  return new Uint32Array(dataView.buffer, dataView.byteOffset, dataView.byteLength / 4);
}
