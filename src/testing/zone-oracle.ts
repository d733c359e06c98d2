import { spawnSync } from "node:child_process";
import type { UnixMs } from "../base/units.js";
import { tellZoneHours } from "../bid/match.js";
import type { Scratch } from "../bid/scratch.js";
import type { CampaignTable } from "../campaign/table.js";
import { knownZones, startOfLocalDay, type Transition, transitionsOf } from "../campaign/zone.js";
import { localDay } from "../ledger/budget-plan.js";

/**
 * Days, hours of the week and beginnings of days at every change of clocks from 2025 to 2030, as
 * Python's zoneinfo has them: a second reader of the IANA database, by other people.
 */
const script = `
import sys, datetime as d, zoneinfo
utc = d.timezone.utc
step = int(sys.argv[1])
lo = int(d.datetime(2025, 1, 1, tzinfo=utc).timestamp())
hi = int(d.datetime(2031, 1, 1, tzinfo=utc).timestamp())
for name in sys.argv[2].split(","):
    try:
        zone = zoneinfo.ZoneInfo(name)
    except Exception:
        print("-", name)
        continue
    at = lambda s: d.datetime.fromtimestamp(s, zone)
    off = lambda s: at(s).utcoffset()
    s, before = lo, off(lo)
    while s < hi:
        n = s + 6 * 3600
        after = off(n)
        if after != before:
            a, b = s, n
            while b - a > 1:
                m = (a + b) // 2
                if off(m) == before: a = m
                else: b = m
            out = []
            for k in range(b - 3600, b + 3601, step):
                t = at(k)
                out.append(f"{t.toordinal() - 719163}:{t.weekday() * 24 + t.hour}")
            days = []
            first = at(b - 1).date()
            for add in (0, 1, 2):
                day = first + d.timedelta(days=add)
                base = int(d.datetime(day.year, day.month, day.day, tzinfo=utc).timestamp())
                k = base - 15 * 3600
                while k < base + 15 * 3600 and at(k).date() != day: k += 900
                days.append(f"{day.isoformat()}={k if k < base + 15 * 3600 else 'none'}")
            print("+", name, b, ",".join(days), " ".join(out))
            before = after
        s = n
`;

export type ZoneFindings = {
  readonly zones: number;
  readonly transitions: number;
  readonly moments: number;
  /** Zones that the oracle does not know. */
  readonly unknown: readonly string[];
  readonly wrong: readonly string[];
};

/** null: there is no python3 with zoneinfo here. `stepSec` lies between two moments compared. */
export function compareZones(
  stepSec: number,
  zones: readonly string[] = knownZones(),
): ZoneFindings | null {
  const args = ["-c", script, String(stepSec), zones.join(",")];
  const told = spawnSync("python3", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (told.error !== undefined || told.status !== 0) return null;
  const unknown: string[] = [];
  const wrong: string[] = [];
  let transitions = 0;
  let moments = 0;
  for (const line of told.stdout.trim().split("\n")) {
    const [mark, zone = "", second, days = "", ...told] = line.split(" ");
    if (mark === "-") unknown.push(zone);
    if (mark !== "+") continue;
    transitions++;
    moments += told.length;
    wrong.push(...wrongAt(zone, Number(second), stepSec, told), ...wrongStarts(zone, days));
  }
  return { zones: zones.length, transitions, moments, unknown, wrong };
}

const offsets = new Map<string, readonly Transition[]>();

function wrongAt(zone: string, second: number, stepSec: number, told: readonly string[]): string[] {
  let known = offsets.get(zone);
  if (known === undefined) {
    known = transitionsOf(zone, Date.parse("2024-12-01") / 1000, Date.parse("2031-02-01") / 1000);
    offsets.set(zone, known);
  }
  const table = {
    zoneTransitionStart: Uint32Array.of(0),
    zoneTransitionCount: Uint32Array.of(known.length),
    transitionSec: Float64Array.from(known, ({ fromSec }) => fromSec),
    transitionOffsetSec: Float64Array.from(known, ({ offsetSec }) => offsetSec),
  } as unknown as CampaignTable;
  const wrong: string[] = [];
  for (const [i, text] of told.entries()) {
    const sec = second - 3600 + i * stepSec;
    const scratch = { zoneMinute: -1, zoneHour: new Uint8Array(1) } as unknown as Scratch;
    tellZoneHours(table, scratch, (sec * 1000) as UnixMs);
    const ours = `${localDay(known, sec)}:${scratch.zoneHour[0]}`;
    if (ours !== text) wrong.push(`${zone} at ${sec}: ${ours}, the oracle says ${text}`);
  }
  return wrong;
}

function wrongStarts(zone: string, days: string): string[] {
  return days.split(",").flatMap((text) => {
    const [day = "", start] = text.split("=");
    const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
    const ours = startOfLocalDay(zone, year, month, date) / 1000;
    // A day that a zone skips has no beginning of its own.
    return start === "none" || ours === Number(start)
      ? []
      : [`${zone} ${day} begins at ${ours}, the oracle says ${start}`];
  });
}
