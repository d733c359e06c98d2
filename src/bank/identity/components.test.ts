import fc from "fast-check";
import { expect, test } from "vitest";
import { Namespace } from "../../base/identifier.js";
import { mergeLinks } from "./components.js";

const { ACCOUNT, EMAIL_SHA256, PHONE_SHA256, IDFA, BUYER_UID } = Namespace;
const limits = {
  ...{ accountsPerEmailMax: 1, accountsPerDeviceMax: 1 },
  ...{ devicesPerAccountMax: 20, componentIdentifiersMax: 50 },
};
type Limits = typeof limits;
type Pair = readonly [number, number];

function merge(namespaces: readonly number[], pairs: readonly Pair[], over: Partial<Limits> = {}) {
  const links = {
    a: Uint32Array.from(pairs, ([a]) => a),
    b: Uint32Array.from(pairs, ([, b]) => b),
  };
  const found = mergeLinks(Uint8Array.from(namespaces), links, { ...limits, ...over });
  const lines = found.audit.lines().split("\n").filter(Boolean);
  return { ...found, of: [...found.componentOf], audit: lines.map((line) => JSON.parse(line)) };
}

test("authenticated links join what they connect, and nothing else", () => {
  const found = merge(
    [ACCOUNT, IDFA, EMAIL_SHA256, IDFA],
    [
      [1, 0],
      [0, 2],
    ],
  );
  expect(found.of).toEqual([0, 0, 0, 3]);
  expect(found.merged).toBe(2);
  expect(found.audit).toEqual([]);
});

test("an e-mail or phone number of two accounts is nobody's, whatever else it is linked to", () => {
  for (const [shared, rule] of [
    [EMAIL_SHA256, "accounts_per_email"],
    [PHONE_SHA256, "accounts_per_phone"],
  ] as const) {
    const found = merge(
      [ACCOUNT, ACCOUNT, shared, IDFA],
      [
        [0, 2],
        [1, 2],
        [2, 3],
        [0, 3],
      ],
    );
    expect(found.of).toEqual([0, 1, 2, 0]);
    expect(found.audit).toEqual([{ rule, identifiers: 3, times: 1 }]);
    expect(found.refused[rule]).toBe(3);
  }
});

test("a device or cookie that two accounts use is nobody's", () => {
  for (const device of [IDFA, BUYER_UID]) {
    const found = merge(
      [ACCOUNT, device, ACCOUNT],
      [
        [0, 1],
        [1, 2],
      ],
    );
    expect(found.of).toEqual([0, 1, 2]);
    expect(found.refused.accounts_per_device).toBe(2);
  }
});

test("an account with too many devices keeps its e-mail and loses every device", () => {
  const found = merge(
    [ACCOUNT, EMAIL_SHA256, IDFA, IDFA, BUYER_UID],
    [
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
    ],
    { devicesPerAccountMax: 2 },
  );
  expect(found.of).toEqual([0, 0, 2, 3, 4]);
  expect(found.audit).toEqual([{ rule: "devices_per_account", identifiers: 4, times: 1 }]);
});

test("between two accounts the nearer one has an identifier, and nobody has the middle one", () => {
  // account 0 - 1 - 2 - 3 - account 4, and 5 hanging on the middle
  const found = merge(
    [ACCOUNT, IDFA, EMAIL_SHA256, IDFA, ACCOUNT, IDFA],
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [2, 5],
    ],
  );
  expect(found.of).toEqual([0, 0, 2, 3, 3, 5]);
  expect(found.audit).toEqual([{ rule: "conflicting_accounts", identifiers: 6, times: 1 }]);
  expect(found.refused.conflicting_accounts).toBe(3);
});

test("a link between two accounts merges nothing", () => {
  expect(merge([ACCOUNT, ACCOUNT], [[0, 1]]).of).toEqual([0, 1]);
});

test("a component that is too large is dissolved, its neighbours are not", () => {
  const chain = Array.from({ length: 3 }, (_, i): Pair => [i, i + 1]);
  const found = merge([IDFA, IDFA, IDFA, IDFA, IDFA, IDFA], [...chain, [4, 5]], {
    componentIdentifiersMax: 3,
  });
  expect(found.of).toEqual([0, 1, 2, 3, 4, 4]);
  expect(found.audit).toEqual([{ rule: "component_identifiers", identifiers: 4, times: 1 }]);
  expect(found.refused.component_identifiers).toBe(3);
});

test("a device with 10,000 accounts and an e-mail of 100,000 people are taken apart at once", () => {
  const people = 100_000;
  // One device, one e-mail, then an account and a device for each person.
  const namespaces: number[] = [IDFA, EMAIL_SHA256];
  const pairs: Pair[] = [];
  for (let p = 0; p < people; p++) {
    const account = namespaces.push(ACCOUNT) - 1;
    const device = namespaces.push(IDFA) - 1;
    pairs.push([account, device], [1, account]);
    if (p < 10_000) pairs.push([0, account]);
  }
  const startMs = performance.now();
  const found = merge(namespaces, pairs);
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect(found.audit).toEqual([
    { rule: "accounts_per_email", identifiers: 100_001, times: 1 },
    { rule: "accounts_per_device", identifiers: 10_001, times: 1 },
  ]);
  expect(new Set(found.of).size).toBe(people + 2);
});

test("an e-mail that joins 100,000 devices without accounts is dissolved at once", () => {
  const namespaces: number[] = [EMAIL_SHA256, ...Array<number>(100_000).fill(IDFA)];
  const found = merge(
    namespaces,
    namespaces.slice(1).map((_, i): Pair => [0, i + 1]),
  );
  expect(found.audit).toEqual([{ rule: "component_identifiers", identifiers: 100_001, times: 1 }]);
  expect(new Set(found.of).size).toBe(100_001);
});

/** The rules again, the slow way: sets of links, and the distances from each node. */
function oracle(namespaces: readonly number[], pairs: readonly Pair[], max: Limits): number[] {
  const isAccount = (i: number): boolean => namespaces[i] === ACCOUNT;
  const isDevice = (i: number): boolean => namespaces[i]! < ACCOUNT;
  const neighbours = (i: number, of: readonly Pair[]): number[] =>
    of.flatMap(([a, b]) => (a === i ? [b] : b === i ? [a] : []));
  const over = namespaces.map((_, i) => {
    const near = neighbours(i, pairs);
    if (isAccount(i)) return near.filter(isDevice).length > max.devicesPerAccountMax;
    const accountsMax = isDevice(i) ? max.accountsPerDeviceMax : max.accountsPerEmailMax;
    return near.filter(isAccount).length > accountsMax;
  });
  const refuses = (i: number, other: number): boolean =>
    over[i] === true && (!isAccount(i) || isDevice(other));
  const left = pairs.filter(([a, b]) => !refuses(a, b) && !refuses(b, a));
  const nearest = namespaces.map((_, i) => {
    let ring = new Set([i]);
    const seen = new Set([i]);
    while (ring.size > 0) {
      const accounts = [...ring].filter(isAccount);
      if (accounts.length > 0) return accounts.length === 1 ? `${accounts[0]}` : `middle ${i}`;
      ring = new Set([...ring].flatMap((j) => neighbours(j, left)).filter((j) => !seen.has(j)));
      for (const j of ring) seen.add(j);
    }
    return "none";
  });
  const kept = left.filter(([a, b]) => nearest[a] === nearest[b]);
  const reached = namespaces.map((_, i) => {
    const all = new Set([i]);
    for (const j of all) for (const other of neighbours(j, kept)) all.add(other);
    return all;
  });
  return reached.map((all, i) => (all.size > max.componentIdentifiersMax ? i : Math.min(...all)));
}

const kinds = [ACCOUNT, ACCOUNT, EMAIL_SHA256, PHONE_SHA256, IDFA, BUYER_UID];
const graph = fc
  .array(fc.constantFrom(...kinds), { minLength: 2, maxLength: 14 })
  .chain((namespaces) => {
    const node = fc.nat(namespaces.length - 1);
    const pair = fc.tuple(node, node).filter(([a, b]) => a < b);
    return fc.record({
      namespaces: fc.constant(namespaces),
      pairs: fc.uniqueArray(pair, { maxLength: 22, selector: ([a, b]) => `${a} ${b}` }),
      order: fc.infiniteStream(fc.nat()),
      limits: fc.record({
        accountsPerEmailMax: fc.integer({ min: 1, max: 3 }),
        accountsPerDeviceMax: fc.integer({ min: 1, max: 3 }),
        devicesPerAccountMax: fc.integer({ min: 1, max: 4 }),
        componentIdentifiersMax: fc.integer({ min: 2, max: 9 }),
      }),
    });
  });

test("persons are those of the slow rules, in whatever order the links come", () => {
  fc.assert(
    fc.property(graph, ({ namespaces, pairs, order, limits: max }) => {
      const found = merge(namespaces, pairs, max);
      expect(found.of).toEqual(oracle(namespaces, pairs, max));
      const keyed = pairs.map((pair) => ({ pair, at: order.next().value }));
      const shuffled = keyed.sort((x, y) => x.at - y.at).map(({ pair: [a, b] }): Pair => [b, a]);
      const again = merge(namespaces, shuffled, max);
      expect(again.of).toEqual(found.of);
      expect(again.audit).toEqual(found.audit);
      expect(again.refused).toEqual(found.refused);
    }),
    { numRuns: 400 },
  );
});
