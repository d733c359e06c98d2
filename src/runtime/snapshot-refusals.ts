import type { RefusalCode } from "../index/verify.js";
import type { RefusedEpoch } from "./snapshot-load.js";

/** The last snapshot that was refused, for operators. */
export type LastRefusal = RefusedEpoch & { readonly atMs: number };

/** Counts refused snapshots by code since the start, and remembers the last one with its reason. */
export class SnapshotRefusals {
  private readonly byCode = new Map<RefusalCode, number>();
  private newest: LastRefusal | null = null;

  /** `refused` as it was tried: what comes first is told as the last refusal. */
  note(refused: readonly RefusedEpoch[], atMs: number): void {
    for (const { code } of refused) this.byCode.set(code, (this.byCode.get(code) ?? 0) + 1);
    const [first] = refused;
    if (first !== undefined) this.newest = { ...first, atMs };
  }

  get counts(): ReadonlyMap<RefusalCode, number> {
    return this.byCode;
  }

  /** Of several refused at once the newest epoch's. null = none since the start. */
  get last(): LastRefusal | null {
    return this.newest;
  }
}
