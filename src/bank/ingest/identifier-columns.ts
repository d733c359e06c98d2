import type { SipKey } from "../../base/hash.js";
import type {
  IdentifierColumn,
  IdentifierKind,
  IdentitySettings,
  Touchpoint,
} from "../config/model.js";
import { sqlText } from "../duck.js";
import { identifierKeyOf, kindNumbers, namespaceOfKind } from "../identifier-functions.js";
import { type SourceColumn, textOf, typeClass } from "./column-types.js";
import { RefusedFile } from "./result.js";

/** A condition that sends a row to quarantine, and the column to look at. */
export type Fault = {
  readonly sql: string;
  readonly reason: string;
  readonly column: string | null;
};

/** One identifier column of a source as SQL, in two layers: casts, then keys of the casts. */
export type IdentifierSql = {
  /** Its place in the touch-point's order, i: the staged key is `k<i>`. */
  readonly place: number;
  readonly column: string;
  /** Columns `v<i>`, `kind<i>`, `scope<i>` where they are needed, made from the source's. */
  readonly casts: readonly string[];
  /** UBIGINT of those, 0 for no usable identifier. */
  readonly key: string;
  /** UTINYINT of those. A constant is no column of the staged rows. */
  readonly namespace: { readonly sql: string; readonly constant: boolean };
  /** The person's ordinal, UINTEGER, where the column may hold ordinals. */
  readonly ordinal: string | null;
  /** Conditions that send the row to quarantine, with the column to look at. */
  readonly faults: readonly Fault[];
};

const takesScope = (kind: IdentifierKind): boolean => kind === "buyerUid" || kind === "eid";
/** Kinds whose values are the 16 bytes of a UUID when they are one. */
const isPacked = (kind: IdentifierKind): boolean => kindNumbers[kind] < kindNumbers.buyerUid;

const kindsOf = ({ kind }: IdentifierColumn): readonly IdentifierKind[] =>
  "always" in kind ? [kind.always] : [...new Set(kind.values.values())];

export function identifierSql(
  identifier: IdentifierColumn,
  place: number,
  columns: ReadonlyMap<string, SourceColumn>,
): IdentifierSql | null {
  const source = columns.get(identifier.column);
  if (source === undefined) return null;
  const kinds = kindsOf(identifier);
  const type = typeClass(source.type);
  if (type !== "text" && type !== "integer" && type !== "uuid") {
    const { column } = identifier;
    throw new RefusedFile(`has ${source.type} in "${column}": identifiers are texts or integers`);
  }
  const value = `v${place}`;
  const uuid = type === "uuid" && kinds.every(isPacked);
  const onlyPersons = kinds.length === 1 && kinds[0] === "person";
  const cast = onlyPersons ? `TRY_CAST(${source.sql} AS UINTEGER)` : textOf(source);
  const casts = [`${uuid ? source.sql : cast} AS ${value}`];
  const faults: Fault[] = [];
  let kind = `${kindNumbers[kinds[0]!]}::UTINYINT`;
  if ("column" in identifier.kind) {
    const word = wordOf(identifier.kind.column, columns);
    const numbers = [...identifier.kind.values].map(([text, k]) => [text, kindNumbers[k]] as const);
    casts.push(`${word} AS word${place}`, `${choice(word, numbers, "UTINYINT")} AS kind${place}`);
    kind = `kind${place}`;
    const sql = `${value} IS NOT NULL AND word${place} IS NOT NULL AND ${kind} IS NULL`;
    faults.push({ sql, reason: "unknown_kind", column: identifier.kind.column });
  }
  const scope = scopeSql(identifier, place, columns, casts, faults, kind, value);
  const ordinal = kinds.includes("person") ? `TRY_CAST(${value} AS UINTEGER)` : null;
  const hash = uuid
    ? `identifier_key_uuid(${kind}, ${value})`
    : `identifier_key(${kind}, ${scope}, ${value})`;
  return {
    place,
    column: identifier.column,
    casts,
    key: keySql(kinds, kind, scope, hash, place),
    namespace: namespaceSql(kinds, kind, place),
    ordinal,
    faults,
  };
}

/** The scope of an identifier; kinds without one have 0. */
function scopeSql(
  identifier: IdentifierColumn,
  place: number,
  columns: ReadonlyMap<string, SourceColumn>,
  casts: string[],
  faults: Fault[],
  kind: string,
  value: string,
): string {
  const scoped = kindsOf(identifier).filter(takesScope);
  if (scoped.length === 0) return "0::UINTEGER";
  if ("always" in identifier.scope) return `${identifier.scope.always}::UINTEGER`;
  const { column, values } = identifier.scope;
  const word = wordOf(column, columns);
  casts.push(`${word} AS place${place}`);
  casts.push(`${choice(word, [...values], "UINTEGER")} AS scope${place}`);
  const numbers = scoped.map((name) => kindNumbers[name]).join(", ");
  const sql = `${value} IS NOT NULL AND place${place} IS NOT NULL AND scope${place} IS NULL
    AND ${kind} IN (${numbers})`;
  faults.push({ sql, reason: "unknown_scope", column });
  return `CASE WHEN ${kind} IN (${numbers}) THEN scope${place} ELSE 0::UINTEGER END`;
}

function wordOf(name: string, columns: ReadonlyMap<string, SourceColumn>): string {
  const column = columns.get(name);
  if (column === undefined) {
    throw new RefusedFile(`has no column "${name}", which says what an identifier is: add it`);
  }
  return textOf(column);
}

const choice = (
  word: string,
  values: readonly (readonly [string, number])[],
  type: string,
): string =>
  `CASE ${word} ${values.map(([text, n]) => `WHEN ${sqlText(text)} THEN ${n}`).join(" ")}
    END::${type}`;

function keySql(
  kinds: readonly IdentifierKind[],
  kind: string,
  scope: string,
  hash: string,
  place: number,
): string {
  const person = `coalesce(p${place}.key, 0)`;
  if (kinds.length === 1 && kinds[0] === "person") return person;
  const nullable = [kind, scope].filter((sql) => !/^\d+::/.test(sql));
  const known = nullable.map((sql) => `${sql} IS NOT NULL`).join(" AND ");
  const hashed = known === "" ? hash : `CASE WHEN ${known} THEN ${hash} ELSE 0::UBIGINT END`;
  if (!kinds.includes("person")) return hashed;
  return `CASE WHEN ${kind} = ${kindNumbers.person} THEN ${person} ELSE ${hashed} END`;
}

function namespaceSql(kinds: readonly IdentifierKind[], kind: string, place: number) {
  const hashed = kinds.filter((name) => name !== "person");
  const stored = hashed.map((name) => [kindNumbers[name], namespaceOfKind(name)] as const);
  if (kinds.length === 1 && stored.length === 1) {
    return { sql: `${stored[0]![1]}::UTINYINT`, constant: true };
  }
  if (stored.length === 0) return { sql: `p${place}.namespace`, constant: false };
  const cases = stored.map(([n, namespace]) => `WHEN ${n} THEN ${namespace}`).join(" ");
  const person = kinds.includes("person")
    ? ` WHEN ${kindNumbers.person} THEN p${place}.namespace`
    : "";
  return { sql: `CASE ${kind} ${cases}${person} END::UTINYINT`, constant: false };
}

/** Keys of the stop-list that a touch-point's identifiers can have: a scoped kind in each scope. */
export function stopKeysOf(
  identity: IdentitySettings,
  touchpoint: Touchpoint,
  key: SipKey,
): readonly bigint[] {
  const keys = new Set<bigint>();
  for (const identifier of touchpoint.identifiers) {
    const { scope } = identifier;
    const scopes = "always" in scope ? [scope.always] : [...scope.values.values()];
    for (const { kind, value } of identity.stopList) {
      if (kind === "person") continue;
      for (const number of takesScope(kind) ? scopes : [0]) {
        const stopped = identifierKeyOf(kindNumbers[kind], number, value, key);
        if (stopped !== null) keys.add(stopped);
      }
    }
  }
  return [...keys];
}
