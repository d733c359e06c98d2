import { demoBrands } from "./demo-segments.js";
import { Consent, demoMarkets, type Fact, kioskOf, officeOf, sqlFact } from "./facts.js";
import { tvUuid } from "./row-words.js";
import { stageShift } from "./traits.js";

/**
 * What is true, written beside the touch-points, for tests and figures alone: the bank never reads
 * it. Person 0 = nobody's own, since several share it.
 *
 *   identifiers  kind, scope, value, person
 *   stages       person, advertiser (its word), stage (1 awareness .. 4 loyalty)
 *   people       person, household, area, market, consent (the person's rows may be used)
 */
export const truthNames = ["identifiers", "stages", "people"] as const;
export type TruthName = (typeof truthNames)[number];

/** The rows of a truth file for the people of the table `person`, [first, last]. */
export function truthRows(name: TruthName, first: number, last: number): string {
  if (name === "people") return peopleRows;
  return name === "stages" ? stageRows : identifierRows(first, last);
}

const household = `2 * ((n - 1) // 5) + ${sqlFact("half")}`;
const consent = sqlFact("consent");
const peopleRows = `
  SELECT n AS person, (${household})::UINTEGER AS household, area, market,
    ${consent} IN (${Consent.BY_ACCOUNT}, ${Consent.BY_DEVICE})
      OR (${consent} = ${Consent.SILENT} AND market = '${demoMarkets[0]}') AS consent
  FROM person`;

const stageRows = demoBrands
  .map(({ name }) => {
    const stage = `((traits >> ${stageShift(name)}) & 7)`;
    return `SELECT n AS person, '${name}' AS advertiser, ${stage}::UTINYINT AS stage
      FROM person WHERE ${stage} > 0`;
  })
  .join("\nUNION ALL\n");

function identifierRows(first: number, last: number): string {
  const cookieOwner = `CASE WHEN ${sqlFact("cookieWith")} = 0 THEN n ELSE 0 END`;
  const own = [
    ownedBy("phone_kind::VARCHAR", "phone::VARCHAR", null),
    ownedBy("'tifa'", `${tvUuid}::VARCHAR`, "tvAlone"),
    ownedBy("'oaid'", "uuid_of(key, 2)::VARCHAR", "tablet"),
    ownedBy("'buyerUid'", "cookie", "exchange", sqlFact("exchange"), cookieOwner),
    ownedBy("'account'", "account", "account"),
    ownedBy("'emailSha256'", "email_sha256_of(n)", "email"),
    ownedBy("'phoneSha256'", "phone_sha256_of(n)", "phone"),
  ];
  return [...own, sharedTelevisions, kioskRows(first, last), officeRows(first, last)].join(
    "\nUNION ALL\n",
  );
}

function ownedBy(
  kind: string,
  value: string,
  fact: Fact | null,
  scope = "0",
  person = "n",
): string {
  const where = fact === null ? "" : `WHERE ${sqlFact(fact)} <> 0`;
  return `SELECT ${kind} AS kind, (${scope})::UINTEGER AS scope, ${value} AS value,
    (${person})::UINTEGER AS person FROM person ${where}`;
}

const nobody = "0::UINTEGER AS scope";
const sharedTelevisions = `
  SELECT 'tifa' AS kind, ${nobody}, (any_value(${tvUuid}))::VARCHAR AS value, 0::UINTEGER AS person
  FROM person WHERE ${sqlFact("tvLogin")} = 1 AND ${sqlFact("tvAlone")} = 0 GROUP BY ${household}`;
/** Things of blocks of people that begin in [first, last]. */
const kioskRows = (first: number, last: number): string => `
  SELECT 'aaid' AS kind, ${nobody},
    uuid_of(kiosk_key(kiosk), 0)::VARCHAR AS value, 0::UINTEGER AS person
  FROM range(${kioskOf(first - 1)}, ${kioskOf(last) + 1}) kiosks(kiosk)`;
const officeRows = (first: number, last: number): string => `
  SELECT 'emailSha256' AS kind, ${nobody}, office_sha256_of(office) AS value, 0::UINTEGER AS person
  FROM range(${officeOf(first - 1)}, ${officeOf(last) + 1}) offices(office)`;
