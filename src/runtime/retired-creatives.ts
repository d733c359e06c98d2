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

/**
 * Landing pages of creatives that have left the config: a click on their last impressions must lead
 * somewhere as long as a token lives. Kept in a file of the data folder, so that a restart forgets
 * none.
 */
export class RetiredCreatives {
  private readonly path: string;
  private readonly seen = new Map<CreativeId, Landing>();

  constructor(path: string) {
    this.path = path;
    for (const landing of readLandings(path)) this.seen.set(landing.id, landing);
  }

  /**
   * Notes the creatives of a World and gives those of earlier ones whose tokens may still be alive.
   */
  turn(
    creatives: readonly Pick<CreativeModel, "id" | "landingPage">[],
    nowMs: number,
  ): readonly Pick<CreativeModel, "id" | "landingPage">[] {
    for (const [id, landing] of this.seen) {
      // Builds may be days apart: what was current until now was bid until now.
      if (landing.current) this.seen.set(id, { ...landing, current: false, lastSeenMs: nowMs });
      else if (nowMs - landing.lastSeenMs > tokenLifeSec * 1000) this.seen.delete(id);
    }
    for (const { id, landingPage } of creatives) {
      this.seen.set(id, { id, landingPage, current: true, lastSeenMs: nowMs });
    }
    this.save();
    return [...this.seen.values()].filter(({ current }) => !current);
  }

  private save(): void {
    const temporary = `${this.path}.new`;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(temporary, JSON.stringify([...this.seen.values()]), { mode: 0o600 });
    renameSync(temporary, this.path);
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
