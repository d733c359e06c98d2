import { hasBit } from "../../base/bitset.js";
import type { Bank } from "../bank.js";
import { stages } from "../config/model.js";
import { loadPeople } from "../segments/people.js";
import { readLabels } from "./read-labels.js";

/** `people[from][to]`: people by stage on both days; 0 = none, 1 awareness .. 4 loyalty. */
export type StageFlow = {
  readonly advertiser: number;
  readonly people: readonly (readonly number[])[];
};

/**
 * Who moved from which stage to which between two days, among the people of an epoch. Exact counts
 * below any minimum: for inside use and tests, never for an output.
 */
export async function compareStages(
  bank: Bank,
  epoch: number,
  dayA: string,
  dayB: string,
): Promise<StageFlow[]> {
  const people = await loadPeople(bank, epoch);
  const advertisers = bank.config.aipl.map(({ advertiser }) => advertiser);
  const before = await readLabels(bank, people, dayA, advertisers);
  const after = await readLabels(bank, people, dayB, advertisers);
  return advertisers.map((advertiser) => ({
    advertiser,
    people: flowsOf(before.get(advertiser)!, after.get(advertiser)!, people.rowCount),
  }));
}

type Sets = readonly Uint32Array[];

function flowsOf(before: Sets, after: Sets, rowCount: number): number[][] {
  const side = stages.length + 1;
  const flows = Array.from({ length: side }, () => new Array<number>(side).fill(0));
  for (let ordinal = 1; ordinal < rowCount; ordinal++) {
    const [from, to] = [stageOf(before, ordinal), stageOf(after, ordinal)];
    if (from + to > 0) flows[from]![to]!++;
  }
  return flows;
}

const stageOf = (byStage: Sets, ordinal: number): number =>
  byStage.findIndex((set) => hasBit(set, ordinal)) + 1;
