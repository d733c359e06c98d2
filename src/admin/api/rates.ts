import { LRUCache } from "lru-cache";

/** Keys that are remembered at most; the one that was seen longest ago goes. */
const keysMax = 10_000;

/** So many in a minute for each key, refilled evenly. */
export class MinuteRate {
  private readonly perMinute: number;
  private readonly left = new LRUCache<string, { tokens: number; atMs: number }>({ max: keysMax });

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** 0 = taken; else how long to wait. */
  take(key: string, nowMs: number): number {
    const seen = this.left.get(key) ?? { tokens: this.perMinute, atMs: nowMs };
    const perMs = this.perMinute / 60_000;
    const refilled = seen.tokens + Math.max(0, nowMs - seen.atMs) * perMs;
    const tokens = Math.min(this.perMinute, refilled);
    const taken = tokens >= 1;
    this.left.set(key, { tokens: taken ? tokens - 1 : tokens, atMs: nowMs });
    return taken ? 0 : Math.ceil((1 - tokens) / perMs);
  }
}

const freeTries = 5;
const tryWindowMs = 60_000;
const delayMaxMs = 15 * 60_000;

type Tries = {
  failed: number;
  /** Being judged now: they count as failed until they are. */
  open: number;
  sinceMs: number;
  blocks: number;
  blockedUntilMs: number;
};

/**
 * Tries at a secret: five failures in a minute for each key, then a minute's wait, then two, four
 * ... up to fifteen. A success costs nothing.
 */
export class Attempts {
  private readonly tries = new LRUCache<string, Tries>({ max: keysMax });

  /** 0 = go on, and `settle` it; else how long to wait, and nothing is counted. */
  begin(keys: readonly string[], nowMs: number): number {
    const wait = Math.max(0, ...keys.map((key) => this.waitOf(key, nowMs)));
    if (wait === 0) for (const key of keys) this.of(key, nowMs).open++;
    return wait;
  }

  settle(keys: readonly string[], failed: boolean, nowMs: number): void {
    for (const key of keys) {
      const tries = this.of(key, nowMs);
      tries.open = Math.max(0, tries.open - 1);
      if (!failed || ++tries.failed < freeTries) continue;
      tries.blockedUntilMs = nowMs + Math.min(delayMaxMs, tryWindowMs * 2 ** tries.blocks++);
      [tries.failed, tries.sinceMs] = [0, tries.blockedUntilMs];
    }
  }

  private waitOf(key: string, nowMs: number): number {
    const tries = this.of(key, nowMs);
    if (tries.blockedUntilMs > nowMs) return tries.blockedUntilMs - nowMs;
    return tries.failed + tries.open >= freeTries ? 1000 : 0;
  }

  private of(key: string, nowMs: number): Tries {
    const known = this.tries.get(key);
    if (known === undefined) {
      const fresh = { failed: 0, open: 0, sinceMs: nowMs, blocks: 0, blockedUntilMs: 0 };
      this.tries.set(key, fresh);
      return fresh;
    }
    const age = nowMs - known.sinceMs;
    // Whoever comes back much later is met as new.
    if (age >= 2 * delayMaxMs) known.blocks = 0;
    if (age >= tryWindowMs) [known.failed, known.sinceMs] = [0, nowMs];
    return known;
  }
}

/** An address as limits count it: of IPv6 the network, which one customer has whole. */
export function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  // The groups that `::` stands for are zeros.
  const zeros = tail === undefined ? 0 : 8 - groups.length - tail.split(":").length;
  return [...groups, ...Array.from({ length: zeros }, () => "0")].slice(0, 4).join(":");
}
