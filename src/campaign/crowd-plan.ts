import { segmentsPerPlane } from "../index/format.js";
import { type DictionaryEntry, mayUse } from "../index/projection.js";
import { type AudienceTerm, termText } from "./audience.js";
import type { CountedTerm, CountOrder, CrowdCounter } from "./crowd-counter.js";
import {
  type AudienceJudged,
  type CrowdAudience,
  type CrowdRule,
  judgeCrowds,
  pairsToCount,
} from "./crowd-rule.js";

export type CountPlan = {
  /** The audiences whose every segment is in the snapshot, and their agency's to use. */
  readonly known: readonly CrowdAudience[];
  /** Planes to read, by the places that terms know them by. */
  readonly planes: readonly number[];
  /** A term that several audiences have is counted once. */
  readonly order: CountOrder;
};

/** What to count for audiences over a snapshot with these segments, in the order of its planes. */
export function planCount(
  audiences: readonly CrowdAudience[],
  segments: readonly DictionaryEntry[],
): CountPlan {
  const positions = new Map(segments.map(({ name }, i) => [name, i]));
  const planes: number[] = [];
  const terms: CountedTerm[] = [];
  const placeOf = new Map<string, number>();
  const known: CrowdAudience[] = [];
  const places: number[][] = [];
  for (const audience of audiences) {
    const mayName = (name: string): boolean => {
      const segment = segments[positions.get(name) ?? -1];
      return segment !== undefined && mayUse(segment.agencies, audience.agency);
    };
    if (!audience.terms.every(({ all, none }) => [...all, ...none].every(mayName))) continue;
    known.push(audience);
    places.push(
      audience.terms.map((term) => {
        const text = termText(term);
        const place = placeOf.get(text) ?? terms.length;
        if (place === terms.length) terms.push(countedTerm(term, positions, planes));
        placeOf.set(text, place);
        return place;
      }),
    );
  }
  return { known, planes, order: { terms, audiences: places, pairs: pairsToCount(known) } };
}

/** A term as demands on planes; planes not used before are appended. */
function countedTerm(
  term: AudienceTerm,
  positions: ReadonlyMap<string, number>,
  planes: number[],
): CountedTerm {
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
  const clauses = [...byPlane].map(([plane, demand]) => {
    if (!planes.includes(plane)) planes.push(plane);
    return { plane: planes.indexOf(plane), ...demand };
  });
  return { clauses, mark: -1 };
}

/** The verdicts on the known audiences of a plan, by what has been counted. */
export function judgeCounted(
  { known, order }: CountPlan,
  { termPeople, audiencePeople, pairPeople }: CrowdCounter,
  rule: CrowdRule,
): readonly AudienceJudged[] {
  const byAudience = order.audiences.map((places) => places.map((t) => termPeople[t]!));
  const people = { termPeople: byAudience, audiencePeople, pairPeople };
  return judgeCrowds(known, order.pairs, people, rule);
}
