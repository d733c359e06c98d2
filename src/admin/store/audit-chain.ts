import { createHash } from "node:crypto";
import type { AuditLine, AuditVerdict } from "./desk-store.js";

/**
 * The audit log as a chain: each line's hash is over the line and the hash before it, so that a
 * line that is changed, taken out, put in or moved no longer fits. The end is told by signed
 * checkpoints: a cut is found as far back as the newest of them, lines behind it may be lost
 * unseen.
 */
export const noPrevious = "0".repeat(64);

export type LineContent = Omit<AuditLine, "hash">;

export function hashAfter(previous: string, line: LineContent): string {
  const { n, atMs, actor, agency, action, what } = line;
  const text = JSON.stringify([n, atMs, actor.user, actor.name, actor.from, agency, action, what]);
  return createHash("sha256").update(`${previous}\n${text}`).digest("hex");
}

/** How many lines there were and the hash of the last, signed (base64). */
export type Checkpoint = {
  readonly n: number;
  readonly atMs: number;
  readonly head: string;
  readonly signature: string;
};

export type AuditKey = {
  /** Ed25519. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
};

const messageOf = ({ n, atMs, head }: Omit<Checkpoint, "signature">): Uint8Array =>
  new TextEncoder().encode(`crowdbid audit checkpoint\n${n}\n${atMs}\n${head}\n`);

export function signed(point: Omit<Checkpoint, "signature">, key: AuditKey): Checkpoint {
  const signature = Buffer.from(key.sign(messageOf(point))).toString("base64");
  return { ...point, signature };
}

export const isSigned = (point: Checkpoint, key: AuditKey): boolean =>
  key.verify(messageOf(point), Buffer.from(point.signature, "base64"));

type Break = { readonly line: number; readonly words: string };

/**
 * Follows the chain line by line; the first break stays the answer. Checkpoints come in any order
 * and before the lines.
 */
export class ChainCheck {
  private readonly points = new Map<number, Set<string>>();
  private readonly lastPoint: number;
  private previous: string;
  private n: number;
  private found: Break | null = null;

  /** `after`: where to begin, for who has checked what is before it. */
  constructor(
    points: readonly Checkpoint[],
    key: AuditKey,
    after: { readonly n: number; readonly hash: string } = { n: 0, hash: noPrevious },
  ) {
    this.n = after.n;
    this.previous = after.hash;
    let last = 0;
    for (const point of points) {
      if (!isSigned(point, key)) {
        this.breakAt(point.n, "a checkpoint here is not signed by this data folder's key");
        continue;
      }
      const heads = this.points.get(point.n) ?? new Set();
      this.points.set(point.n, heads.add(point.head));
      last = Math.max(last, point.n);
    }
    this.lastPoint = last;
  }

  /** False once something is wrong: the rest need not be read. */
  add(line: AuditLine): boolean {
    if (this.found !== null) return false;
    const n = this.n + 1;
    if (line.n !== n) {
      this.breakAt(n, line.n > n ? "lines are missing from here on" : "the lines are out of order");
      return false;
    }
    const hash = hashAfter(this.previous, line);
    if (hash !== line.hash) {
      this.breakAt(n, "this line, or the one before it, is not what was written");
      return false;
    }
    const heads = this.points.get(n);
    if (heads !== undefined && (heads.size !== 1 || !heads.has(hash))) {
      this.breakAt(n, "up to here the log is another one than was signed: it was written anew");
      return false;
    }
    this.n = n;
    this.previous = hash;
    return true;
  }

  /** Something beside the chain that is wrong with a line that was added. */
  breakAt(line: number, words: string): void {
    this.found ??= { line, words };
  }

  end(): AuditVerdict {
    if (this.found === null && this.n < this.lastPoint) {
      this.breakAt(this.n + 1, `the log ends here, and was signed up to line ${this.lastPoint}`);
    }
    if (this.found !== null) return { ok: false, ...this.found };
    return { ok: true, lines: this.n, head: this.previous };
  }
}
