import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hash64 } from "../src/base/hash.js";
import { SeededRandom } from "../src/base/random.js";
import { capAdd, capCounted, capKeyInto, capRelease, capReserve } from "../src/bid/cap.js";
import { isCapRuleOpen } from "../src/bid/cap-rule.js";
import { createSharedBuffers, type SharedState, sharedStateFrom } from "../src/bid/shared-state.js";
import { MergedPeople, mergesPart } from "../src/index/merged-people.js";
import { ExposureLog } from "../src/runtime/exposure-log.js";
import { scanExposures } from "../src/runtime/exposure-scan.js";

export type CapSizes = {
  readonly people: number;
  readonly bids: number;
  /** Rows of the exposure log. */
  readonly rows: number;
  readonly rounds: number;
};
/** Three windows of everybody: 36 % of the table's places. */
export const capsFull: CapSizes = { people: 250_000, bids: 300_000, rows: 2_000_000, rounds: 7 };

/** Of this process, in the kernel too: what others do on the machine is not in it. */
const cpuNs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};
const daySec = 86_400;
const nowSec = 1_800_000_000;
const windowsSec = [daySec, 7 * daySec, 30 * daySec];
const key = new Hash64();

/** The table with a few impressions of everybody: random lines of a memory that no cache holds. */
function filled(people: number): SharedState {
  const sizes = { workers: 1, places: 1, slots: 1, ringRecords: 1, capEntries: 2 ** 21 };
  const state = sharedStateFrom(createSharedBuffers(sizes), 0);
  for (let person = 1; person <= people; person++) {
    for (const [rule, windowSec] of windowsSec.entries()) {
      capKeyInto(person, 0, rule, key);
      capAdd(state, key.lo, key.hi, windowSec, nowSec - 100, nowSec);
    }
  }
  return state;
}

/** Nanoseconds of a bid's caps, taken and given back: the first `caps` windows. */
function bidNs(state: SharedState, sizes: CapSizes, caps: number, merges: MergedPeople): number {
  const random = new SeededRandom(caps);
  const persons = Uint32Array.from({ length: sizes.bids }, () => 1 + random.below(sizes.people));
  const taken = new Int32Array(caps);
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < sizes.rounds; round++) {
    const started = cpuNs();
    for (const person of persons) {
      for (let rule = 0; rule < caps; rule++) {
        const windowSec = windowsSec[rule]!;
        if (!isCapRuleOpen(state, rule, true, nowSec)) throw new Error("the rule is open");
        let max = 50;
        for (let i = merges.firstInto(person); merges.isInto(i, person); i++) {
          capKeyInto(merges.earlier(i), 0, rule, key);
          max -= capCounted(state, key.lo, key.hi, windowSec, nowSec);
        }
        capKeyInto(person, 0, rule, key);
        taken[rule] = capReserve(state, key.lo, key.hi, max, windowSec, nowSec);
      }
      for (const slot of taken) if (slot >= 0) capRelease(state, slot);
    }
    bestNs = Math.min(bestNs, (cpuNs() - started) / persons.length);
  }
  return bestNs;
}

/** Rows a second: written to the log, and counted from it by one rule after a start. */
function logRates({ rows, people }: CapSizes): {
  readonly written: number;
  readonly counted: number;
} {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-caps-"));
  try {
    const log = new ExposureLog(folder, 90, "ab");
    log.begin(1);
    const random = new SeededRandom(9);
    const row = { epoch: 1, behaviour: "exposure", lineItem: 50, campaign: 1 } as const;
    const started = cpuNs();
    for (let i = 0; i < rows; i++) {
      const person = 1 + random.below(people);
      log.add({ ...row, person, advertiser: 7, country: "USA" }, nowSec);
      if (i % 1000 === 999) log.flush(nowSec);
    }
    log.close(nowSec);
    const written = cpuNs();
    const sizes = { workers: 1, places: 1, slots: 1, ringRecords: 1, capEntries: 2 ** 21 };
    const state = sharedStateFrom(createSharedBuffers(sizes), 0);
    let found = 0;
    const steps = scanExposures(folder, nowSec - daySec, ({ person }) => {
      capKeyInto(person, 0, 0, key);
      if (capAdd(state, key.lo, key.hi, daySec, nowSec, nowSec)) found++;
    });
    while (steps.next().done !== true);
    const counted = cpuNs();
    if (found !== rows) throw new Error(`${found} of ${rows} rows were counted`);
    const rate = (ns: number): number => rows / (ns / 1e9);
    return { written: rate(written - started), counted: rate(counted - written) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What frequency caps cost a bid, and a start. */
export function printCaps(sizes: CapSizes, write: (line: string) => void): void {
  const state = filled(sizes.people);
  const none = new MergedPeople([]);
  const pairs = Array.from({ length: 2 * sizes.people }, (_, i) =>
    i % 2 === 0 ? sizes.people + i : sizes.people + i + 1,
  );
  const many = new MergedPeople([mergesPart(pairs, 1 as never)!]);
  const one = bidNs(state, sizes, 1, none);
  const three = bidNs(state, sizes, 3, none);
  const merged = bidNs(state, sizes, 3, many);
  const { written, counted } = logRates(sizes);
  write(
    `caps of a bid, taken and given back: one ${one.toFixed(0)} ns, three ${three.toFixed(0)} ns`,
  );
  write(`two more caps add ${(three - one).toFixed(0)} ns to a bid`);
  write(`three where ${sizes.people} merges are looked through: ${merged.toFixed(0)} ns`);
  write(
    `exposure log: ${Math.round(written)} rows written a second of CPU, ` +
      `${Math.round(counted)} counted`,
  );
}
