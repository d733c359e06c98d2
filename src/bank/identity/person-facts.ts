import { countedActiveDaysMax, countedKnownDaysMin } from "../../base/limits.js";
import { type Bank, secondsPerDay } from "../bank.js";
import { purposes } from "../config/model.js";
import { sqlList, sqlText } from "../duck.js";
import { batchRows } from "./batch-rows.js";

/** The touch-point whose rows are consent given and withdrawn. */
const consentTouchpoint = "consent";
/** What a consent row's `source` says when it was the account that said so. */
const accountSource = "account";

/**
 * SQL of `persons.parquet`: home area, market, purposes and whether they count, of everybody in
 * `peopleFile`. Needs the functions of lent.ts, its columns `countingColumns` (people.ts) and the
 * table `proposed_links (a, b, ...)`; makes temporary tables.
 *
 * Who counts towards a crowd minimum is hard to make up: somebody whom touch-points that are
 * evidence saw in the last 30 days, whom the bank has known for 7, and of whom no guard has refused
 * a link. A list adds nobody here, for its keys are in no batch.
 */
export async function personRows(bank: Bank, peopleFile: string): Promise<string> {
  await makeHomes(bank);
  await makeConsents(bank);
  await makeActive(bank);
  const knownSince = bank.asOfSec - countedKnownDaysMin * secondsPerDay;
  const counts = `(active.ordinal IS NOT NULL AND lent(0, ordinal::UBIGINT) <= ${knownSince}
    AND lent(1, ordinal::UBIGINT) = 0)::UTINYINT`;
  const optOut = [...bank.config.markets.values()]
    .filter(({ consent }) => consent === "optOut")
    .map(({ name }) => sqlText(name));
  const isOptOut = optOut.length === 0 ? "0" : `(market IN (${optOut.join(", ")}))::UTINYINT`;
  const moments: string[] = [];
  const bits: string[] = [];
  for (const p of purposes.keys()) {
    for (const name of ["granted", "account_granted"]) {
      moments.push(`coalesce(said.${name}_${p}, 0) AS ${name}_${p}`);
    }
    for (const name of ["withdrawn", "account_withdrawn"].map((word) => `${word}_${p}`)) {
      // greatest() passes over NULLs.
      moments.push(`coalesce(greatest(said.${name}, near_by.${name}), 0) AS ${name}`);
    }
    bits.push(`(may_use(coalesce(${isOptOut}, 0)::UTINYINT, granted_${p}, account_granted_${p},
      withdrawn_${p}, account_withdrawn_${p}) << ${p})`);
  }
  return `
    SELECT ordinal, market, area, (${bits.join(" + ")})::UTINYINT AS purposes, counts
    FROM (
      SELECT ordinal, coalesce(homes.market, said.market) AS market, ${counts} AS counts,
        coalesce(homes.area, 0)::UINTEGER AS area, ${moments.join(", ")}
      FROM (SELECT DISTINCT ordinal FROM ${peopleFile})
      LEFT JOIN homes USING (ordinal) LEFT JOIN said USING (ordinal)
      LEFT JOIN near_by USING (ordinal) LEFT JOIN active USING (ordinal)
    ) ORDER BY ordinal`;
}

/** `active (ordinal)`: whom a touch-point that is evidence has seen of late. */
async function makeActive({ config, folders, duck, asOfSec }: Bank): Promise<void> {
  const sources = [...config.touchpoints.values()].filter(({ evidence }) => evidence);
  const rows = batchRows(
    folders,
    "identifiers",
    sources.map(({ name }) => name),
  );
  const since = asOfSec - countedActiveDaysMax * secondsPerDay;
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE active AS
    SELECT DISTINCT ordinal_of(key) AS ordinal
    FROM (SELECT DISTINCT key FROM ${rows} WHERE last >= ${since})`);
}

/**
 * Of numbered things, `number` at least 1, the most frequent of each person, the least of equally
 * frequent ones: one maximum over (rows, number from above), 32 bits each.
 */
const mostFrequent = (rows: string): string => `
  SELECT ordinal,
    (4294967295 - (max((least(n, 4294967295)::UBIGINT << 32) | (4294967295 - number)::UBIGINT)
      & 4294967295))::UINTEGER AS number
  FROM (SELECT ordinal, number, sum(n) AS n FROM (${rows}) GROUP BY ordinal, number)
  WHERE ordinal > 0 GROUP BY ordinal`;

/** `homes (ordinal, market, area)`. An area below the crowd minimum tells the market alone. */
async function makeHomes(bank: Bank): Promise<void> {
  const { config, folders, duck } = bank;
  const known = [...config.markets.values()].flatMap((market) =>
    market.areas.map(({ name, people }) => {
      const place = config.areas.indexOf(name) + 1;
      const area = people < bank.crowdMinimum ? 0 : place;
      return { name, place, market: market.name, area };
    }),
  );
  // Areas that have no number come after those that do.
  for (const [i, area] of known.entries()) if (area.place === 0) area.place = 65_536 + i;
  const values = known.map(
    ({ name, place, market, area }) =>
      `(${sqlText(name)}, ${place}::UINTEGER, ${sqlText(market)}, ${area}::UINTEGER)`,
  );
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE places
      (name VARCHAR, number UINTEGER, market VARCHAR, area UINTEGER);
    ${values.length === 0 ? "" : `INSERT INTO places VALUES ${values.join(", ")};`}`);
  const sources = [...config.touchpoints.values()].filter(({ homeArea }) => homeArea);
  const events = batchRows(
    folders,
    "events",
    sources.map(({ name }) => name),
  );
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE homes AS
    WITH seen AS MATERIALIZED (
      SELECT ordinal_of(who) AS ordinal, number, n
      FROM (SELECT who, area, count(*) AS n FROM ${events} WHERE area IS NOT NULL GROUP BY ALL) rows
      JOIN places ON rows.area = places.name)
    SELECT ordinal, market, area FROM (${mostFrequent("FROM seen")}) JOIN places USING (number)`);
}

/**
 * `said (ordinal, market, granted_<p>, account_granted_<p>, withdrawn_<p>, account_withdrawn_<p>)`:
 * latest moments by purpose; `near_by` the withdrawals of whoever is proposed to a person.
 */
async function makeConsents(bank: Bank): Promise<void> {
  const { duck, folders, config } = bank;
  const markets = [...config.markets.keys()].sort();
  const numbers = markets.map((name, i) => `WHEN ${sqlText(name)} THEN ${i + 1}`).join(" ");
  const latest = (name: string, behaviour: string, account: boolean): string[] =>
    purposes.map(
      (purpose, p) => `max(latest) FILTER (behaviour = '${behaviour}' AND account = ${account}
        AND category = ${sqlText(purpose)}) AS ${name}_${p}`,
    );
  const moments = [
    ...latest("granted", "granted", false),
    ...latest("account_granted", "granted", true),
    ...latest("withdrawn", "withdrawn", false),
    ...latest("account_withdrawn", "withdrawn", true),
  ];
  const withdrawn = purposes.flatMap((_, p) => [`withdrawn_${p}`, `account_withdrawn_${p}`]);
  await duck.run(`
    CREATE OR REPLACE TEMP TABLE consent_rows AS
    SELECT ordinal_of(who) AS ordinal, * EXCLUDE (who) FROM (
      SELECT who, market, behaviour, category,
        coalesce(source = '${accountSource}', false) AS account,
        max(seconds) AS latest, count(*) AS n
      FROM ${batchRows(folders, "events", [consentTouchpoint])}
      -- A clock ahead must not outlive a withdrawal of today: a grant counts from its moment on.
      WHERE behaviour <> 'granted' OR seconds <= ${Math.floor(bank.nowMs / 1000)} GROUP BY ALL);
    CREATE OR REPLACE TEMP TABLE said AS
    SELECT moments.*, ${sqlList(markets)}[number] AS market
    FROM (SELECT ordinal, ${moments.join(", ")} FROM consent_rows
      WHERE ordinal > 0 GROUP BY ordinal) moments
    LEFT JOIN (${mostFrequent(`
      SELECT ordinal, ${markets.length === 0 ? "NULL::INTEGER" : `CASE market ${numbers} END`}
        AS number, n FROM consent_rows WHERE number IS NOT NULL`)}) USING (ordinal);
    CREATE OR REPLACE TEMP TABLE near_by AS
    SELECT pairs.ordinal, ${withdrawn.map((name) => `max(${name}) AS ${name}`).join(", ")}
    FROM (
      SELECT ordinal_a AS ordinal, ordinal_b AS other FROM proposed_links
      UNION SELECT ordinal_b, ordinal_a FROM proposed_links
    ) pairs JOIN said ON said.ordinal = pairs.other
    GROUP BY pairs.ordinal;
    DROP TABLE consent_rows`);
}
