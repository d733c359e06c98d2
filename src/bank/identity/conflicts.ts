import { Namespace } from "../../base/identifier.js";
import { type Audit, ruleNumber } from "./audit.js";
import type { Links } from "./links.js";

const nothing = 0xffff_ffff;

/**
 * Parts components with several accounts: an identifier belongs to the account that is the fewest
 * links away, and to nobody where two are equally near. Changes `componentOf` there, and marks the
 * links between two parts in `edgeRules`.
 *
 * A part holds together: what is nearest to one account alone has a neighbour on the way there that
 * is nearest to that account alone. So no second union-find is needed.
 */
export function partConflicts(
  namespaces: Uint8Array,
  links: Links,
  edgeRules: Uint8Array,
  componentOf: Uint32Array,
  audit: Audit,
): void {
  const contested = contestedComponents(namespaces, componentOf);
  if (contested === null) return;
  auditContested(contested, componentOf, audit);
  const within = linksWithin(links, edgeRules, componentOf, contested);
  const neighbours = neighboursBy(links, within, componentOf.length);
  const labels = nearestAccounts(namespaces, componentOf, contested, neighbours);
  const rule = ruleNumber("conflicting_accounts");
  for (let i = 0; i < within.length; i++) {
    const link = within[i]!;
    if (labels[links.a[link]!] !== labels[links.b[link]!]) edgeRules[link] = rule;
  }
  const least = new Uint32Array(labels.length).fill(nothing);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (contested[componentOf[i]!] === 0) continue;
    if (least[label] === nothing) least[label] = i;
    componentOf[i] = least[label]!;
  }
}

/** 1 at the number of each component with two or more accounts. */
function contestedComponents(namespaces: Uint8Array, componentOf: Uint32Array): Uint8Array | null {
  const accounts = new Uint8Array(componentOf.length);
  let found = false;
  for (let i = 0; i < componentOf.length; i++) {
    if (namespaces[i] !== Namespace.ACCOUNT) continue;
    const component = componentOf[i]!;
    if (accounts[component] === 1) found = true;
    accounts[component] = Math.min(2, accounts[component]! + 1);
  }
  for (let i = 0; i < accounts.length; i++) accounts[i] = accounts[i]! >> 1;
  return found ? accounts : null;
}

function auditContested(contested: Uint8Array, componentOf: Uint32Array, audit: Audit): void {
  const sizes = new Uint32Array(componentOf.length);
  for (let i = 0; i < componentOf.length; i++) {
    sizes[componentOf[i]!]! += contested[componentOf[i]!]!;
  }
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i]! > 0) audit.found("conflicting_accounts", sizes[i]!);
  }
}

/** Links that the guards before left in contested components. */
function linksWithin(
  { a }: Links,
  edgeRules: Uint8Array,
  componentOf: Uint32Array,
  contested: Uint8Array,
): Uint32Array {
  const within = new Uint32Array(a.length);
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    within[count] = i;
    if (edgeRules[i] === 0) count += contested[componentOf[a[i]!]!]!;
  }
  return within.slice(0, count);
}

/** Neighbours of node i: `nodes[starts[i]] .. nodes[starts[i + 1] - 1]`. */
type Neighbours = { readonly starts: Uint32Array; readonly nodes: Uint32Array };

function neighboursBy({ a, b }: Links, within: Uint32Array, count: number): Neighbours {
  // Two places ahead, so that filling moves every start to where it belongs.
  const starts = new Uint32Array(count + 2);
  for (let i = 0; i < within.length; i++) {
    starts[a[within[i]!]! + 2]!++;
    starts[b[within[i]!]! + 2]!++;
  }
  for (let i = 2; i < starts.length; i++) starts[i] = starts[i]! + starts[i - 1]!;
  const nodes = new Uint32Array(2 * within.length);
  for (let i = 0; i < within.length; i++) {
    const one = a[within[i]!]!;
    const other = b[within[i]!]!;
    nodes[starts[one + 1]!++] = other;
    nodes[starts[other + 1]!++] = one;
  }
  return { starts, nodes };
}

/** Breadth first from all accounts at once; a node's own rank where two are equally near. */
function nearestAccounts(
  namespaces: Uint8Array,
  componentOf: Uint32Array,
  contested: Uint8Array,
  { starts, nodes }: Neighbours,
): Uint32Array {
  const labels = componentOf.slice();
  const distances = new Uint32Array(labels.length).fill(nothing);
  let queued = 0;
  for (let i = 0; i < componentOf.length; i++) queued += contested[componentOf[i]!]!;
  const queue = new Uint32Array(queued);
  let tail = 0;
  for (let i = 0; i < labels.length; i++) {
    if (contested[componentOf[i]!] === 0 || namespaces[i] !== Namespace.ACCOUNT) continue;
    labels[i] = i;
    distances[i] = 0;
    queue[tail++] = i;
  }
  // A node leaves the queue after everything nearer than itself: its label is final then.
  for (let head = 0; head < tail; head++) {
    const node = queue[head]!;
    const next = distances[node]! + 1;
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      const neighbour = nodes[at]!;
      if (distances[neighbour] === nothing) {
        distances[neighbour] = next;
        labels[neighbour] = labels[node]!;
        queue[tail++] = neighbour;
      } else if (distances[neighbour] === next && labels[neighbour] !== labels[node]) {
        labels[neighbour] = nothing;
      }
    }
  }
  for (let i = 0; i < labels.length; i++) if (labels[i] === nothing) labels[i] = i;
  return labels;
}
