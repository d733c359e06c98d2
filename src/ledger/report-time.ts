import { type Transition, transitionsOf } from "../campaign/zone.js";
import { slotMs } from "./cube.js";

const daySec = 86_400;
const slotSec = slotMs / 1000;

/** Local days and hours of quarter hours, by zone; each is looked up once. */
export class LocalTimes {
  private readonly fromSec: number;
  private readonly toSec: number;
  private readonly zones = new Map<string, readonly Transition[]>();
  private readonly texts = new Map<string, string>();

  /** Over the slots of a report. */
  constructor(firstSlot: number, lastSlot: number) {
    this.fromSec = firstSlot * slotSec - daySec;
    this.toSec = lastSlot * slotSec + daySec;
  }

  /** `2026-11-26` */
  dayOf(zone: string, slot: number): string {
    return this.textOf(zone, slot).slice(0, 10);
  }

  /** `2026-11-26 14:00` */
  hourOf(zone: string, slot: number): string {
    return `${this.textOf(zone, slot).slice(0, 13).replace("T", " ")}:00`;
  }

  private textOf(zone: string, slot: number): string {
    const key = `${zone}:${slot}`;
    let text = this.texts.get(key);
    if (text === undefined) {
      const sec = slot * slotSec;
      text = new Date((sec + this.offsetSec(zone, sec)) * 1000).toISOString();
      this.texts.set(key, text);
    }
    return text;
  }

  private offsetSec(zone: string, sec: number): number {
    let transitions = this.zones.get(zone);
    if (transitions === undefined) {
      transitions = transitionsOf(zone, this.fromSec, this.toSec);
      this.zones.set(zone, transitions);
    }
    let offset = 0;
    for (const transition of transitions) {
      if (transition.fromSec > sec) break;
      offset = transition.offsetSec;
    }
    return offset;
  }
}
