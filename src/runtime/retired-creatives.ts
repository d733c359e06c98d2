import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CreativeId } from "../base/ids.js";
import { tokenLifeSec } from "../base/limits.js";
import type { CreativeModel } from "../campaign/model.js";

type Landing = {
  readonly id: CreativeId;
  readonly landingPage: string;
  /** It was in the newest World; until the next one is built it may be bid. */
  readonly current: boolean;
  readonly lastSeenMs: number;
};

type Landings = Pick<CreativeModel, "id" | "landingPage">;
/** The same creatives (most edits are of prices) are looked through once in so long. */
const againMs = 60_000;

/**
 * Landing pages of creatives that have left the config: a click on their last impressions must lead
 * somewhere as long as a token lives. Kept in a file of the data folder, so that a restart forgets
 * none.
 */
export class RetiredCreatives {
  private readonly path: string;
  private readonly seen = new Map<CreativeId, Landing>();
  private unsaved = false;
  private last: {
    readonly creatives: readonly Landings[];
    readonly retired: readonly Landings[];
    readonly atMs: number;
  } | null = null;

  constructor(path: string) {
    this.path = path;
    for (const landing of readLandings(path)) this.seen.set(landing.id, landing);
  }

  /**
   * Notes the creatives of a World and gives those of earlier ones whose tokens may still be alive.
   */
  turn(creatives: readonly Landings[], nowMs: number): readonly Landings[] {
    const { last } = this;
    const sinceMs = last === null ? Number.NaN : nowMs - last.atMs;
    if (last?.creatives === creatives && sinceMs >= 0 && sinceMs < againMs) return last.retired;
    const current = new Set(creatives.map(({ id }) => id));
    for (const [id, landing] of this.seen) {
      if (current.has(id)) continue;
      // Builds may be days apart: what was current until now was bid until now.
      if (landing.current) this.seen.set(id, { ...landing, current: false, lastSeenMs: nowMs });
      else if (nowMs - landing.lastSeenMs > tokenLifeSec * 1000) this.seen.delete(id);
      else continue;
      this.unsaved = true;
    }
    for (const { id, landingPage } of creatives) {
      const known = this.seen.get(id);
      // When it was seen says nothing of one that is current: it is seen until it goes.
      if (known?.current === true && known.landingPage === landingPage) continue;
      this.seen.set(id, { id, landingPage, current: true, lastSeenMs: nowMs });
      this.unsaved = true;
    }
    if (this.unsaved) this.save();
    const retired = [...this.seen.values()].filter((landing) => !landing.current);
    this.last = { creatives, retired, atMs: nowMs };
    return retired;
  }

  private save(): void {
    const temporary = `${this.path}.new`;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(temporary, JSON.stringify([...this.seen.values()]), { mode: 0o600 });
    renameSync(temporary, this.path);
    this.unsaved = false;
  }
}

/**
 * A file that is missing or broken is an empty list: clicks then answer as for an unknown creative.
 */
function readLandings(path: string): readonly Landing[] {
  try {
    const list: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(list) ? list.filter(isLanding) : [];
  } catch {
    return [];
  }
}

const isLanding = (value: unknown): value is Landing =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Landing).id === "number" &&
  typeof (value as Landing).landingPage === "string" &&
  typeof (value as Landing).current === "boolean" &&
  typeof (value as Landing).lastSeenMs === "number";
