import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Stop, type StopKind, type Stops, stopKinds } from "../admin/desk/desk.js";
import { writeDurably } from "../bank/durable.js";

const stopsFile = z.array(
  z.strictObject({
    kind: z.enum(stopKinds),
    key: z.string(),
    agency: z.string(),
    sinceMs: z.number(),
    by: z.string(),
  }),
);

/**
 * Stops in a file of the data folder, beside the campaign store: they work whatever state that is
 * in. Throws where the file is there and cannot be read: what was stopped would bid again.
 */
export class StopsFile implements Stops {
  private readonly path: string;
  private stops: readonly Stop[];
  /** Has a World built by them; false: none could be. */
  private changed: () => Promise<boolean> = () => Promise.resolve(true);

  constructor(dataFolder: string) {
    this.path = join(dataFolder, "stops.json");
    this.stops = readStops(this.path);
  }

  follow(changed: () => Promise<boolean>): void {
    this.changed = changed;
  }

  readonly list = (): readonly Stop[] => this.stops;

  /** The first one of a thing stays: it says since when. */
  async add(stop: Stop): Promise<void> {
    if (this.stops.some((one) => isOf(one, stop.kind, stop.key))) return;
    await this.keep([...this.stops, stop]);
  }

  async remove(kind: StopKind, key: string): Promise<boolean> {
    const left = this.stops.filter((one) => !isOf(one, kind, key));
    if (left.length === this.stops.length) return false;
    await this.keep(left);
    return true;
  }

  private async keep(stops: readonly Stop[]): Promise<void> {
    writeDurably(this.path, `${JSON.stringify(stops)}\n`);
    this.stops = stops;
    if (!(await this.changed())) {
      throw new Error("the stop is kept, but no World could be built by it: see the status");
    }
  }
}

const isOf = (stop: Stop, kind: StopKind, key: string): boolean =>
  stop.kind === kind && stop.key === key;

function readStops(path: string): readonly Stop[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    return stopsFile.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is damaged: put it back from a copy, or delete it to stop nothing`);
  }
}
