import { mix32 } from "../../src/base/hash.js";
import { SeededRandom } from "../../src/base/random.js";
import { duelOf, overlapping } from "./duel.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";
import { controlOf, demoBook, type ProvingWorld, provingWorld } from "./proving-world.js";

/**
 * How well the time of an answer tells which of two kinds of people it was about, where the answers
 * themselves are of one class: the share of pairs in which the guess "the slower one" is right
 * (AUC; 0.5 = it tells nothing). Measured at the function that makes the answer, without the noise
 * of sockets and networks that an exchange has in its way. An answer's time is partly its person's
 * own (where memory holds the row), so that two halves of one kind differ by chance as well: by as
 * much as the last row says, less the more people are asked about.
 */
export const timing: Proof = {
  name: "timing",
  run: async (size: ProofSize): Promise<readonly ProofRow[]> => {
    const pairs = size === "full" ? 200_000 : 15_000;
    const each = size === "full" ? 60_000 : 4000;
    const { world, kinds } = await crowd(each);
    const bodies = { known: kinds.none.map(bodyOf), first: kinds.first.map(bodyOf) };
    const strangers = kinds.none.map((n) => bodyOf(n + strangersFrom));
    const second = kinds.second.map(bodyOf);
    const halves = [0, 1].map((half) => bodies.known.filter((_, i) => i % 2 === half));
    const [even = [], odd = []] = halves;
    return [
      row(world, pairs, {
        what: "204: somebody known in no audience, or a stranger",
        ...{ left: bodies.known, right: strangers, status: 204 },
      }),
      row(world, pairs, {
        what: "200: of one audience or of the other",
        ...{ left: bodies.first, right: second, status: 200 },
      }),
      row(world, pairs, {
        what: "nothing to tell: 204s of known people in two halves by chance",
        ...{ left: even, right: odd, status: 204 },
      }),
    ];
  },
};

/** The larger of the two sides of one half: 0.51 says as much as 0.49. */
const aucMax = 0.51;
/** Numbers of nobody. */
const strangersFrom = 2 ** 24;
type Kinds = Readonly<Record<"none" | "first" | "second", number[]>>;

/**
 * An identifier with nothing of the person's number in it: hexadecimal letters take longer to read
 * than digits, so that 4,000 numbers in a row were told from 4,000 others with an AUC of 0.54.
 */
function uuidOf(n: number): string {
  const hex = [1, 2, 3, 4].map((k) => mix32(n, k).toString(16).toUpperCase().padStart(8, "0"));
  const [a = "", b = "", c = "", d = ""] = hex;
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}

/** People of three kinds at ordinals in no control group, mixed, so that memory tells nothing. */
async function crowd(
  each: number,
): Promise<{ readonly world: ProvingWorld; readonly kinds: Kinds }> {
  const book = duelOf(demoBook(), 0);
  const empty = await provingWorld([], { book });
  const kinds: Kinds = { none: [], first: [], second: [] };
  const people = Array.from({ length: 3 * each * 2 }, (_, n) => {
    const free = controlOf(empty, n + 1).length === 0;
    const kind = (["none", "first", "second"] as const)[mix32(n, 9) % 3] as keyof Kinds;
    if (free && mix32(n, 10) % 2 === 0) kinds[kind].push(n);
    const segments = kind === "none" ? [] : [overlapping[kind === "first" ? 0 : 1] as string];
    return { idfa: uuidOf(n), segments };
  });
  return { world: await provingWorld(people, { book }), kinds };
}

/** One place, one format, one length of identifier: only the person differs. */
function bodyOf(n: number): Buffer {
  const imp = { id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.01, secure: 1 };
  const device = { geo: { country: "USA" }, ua: "Mozilla/5.0", devicetype: 4, os: "iOS" };
  return Buffer.from(
    JSON.stringify({
      ...{
        id: `ask-${String(mix32(n, 1)).padStart(10, "0")}`,
        at: 1,
        tmax: 200,
        cur: ["USD"],
        imp: [imp],
      },
      ...{ site: { domain: "news.example" }, device: { ...device, ifa: uuidOf(n) } },
    }),
  );
}

type Comparison = {
  readonly what: string;
  readonly left: readonly Buffer[];
  readonly right: readonly Buffer[];
  /** Of every answer. */
  readonly status: number;
};

function row(
  { bidder, whole }: ProvingWorld,
  pairs: number,
  { what, left, right, status }: Comparison,
): ProofRow {
  const exchange = bidder.world.world.exchanges.find(({ name }) => name === "openrtb26");
  if (exchange === undefined) throw new Error("the demo has openrtb26");
  const random = new SeededRandom(53);
  let other = 0;
  const timeOf = (body: Buffer): number => {
    bidder.bodyBuffer.set(body);
    const began = process.hrtime.bigint();
    const answer = bidder.bid(exchange, body.length, whole.clock.monotonicNs());
    const ns = Number(process.hrtime.bigint() - began);
    if (answer.status !== status) other++;
    return ns;
  };
  const times: [number, number][] = [];
  for (let i = -2000; i < pairs; i++) {
    // Each person is asked less often than an exchange may ask a day.
    if ((i + 2000) % (left.length * 80) === 0) whole.clock.advance(86_400_000);
    const pair: [number, number] = [0, 0];
    const sides = random.below(2) === 0 ? [0, 1] : [1, 0];
    for (const side of sides) pair[side] = timeOf(random.pick(side === 0 ? left : right));
    if (i >= 0) times.push(pair);
  }
  const auc = aucOf(times);
  // Three standard errors of the AUC of as many pairs of alike kinds: 0.01 at the small size.
  const chance = pairs >= 100_000 ? 0 : 3 / Math.sqrt(6 * pairs);
  return {
    promise: "the time of an answer does not tell whom it was about",
    test:
      `${what}; ${pairs} pairs of ${left.length} and ${right.length} people in random order, ` +
      "in process",
    figure: `AUC ${auc.toFixed(4)} (median ${medianOf(times, 0)} and ${medianOf(times, 1)} ns)`,
    holds: other === 0 && Math.max(auc, 1 - auc) <= aucMax + chance,
  };
}

/** Mann-Whitney: the share of all left-right pairs in which left took longer, ties half. */
function aucOf(times: readonly (readonly [number, number])[]): number {
  const all = times.flatMap(([a, b]) => [
    { ns: a, left: true },
    { ns: b, left: false },
  ]);
  all.sort((x, y) => x.ns - y.ns);
  let rankSum = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end]?.ns === all[i]?.ns) end++;
    const rank = (i + 1 + end) / 2;
    for (let k = i; k < end; k++) if (all[k]?.left === true) rankSum += rank;
    i = end;
  }
  const n = times.length;
  return (rankSum - (n * (n + 1)) / 2) / (n * n);
}

function medianOf(times: readonly (readonly [number, number])[], side: 0 | 1): number {
  const sorted = times.map((pair) => pair[side]).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
