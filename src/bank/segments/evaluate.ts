import { assert } from "../../base/assert.js";
import { andInto, andNotInto, bitWords, hasBit, orInto, setBit } from "../../base/bitset.js";
import { readLabels, type StagesOfDay } from "../aipl/read-labels.js";
import { type Bank, dayName } from "../bank.js";
import { type Behaviour, type Rule, type SegmentRule, stageNumber } from "../config/model.js";
import { candidatesOf } from "./candidates.js";
import { canonicalForms } from "./canonical.js";
import { countBehaviours, type Holders } from "./count-behaviours.js";
import { behaviourKey } from "./count-plan.js";
import { listKey, type MatchedList, matchLists } from "./lists.js";
import { loadPeople, type People } from "./people.js";

export type Membership = {
  readonly segment: SegmentRule;
  /** SHA-256 of the rule's canonical form. */
  readonly digest: Uint8Array;
  /** Bitset over ordinals, eligible people only. */
  readonly bits: Uint32Array;
};

/** Everything outward, in the order of a snapshot's dictionary. */
export type Memberships = {
  readonly people: People;
  readonly segments: readonly Membership[];
};

/**
 * Evaluates every rule over the people who may be advertised to. Stages are those of the day's
 * labels, which `labelStages` has made. Sets live side by side, a bit a person each: 500 segments
 * of 10 M people are 625 MB; inside segments go as soon as no other rule needs them.
 */
export async function evaluateSegments(bank: Bank, epoch: number): Promise<Memberships> {
  const people = await loadPeople(bank, epoch);
  const lists = await matchLists(bank, people);
  const candidates = candidatesOf(bank.config, lists.values());
  const forms = canonicalForms(candidates, { config: bank.config, lists });
  const behaviours = candidates.flatMap(({ rule }) => behavioursOf(rule));
  const holders = await countBehaviours(bank, people, behaviours, "segments");
  const advertisers = bank.config.aipl.map(({ advertiser }) => advertiser);
  const labels = await readLabels(bank, people, dayName(bank.asOfSec), advertisers);
  const evaluation = new Evaluation(bank, candidates, { people, lists, holders, labels });
  for (const [name, { available }] of forms) if (!available) evaluation.empty(name);
  const segments: Membership[] = [];
  for (const [i, segment] of candidates.entries()) {
    const { digest } = forms.get(segment.name)!;
    if (segment.outward) segments.push({ segment, digest, bits: evaluation.take(segment.name) });
    bank.report("segments", i + 1, candidates.length, "segments");
  }
  return { people, segments };
}

function behavioursOf(rule: Rule): Behaviour[] {
  if (rule.kind === "did") return [rule.behaviour];
  return "of" in rule ? rule.of.flatMap(behavioursOf) : [];
}

function segmentsOf(rule: Rule): string[] {
  if (rule.kind === "segment") return [rule.name];
  return "of" in rule ? rule.of.flatMap(segmentsOf) : [];
}

type Sets = {
  readonly people: People;
  readonly lists: ReadonlyMap<string, MatchedList>;
  readonly holders: Holders;
  readonly labels: StagesOfDay;
};

/** Sets by segment, evaluated when first asked for and dropped after the last use. */
class Evaluation {
  private readonly bank: Bank;
  private readonly sets: Sets;
  private readonly rules: ReadonlyMap<string, Rule>;
  private readonly done = new Map<string, Uint32Array>();
  private readonly usesLeft = new Map<string, number>();

  constructor(bank: Bank, candidates: readonly SegmentRule[], sets: Sets) {
    this.bank = bank;
    this.sets = sets;
    this.rules = new Map(candidates.map(({ name, rule }) => [name, rule]));
    for (const { name, outward, rule } of candidates) {
      for (const used of [...segmentsOf(rule), ...(outward ? [name] : [])]) {
        this.usesLeft.set(used, (this.usesLeft.get(used) ?? 0) + 1);
      }
    }
  }

  /** What a rule misses a list of holds nobody: "everybody but the list" would be wrong. */
  empty(name: string): void {
    this.done.set(name, this.nobody());
  }

  /** A segment's set; read-only, since others may hold it. */
  take(name: string): Uint32Array {
    const left = (this.usesLeft.get(name) ?? 0) - 1;
    this.usesLeft.set(name, left);
    const rule = this.rules.get(name);
    const bits = this.done.get(name) ?? (rule === undefined ? this.nobody() : this.setOf(rule));
    if (left > 0) this.done.set(name, bits);
    else this.done.delete(name);
    return bits;
  }

  /** A set of eligible people; read-only. */
  private setOf(rule: Rule): Uint32Array {
    const { people, lists, holders, labels } = this.sets;
    switch (rule.kind) {
      case "did":
        return this.eligible(holders.get(behaviourKey(rule.behaviour))!);
      case "segment":
        return this.take(rule.name);
      case "list":
        return this.eligible(lists.get(listKey(rule.agency, rule.name))!.bits);
      case "stage": {
        const byStage = labels.get(rule.advertiser);
        assert(byStage !== undefined, "stages of an advertiser without AIPL rules");
        return this.union(rule.stages.map((s) => this.eligible(byStage[stageNumber(s) - 1]!)));
      }
      case "area": {
        const { areas } = this.bank.config;
        return this.peopleIn(
          people.areas,
          rule.areas.map((area) => areas.indexOf(area) + 1),
        );
      }
      case "market": {
        const markets = [...this.bank.config.markets.keys()];
        return this.peopleIn(
          people.markets,
          rule.markets.map((m) => markets.indexOf(m) + 1),
        );
      }
      case "all": {
        const out = people.eligible.slice();
        for (const child of rule.of) andInto(out, this.setOf(child));
        return out;
      }
      case "any":
        return this.union(rule.of.map((child) => this.setOf(child)));
      case "none": {
        const out = people.eligible.slice();
        for (const child of rule.of) andNotInto(out, this.setOf(child));
        return out;
      }
    }
  }

  private nobody(): Uint32Array {
    return new Uint32Array(bitWords(this.sets.people.rowCount));
  }

  private eligible(bits: Uint32Array): Uint32Array {
    const out = bits.slice();
    andInto(out, this.sets.people.eligible);
    return out;
  }

  private union(sets: readonly Uint32Array[]): Uint32Array {
    const out = this.nobody();
    for (const set of sets) orInto(out, set);
    return out;
  }

  /** Eligible people whose number in a column is one of those; 0 is nobody's. */
  private peopleIn(column: Uint8Array | Uint16Array, numbers: readonly number[]): Uint32Array {
    const wanted = new Uint8Array(0x10000);
    for (const number of numbers) wanted[number] = 1;
    wanted[0] = 0;
    const out = this.nobody();
    const { rowCount, eligible } = this.sets.people;
    for (let ordinal = 1; ordinal < rowCount; ordinal++) {
      if (wanted[column[ordinal]!] === 1 && hasBit(eligible, ordinal)) setBit(out, ordinal);
    }
    return out;
  }
}
