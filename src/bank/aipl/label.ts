import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { UINTEGER, UTINYINT } from "@duckdb/node-api";
import { bitWords, hasBit, orInto } from "../../base/bitset.js";
import { type Bank, dayName } from "../bank.js";
import { type AiplRules, stageNumber, stages } from "../config/model.js";
import { type Duck, numbersOf, sqlParquet, sqlText } from "../duck.js";
import { countBehaviours, type Holders } from "../segments/count-behaviours.js";
import { behaviourKey } from "../segments/count-plan.js";
import { loadPeople, type People } from "../segments/people.js";

export type StageResult = {
  readonly day: string;
  /** False when the day had its labels before: they stay, whatever has come in since. */
  readonly made: boolean;
  /** Labels of the day, people times advertisers. For inside use: never printed. */
  readonly labels: number;
};

/**
 * Gives every person at most one label an advertiser for the day of `bank.asOfSec`: the highest
 * stage of which one behaviour holds. A day is labelled once; an advertiser that the config gains
 * later in the day has its first labels the next day.
 */
export async function labelStages(bank: Bank, epoch: number): Promise<StageResult> {
  const day = dayName(bank.asOfSec);
  const file = bank.folders.aiplOf(day);
  const made = !existsSync(file);
  if (made) await writeLabels(bank, await loadPeople(bank, epoch), day, file);
  const labels = await bank.duck.number(`SELECT count(*) FROM ${sqlParquet([file])}`);
  return { day, made, labels };
}

async function writeLabels(bank: Bank, people: People, day: string, file: string): Promise<void> {
  const { duck, folders, config } = bank;
  const behaviours = config.aipl.flatMap(({ stages }) => Object.values(stages).flat());
  const holders = await countBehaviours(bank, people, behaviours, "stages");
  const labelled = config.aipl.map((rules) => byStage(rules, holders, people.rowCount));
  labelSourceOf(duck).labelled = labelled;
  mkdirSync(folders.writing, { recursive: true, mode: 0o700 });
  mkdirSync(folders.aipl, { recursive: true, mode: 0o700 });
  const writing = join(folders.writing, `aipl-${day}.parquet`);
  const advertisers = config.aipl.map(({ advertiser }, i) => `(${i}, ${advertiser})`);
  const from =
    advertisers.length === 0
      ? "(SELECT 0 AS ordinal, 0 AS advertiser, 0 AS stage WHERE false)"
      : `(SELECT ordinal, advertiser, stage_label(ordinal::UINTEGER, place::UINTEGER) AS stage
          FROM ${sqlParquet([join(folders.peopleOf(people.epoch), "persons.parquet")])},
            (VALUES ${advertisers.join()}) t(place, advertiser))`;
  await duck.run(`
    COPY (
      SELECT ordinal::UINTEGER AS ordinal, advertiser::UINTEGER AS advertiser,
        stage::UTINYINT AS stage
      FROM ${from} WHERE stage > 0 ORDER BY ordinal, advertiser
    ) TO ${sqlText(writing)} (FORMAT parquet, COMPRESSION zstd)`);
  labelSourceOf(duck).labelled = [];
  renameSync(writing, file);
}

/** Bitset of each stage, awareness first: whoever shows one of its behaviours. */
function byStage(rules: AiplRules, holders: Holders, rowCount: number): Uint32Array[] {
  return stages.map((stage) => {
    const out = new Uint32Array(bitWords(rowCount));
    for (const behaviour of rules.stages[stage]) orInto(out, holders.get(behaviourKey(behaviour))!);
    return out;
  });
}

/** What DuckDB's `stage_label(ordinal, place)` reads: by place of the advertiser, then stage. */
type LabelSource = { labelled: readonly (readonly Uint32Array[])[] };
const labelSources = new WeakMap<Duck, LabelSource>();

/** A function is registered once a connection, so it reads what is current in its source. */
function labelSourceOf(duck: Duck): LabelSource {
  const known = labelSources.get(duck);
  if (known !== undefined) return known;
  const source: LabelSource = { labelled: [] };
  labelSources.set(duck, source);
  duck.define("stage_label", [UINTEGER, UINTEGER], UTINYINT, (input, rows, output) => {
    const ordinals = numbersOf(input.getColumnVector(0));
    const places = numbersOf(input.getColumnVector(1));
    const out = numbersOf(output);
    for (let i = 0; i < rows; i++) {
      out[i] = highestStage(source.labelled[places[i]!]!, ordinals[i]!);
    }
  });
  return source;
}

function highestStage(byStage: readonly Uint32Array[], ordinal: number): number {
  for (let s = stages.length - 1; s >= 0; s--) {
    if (hasBit(byStage[s]!, ordinal)) return stageNumber(stages[s]!);
  }
  return 0;
}
