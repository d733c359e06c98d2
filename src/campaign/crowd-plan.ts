import { segmentsPerPlane } from "../index/format.js";
import { type DictionaryEntry, mayUse } from "../index/projection.js";
import { type AudienceTerm, termText } from "./audience.js";
import type { CountedTerm, CountOrder, CrowdCounter, TermClause } from "./crowd-counter.js";
import {
  type AudienceJudged,
  type CrowdAudience,
  type CrowdRule,
  judgeCrowds,
  setsToCount,
} from "./crowd-rule.js";

export type CountPlan = {
  /**
   * The audiences whose every segment is in the snapshot, and their agency's to use; behind them
   * their cuts.
   */
  readonly known: readonly CrowdAudience[];
  /** Planes to read, by the places that terms know them by. */
  readonly planes: readonly number[];
  /** A term that several audiences have is counted once. */
  readonly order: CountOrder;
  /** By mark: numbers of the home areas that give it. Empty = no term asks where people live. */
  readonly areaSets: readonly (readonly number[])[];
};

/**
 * What to count for audiences over a snapshot with these segments, in the order of its planes, and
 * these home areas, by number from 1. An area that it lacks has nobody.
 */
export function planCount(
  audiences: readonly CrowdAudience[],
  segments: readonly DictionaryEntry[],
  areas: readonly string[] = [],
): CountPlan {
  const positions = new Map(segments.map(({ name }, i) => [name, i]));
  const planes: number[] = [];
  const marks = new Marks(areas);
  const terms: CountedTerm[] = [];
  const placeOf = new Map<string, number>();
  const isKnown = (audience: CrowdAudience): boolean => {
    const mayName = (name: string): boolean => {
      const segment = segments[positions.get(name) ?? -1];
      return segment !== undefined && mayUse(segment.agencies, audience.agency);
    };
    return audience.terms.every(({ all, none }) => [...all, ...none].every(mayName));
  };
  const { sets: known, pairs } = setsToCount(audiences.filter(isKnown));
  const places = known.map((set) =>
    set.terms.map((term) => {
      const text = termText(term);
      const place = placeOf.get(text) ?? terms.length;
      if (place === terms.length) {
        terms.push({ clauses: clausesOf(term, positions, planes), mark: marks.of(term) });
      }
      placeOf.set(text, place);
      return place;
    }),
  );
  const { sets } = marks;
  const order = { terms, audiences: places, pairs, homeMark: sets.length === 0 ? -1 : 0 };
  return { known, planes, order, areaSets: sets };
}

/** Sets of home areas that terms ask for; the first is of all areas. */
class Marks {
  readonly sets: (readonly number[])[] = [];
  private readonly known = new Map<string, number>();
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(areas: readonly string[]) {
    this.numbers = new Map(areas.map((name, i) => [name, i + 1]));
  }

  of({ areas }: AudienceTerm): number {
    if (areas === undefined) return -1;
    if (this.sets.length === 0) this.sets.push([...this.numbers.values()]);
    const text = areas.join();
    const mark = this.known.get(text) ?? this.sets.length;
    if (mark === this.sets.length) this.sets.push(areas.flatMap((a) => this.numbers.get(a) ?? []));
    this.known.set(text, mark);
    return mark;
  }
}

/** A term as demands on planes; planes not used before are appended. */
function clausesOf(
  term: AudienceTerm,
  positions: ReadonlyMap<string, number>,
  planes: number[],
): readonly TermClause[] {
  const byPlane = new Map<number, { ones: number; zeros: number }>();
  for (const [side, names] of [["ones", term.all] as const, ["zeros", term.none] as const]) {
    for (const name of names) {
      const position = positions.get(name)!;
      const plane = Math.floor(position / segmentsPerPlane);
      const demand = byPlane.get(plane) ?? { ones: 0, zeros: 0 };
      demand[side] |= 1 << (position % segmentsPerPlane);
      byPlane.set(plane, demand);
    }
  }
  return [...byPlane].map(([plane, demand]) => {
    if (!planes.includes(plane)) planes.push(plane);
    return { plane: planes.indexOf(plane), ...demand };
  });
}

/** The verdicts on the known audiences of a plan, by what has been counted. */
export function judgeCounted(
  { known, order }: CountPlan,
  { termPeople, audiencePeople, homedPeople, pairPeople }: CrowdCounter,
  rule: CrowdRule,
): readonly AudienceJudged[] {
  const byAudience = order.audiences.map((places) => places.map((t) => termPeople[t]!));
  const people = { termPeople: byAudience, audiencePeople, homedPeople, pairPeople };
  return judgeCrowds({ sets: known, pairs: order.pairs }, people, rule);
}
