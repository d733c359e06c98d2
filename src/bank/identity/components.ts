import { Namespace } from "../../base/identifier.js";
import { householdAccountsMax } from "../../base/limits.js";
import type { IdentitySettings } from "../config/model.js";
import { Audit, type MergeRule, mergeRules, ruleNumber } from "./audit.js";
import { partConflicts } from "./conflicts.js";
import type { Links } from "./links.js";

export type Components = {
  /** Of each identifier the least rank of its component: the component's number. */
  readonly componentOf: Uint32Array;
  readonly audit: Audit;
  /** By rank: 1 = a guard touched it, so that nobody counts by it. */
  readonly frozen: Uint8Array;
  readonly merged: number;
  /** Links refused, by rule. */
  readonly refused: Record<MergeRule, number>;
};

type Limits = Pick<
  IdentitySettings,
  | "accountsPerEmailMax"
  | "accountsPerDeviceMax"
  | "devicesPerAccountMax"
  | "componentIdentifiersMax"
>;

/**
 * Joins identifiers that authenticated links hold together, and refuses what the guards forbid.
 * Every guard looks at all links (or at all that the guard before it left), never at a part of
 * them, so the order of the links cannot matter:
 *
 *   cardinality   an e-mail, a phone number or a device that more accounts use than allowed is
 *                 nobody's: none of its links merges. An account with too many devices keeps its
 *                 e-mails and phone numbers, and loses its devices.
 *   conflict      two accounts are never one person: an identifier between them belongs to the
 *                 nearer one, one in the very middle to nobody.
 *   size          a component with too many identifiers is dissolved.
 *
 * `namespaces` has one entry a rank. 6 M identifiers and 6 M links take 1.9 s (Node 20.20.2).
 */
export function mergeLinks(namespaces: Uint8Array, links: Links, limits: Limits): Components {
  const audit = new Audit();
  const edgeRules = cardinalityRules(namespaces, links, limits, audit);
  const componentOf = joinedBy(namespaces.length, links, edgeRules);
  partConflicts(namespaces, links, edgeRules, componentOf, audit);
  dissolveLarge(componentOf, links, edgeRules, limits.componentIdentifiersMax, audit);
  const frozen = frozenEnds(namespaces, links, edgeRules);
  return { componentOf, audit, frozen, ...countRules(edgeRules) };
}

/** What a guard tells apart: four kinds, and whether the identifier is over its limit. */
const Kind = { ACCOUNT: 0, DEVICE: 1, EMAIL: 2, PHONE: 3 } as const;
const OVER = 4;
const kindsEnd = 8;

/** Devices: advertising identifiers of all forms, cookies and eids. */
function kindOf(namespace: number): number {
  if (namespace < Namespace.ACCOUNT) return Kind.DEVICE;
  if (namespace === Namespace.ACCOUNT) return Kind.ACCOUNT;
  return namespace === Namespace.PHONE_SHA256 ? Kind.PHONE : Kind.EMAIL;
}

/** By kind. */
const rulesOverLimit = [
  ...(["devices_per_account", "accounts_per_device"] as const),
  ...(["accounts_per_email", "accounts_per_phone"] as const),
] as const;

/** One entry a link: the number of the cardinality rule that refuses it, or 0. */
function cardinalityRules(
  namespaces: Uint8Array,
  { a, b }: Links,
  limits: Limits,
  audit: Audit,
): Uint8Array {
  const kindOfNamespace = Uint8Array.from({ length: 256 }, (_, namespace) => kindOf(namespace));
  const kinds = new Uint8Array(namespaces.length);
  for (let node = 0; node < kinds.length; node++) {
    kinds[node] = kindOfNamespace[namespaces[node]!]!;
  }
  const met = countMet(kinds, a, b);
  const limitOf = [limits.devicesPerAccountMax, limits.accountsPerDeviceMax];
  limitOf.push(limits.accountsPerEmailMax, limits.accountsPerEmailMax);
  for (let node = 0; node < met.length; node++) {
    const kind = kinds[node]!;
    if (met[node]! <= limitOf[kind]!) continue;
    kinds[node] = kind | OVER;
    audit.found(rulesOverLimit[kind]!, met[node]! + 1);
  }
  const rules = Uint8Array.from({ length: kindsEnd * kindsEnd }, (_, pair) =>
    refusalOf(pair >> 3, pair & 7),
  );
  const edgeRules = new Uint8Array(a.length);
  for (let i = 0; i < a.length; i++) {
    edgeRules[i] = rules[kinds[a[i]!]! * kindsEnd + kinds[b[i]!]!]!;
  }
  return edgeRules;
}

/** The first rule that refuses a link of these two kinds, 0 = none does. */
function refusalOf(one: number, other: number): number {
  const refusing = [refuses(one, other) ? one : -1, refuses(other, one) ? other : -1]
    .filter((kind) => kind >= 0)
    .map((kind) => ruleNumber(rulesOverLimit[kind & 3]!));
  return refusing.length === 0 ? 0 : Math.min(...refusing);
}

/** Over its limit an account refuses devices alone, everything else refuses every link. */
const refuses = (kind: number, other: number): boolean =>
  (kind & OVER) !== 0 && ((kind & 3) !== Kind.ACCOUNT || (other & 3) === Kind.DEVICE);

/** Of an account the devices that it is linked to, of everything else the accounts. */
function countMet(kinds: Uint8Array, a: Uint32Array, b: Uint32Array): Uint32Array {
  const met = new Uint32Array(kinds.length);
  for (let i = 0; i < a.length; i++) {
    const one = a[i]!;
    const other = b[i]!;
    const kind = kinds[one]!;
    const otherKind = kinds[other]!;
    if (kind === Kind.ACCOUNT && otherKind !== Kind.ACCOUNT) {
      met[other]!++;
      if (otherKind === Kind.DEVICE) met[one]!++;
    } else if (otherKind === Kind.ACCOUNT && kind !== Kind.ACCOUNT) {
      met[one]!++;
      if (kind === Kind.DEVICE) met[other]!++;
    }
  }
  return met;
}

/** Of each node the least one of its component: union-find, the lesser root wins. */
function joinedBy(nodes: number, { a, b }: Links, edgeRules: Uint8Array): Uint32Array {
  const parent = new Uint32Array(nodes);
  for (let i = 0; i < nodes; i++) parent[i] = i;
  for (let i = 0; i < a.length; i++) {
    if (edgeRules[i] !== 0) continue;
    const one = rootOf(parent, a[i]!);
    const other = rootOf(parent, b[i]!);
    if (one < other) parent[other] = one;
    else parent[one] = other;
  }
  // A parent is never greater than its child, so that it is done before.
  for (let i = 0; i < nodes; i++) parent[i] = parent[parent[i]!]!;
  return parent;
}

function rootOf(parent: Uint32Array, node: number): number {
  let at = node;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]!]!;
    at = parent[at]!;
  }
  return at;
}

function dissolveLarge(
  componentOf: Uint32Array,
  { a }: Links,
  edgeRules: Uint8Array,
  identifiersMax: number,
  audit: Audit,
): void {
  const sizes = new Uint32Array(componentOf.length);
  for (let i = 0; i < componentOf.length; i++) sizes[componentOf[i]!]!++;
  let large = false;
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i]! <= identifiersMax) continue;
    audit.found("component_identifiers", sizes[i]!);
    large = true;
  }
  if (!large) return;
  const rule = ruleNumber("component_identifiers");
  for (let i = 0; i < a.length; i++) {
    if (edgeRules[i] === 0 && sizes[componentOf[a[i]!]!]! > identifiersMax) edgeRules[i] = rule;
  }
  for (let i = 0; i < componentOf.length; i++) {
    if (sizes[componentOf[i]!]! > identifiersMax) componentOf[i] = i;
  }
}

/**
 * Both ends of every refused link: one human may stand behind them, or a machine, so that neither
 * is a person to count. A device that several people use freezes itself alone, while they could be
 * a household.
 */
function frozenEnds(namespaces: Uint8Array, { a, b }: Links, edgeRules: Uint8Array): Uint8Array {
  const frozen = new Uint8Array(namespaces.length);
  const shared = ruleNumber("accounts_per_device");
  const users = new Uint32Array(edgeRules.includes(shared) ? namespaces.length : 0);
  for (let i = 0; i < a.length; i++) {
    const rule = edgeRules[i]!;
    if (rule === 0) continue;
    if (rule === shared) {
      users[a[i]!]!++;
      users[b[i]!]!++;
    }
    for (const end of [a[i]!, b[i]!]) {
      if (rule !== shared || kindOf(namespaces[end]!) === Kind.DEVICE) frozen[end] = 1;
    }
  }
  if (users.length === 0) return frozen;
  for (let i = 0; i < a.length; i++) {
    if (edgeRules[i] !== shared) continue;
    if (Math.max(users[a[i]!]!, users[b[i]!]!) <= householdAccountsMax) continue;
    frozen[a[i]!] = 1;
    frozen[b[i]!] = 1;
  }
  return frozen;
}

function countRules(edgeRules: Uint8Array): Pick<Components, "merged" | "refused"> {
  const counts = new Float64Array(mergeRules.length + 1);
  for (let i = 0; i < edgeRules.length; i++) counts[edgeRules[i]!]!++;
  const refused = Object.fromEntries(mergeRules.map((rule, i) => [rule, counts[i + 1]!]));
  return { merged: counts[0]!, refused: refused as Record<MergeRule, number> };
}
