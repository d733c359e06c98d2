import { Namespace } from "../../base/identifier.js";
import type { Audit } from "./audit.js";
import type { Links } from "./links.js";

const nothing = 0xffff_ffff;

/**
 * Whose each identifier of a component with several accounts is: the rank of the account that is
 * the fewest links away, or its own rank where two are equally near. Elsewhere the component, so
 * that a link within one person is one between equal labels. null where no component has several.
 *
 * Links of one label hold together: what is nearest to one account alone has a neighbour on the way
 * there that is nearest to that account alone.
 */
export function distinctLabels(
  namespaces: Uint8Array,
  links: Links,
  edgeRules: Uint8Array,
  componentOf: Uint32Array,
  audit: Audit,
): Uint32Array | null {
  const contested = contestedComponents(namespaces, componentOf);
  if (contested === null) return null;
  auditContested(contested, componentOf, audit);
  const neighbours = neighboursWithin(links, edgeRules, componentOf, contested);
  const labels = nearestAccounts(namespaces, componentOf, contested, neighbours);
  for (let i = 0; i < labels.length; i++) if (labels[i] === nothing) labels[i] = i;
  return labels;
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

/** Neighbours of node i: `nodes[starts[i]] .. nodes[starts[i + 1] - 1]`. */
type Neighbours = { readonly starts: Uint32Array; readonly nodes: Uint32Array };

function neighboursWithin(
  { a, b }: Links,
  edgeRules: Uint8Array,
  componentOf: Uint32Array,
  contested: Uint8Array,
): Neighbours {
  const starts = new Uint32Array(componentOf.length + 2);
  const counts = (i: number): boolean => edgeRules[i] === 0 && contested[componentOf[a[i]!]!] === 1;
  let ends = 0;
  for (let i = 0; i < a.length; i++) {
    if (!counts(i)) continue;
    starts[a[i]! + 2]!++;
    starts[b[i]! + 2]!++;
    ends += 2;
  }
  for (let i = 2; i < starts.length; i++) starts[i] = starts[i]! + starts[i - 1]!;
  // One place ahead, so that filling moves every start to where it belongs.
  const nodes = new Uint32Array(ends);
  for (let i = 0; i < a.length; i++) {
    if (!counts(i)) continue;
    nodes[starts[a[i]! + 1]!++] = b[i]!;
    nodes[starts[b[i]! + 1]!++] = a[i]!;
  }
  return { starts, nodes };
}

/** Breadth first from all accounts at once; `nothing` where two accounts are equally near. */
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
  return labels;
}
