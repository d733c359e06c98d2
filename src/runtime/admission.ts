import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIP, isIPv6 } from "node:net";
import type { Exchange } from "../campaign/exchange.js";

/**
 * Who may ask: an exchange with a secret must send it; one with addresses must call from one of
 * them. With neither (demo instances) only loopback may ask.
 */
export function mayAsk(exchange: Exchange, secret: string, address: string): boolean {
  const { secretSha256, addresses } = exchange;
  if (addresses.length > 0 && !isListed(exchange, address)) return false;
  if (secretSha256 !== "") return isSecret(secret, secretSha256);
  return addresses.length > 0 || isLoopback(address);
}

export const isLoopback = (address: string): boolean =>
  address === "::1" || address.startsWith("127.");

const lists = new WeakMap<readonly string[], AddressList>();

/** An exchange's addresses and ranges, with the verdicts on the peers that have asked. */
class AddressList {
  private readonly ranges = new BlockList();
  private readonly verdicts = new Map<string, boolean>();

  constructor(addresses: readonly string[]) {
    for (const entry of addresses) {
      const [address = "", prefix] = entry.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (isIP(address) === 0) continue;
      if (prefix === undefined) this.ranges.addAddress(address, family);
      else this.ranges.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    const before = this.verdicts.get(address);
    if (before !== undefined) return before;
    const verdict = isIP(address) !== 0 && this.check(address);
    if (this.verdicts.size < knownMax) this.verdicts.set(address, verdict);
    return verdict;
  }

  private check(address: string): boolean {
    return this.ranges.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

function isListed({ addresses }: Exchange, address: string): boolean {
  let list = lists.get(addresses);
  if (list === undefined) {
    list = new AddressList(addresses);
    lists.set(addresses, list);
  }
  return list.has(address);
}

const known = new Map<string, string>();
const knownMax = 256;

/**
 * The digest of a secret that was right once is remembered by its text, so that a request of a
 * known exchange costs a map look-up, not a SHA-256 (m: 0.3 us). Wrong secrets are never
 * remembered.
 */
function isSecret(secret: string, sha256Hex: string): boolean {
  if (known.get(secret) === sha256Hex) return true;
  const wanted = Buffer.from(sha256Hex, "hex");
  const given = createHash("sha256").update(secret).digest();
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return false;
  if (known.size < knownMax) known.set(secret, sha256Hex);
  return true;
}

/**
 * Queries a second of each exchange, in whole-second windows; this worker's part of the exchange's
 * limit.
 */
export class QueryRate {
  private readonly workers: number;
  private readonly second = new Map<number, { sec: number; queries: number }>();

  constructor(workers: number) {
    this.workers = workers;
  }

  /**
   * False = above the limit in this second. An exchange without a limit is not worth a look at the
   * clock (m: 50 ns of an EPYC, Node 20.20.2, 2026-11).
   */
  admit(exchange: Exchange, nowMs: () => number): boolean {
    const { queriesPerSecMax } = exchange;
    if (queriesPerSecMax === 0) return true;
    const sec = Math.floor(nowMs() / 1000);
    let window = this.second.get(exchange.id);
    if (window === undefined) {
      window = { sec, queries: 0 };
      this.second.set(exchange.id, window);
    }
    if (window.sec !== sec) {
      window.sec = sec;
      window.queries = 0;
    }
    return ++window.queries <= Math.ceil(queriesPerSecMax / this.workers);
  }
}
