import { zonesMax } from "../base/limits.js";
import { KeyKind } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { weekWordsOf } from "./daypart.js";
import type { Campaign } from "./model.js";
import { Dimension, shapeOfSize } from "./table.js";
import type { Dictionary, GrowingColumns } from "./table-columns.js";
import { entryOf } from "./table-columns.js";
import type { Facets } from "./targeting.js";
import {
  flagFacets,
  isFlagFacet,
  isNamedFacet,
  isTextFacet,
  namedFacets,
  textFacets,
} from "./targeting.js";
import { facetKey } from "./text-key.js";
import type { Transition } from "./zone.js";
import { transitionsOf } from "./zone.js";

/**
 * What one predicate says, before it is interned. `values` ascending, or the six words of a
 * day-part.
 */
export type Predicate = {
  readonly dimension: number;
  readonly values: readonly number[];
  readonly exclude: boolean;
};

/** Every predicate of the table once: rules that say the same share it. */
export class Predicates {
  private readonly columns: GrowingColumns;
  private readonly dictionary: Dictionary;
  private readonly exchangeIds: ReadonlyMap<string, number>;
  private readonly known = new Map<string, number>();
  private readonly zones = new Map<string, number>();

  constructor(
    columns: GrowingColumns,
    dictionary: Dictionary,
    exchangeIds: ReadonlyMap<string, number>,
  ) {
    this.columns = columns;
    this.dictionary = dictionary;
    this.exchangeIds = exchangeIds;
  }

  /** The predicates of facets, one a dimension (one a key for key-values). */
  of(facets: Facets, exclude = false): Predicate[] {
    const byDimension = new Map<number, Set<number>>();
    const more: Predicate[] = [];
    const add = (dimension: number, value: number): void => {
      entryOf(byDimension, dimension, () => new Set<number>()).add(value);
    };
    for (const [name, stated] of Object.entries(facets)) {
      if (isFlagFacet(name)) add(flagFacets[name], stated === true ? 1 : 0);
      else if (isTextFacet(name)) this.addTexts(name, stated as readonly string[], add);
      else if (isNamedFacet(name)) {
        const { dimension, values } = namedFacets[name];
        for (const word of stated as readonly string[]) {
          add(dimension, (values as Readonly<Record<string, number>>)[word] ?? 0);
        }
      } else this.addOther(name, stated, exclude, add, more);
    }
    for (const [dimension, values] of byDimension) {
      more.push({ dimension, values: sorted(values), exclude });
    }
    return more;
  }

  private addTexts(
    name: keyof typeof textFacets,
    texts: readonly string[],
    add: (dimension: number, value: number) => void,
  ): void {
    const { dimension, kind, form } = textFacets[name];
    const space = form === "byCountry" || form === "byTaxonomy" ? kind + 256 : kind;
    for (const text of texts) {
      add(
        dimension,
        this.dictionary.cached(text, space, () => facetKey(text, kind, form)),
      );
    }
  }

  private addOther(
    name: string,
    stated: unknown,
    exclude: boolean,
    add: (dimension: number, value: number) => void,
    more: Predicate[],
  ): void {
    if (name === "keyValues") {
      const pairs = stated as NonNullable<Facets["keyValues"]>;
      for (const [key, values] of Object.entries(pairs)) {
        const ids = values.map((value) =>
          this.dictionary.idOf(`${key}=${value}`, KeyKind.KEY_VALUE),
        );
        more.push({ dimension: Dimension.KEY_VALUE, values: sorted(new Set(ids)), exclude });
      }
      return;
    }
    const texts = stated as readonly string[];
    if (name === "dayParts") {
      more.push({ dimension: Dimension.DAYPART, values: weekWordsOf(texts), exclude });
    }
    for (const text of texts) {
      if (name === "countries") add(Dimension.COUNTRY, packAlpha3(text));
      else if (name === "exchanges") add(Dimension.EXCHANGE, this.exchangeIds.get(text) ?? 0);
      else if (name === "sizes") add(Dimension.SIZE, sizeValueOf(text));
    }
  }

  /** The index of a predicate; -1 when it needs one time zone more than a table holds. */
  intern({ dimension, values, exclude }: Predicate, zone: string): number {
    const zoneIndex = dimension === Dimension.DAYPART ? this.zoneOf(zone) : 0;
    if (zoneIndex < 0) return -1;
    const key = `${dimension} ${exclude ? 1 : 0} ${zoneIndex} ${values.join()}`;
    const there = this.known.get(key);
    if (there !== undefined) return there;
    const { predDimension, predExclude, predZone } = this.columns;
    const { predSetStart, predSetCount, setValues } = this.columns;
    const index = predDimension.length;
    predDimension.push(dimension);
    predExclude.push(exclude ? 1 : 0);
    predZone.push(zoneIndex);
    predSetStart.push(setValues.length);
    predSetCount.push(values.length);
    for (const value of values) setValues.push(value);
    this.known.set(key, index);
    return index;
  }

  private zoneOf(zone: string): number {
    const there = this.zones.get(zone);
    if (there !== undefined) return there;
    if (this.zones.size === zonesMax) return -1;
    this.zones.set(zone, this.zones.size);
    return this.zones.size - 1;
  }

  /** The offsets of every zone in use over the flights of the book. */
  writeZones(campaigns: readonly Campaign[]): void {
    let fromSec = Number.POSITIVE_INFINITY;
    let toSec = 0;
    for (const { startMs, endMs } of campaigns) {
      fromSec = Math.min(fromSec, Math.floor(startMs / 1000));
      toSec = Math.max(toSec, Math.ceil(endMs / 1000));
    }
    const { zoneTransitionStart, zoneTransitionCount } = this.columns;
    const { transitionSec, transitionOffsetSec } = this.columns;
    for (const zone of this.zones.keys()) {
      const transitions = rememberedTransitions(zone, fromSec, toSec);
      zoneTransitionStart.push(transitionSec.length);
      zoneTransitionCount.push(transitions.length);
      transitions.forEach((transition, i) => {
        transitionSec.push(i === 0 ? 0 : transition.fromSec);
        transitionOffsetSec.push(transition.offsetSec);
      });
    }
  }
}

/** Books are compiled again and again with the same flights: their zones are worked out once. */
const remembered = new Map<string, readonly Transition[]>();
const rememberedMax = 4 * zonesMax;

function rememberedTransitions(
  zone: string,
  fromSec: number,
  toSec: number,
): readonly Transition[] {
  const key = `${zone} ${fromSec} ${toSec}`;
  let transitions = remembered.get(key);
  if (transitions === undefined) {
    transitions = transitionsOf(zone, fromSec, toSec);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(key, transitions);
  }
  return transitions;
}

export function sizeValueOf(text: string): number {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return shapeOfSize(width, height);
}

const sorted = (values: ReadonlySet<number>): number[] =>
  values.size === 1 ? [...values] : [...values].sort((a, b) => a - b);

/** Dimensions by how few requests a value of theirs tends to meet; those not named come after. */
const selective: readonly number[] = [
  Dimension.DEAL,
  Dimension.PLACEMENT,
  Dimension.PROPERTY,
  KeyKind.SITE_APP,
  KeyKind.PUBLISHER,
  Dimension.KEY_VALUE,
  KeyKind.ZIP,
  KeyKind.CITY,
  KeyKind.CONTENT_TITLE,
  KeyKind.SERIES,
  KeyKind.CHANNEL,
  KeyKind.NETWORK,
  KeyKind.KEYWORD,
  KeyKind.CATEGORY,
  KeyKind.GENRE,
  KeyKind.MODEL,
  KeyKind.METRO,
  KeyKind.REGION,
  KeyKind.CARRIER,
  KeyKind.MAKE,
  Dimension.COUNTRY,
  Dimension.EXCHANGE,
  Dimension.SIZE,
  Dimension.DAYPART,
  KeyKind.LANGUAGE,
  Dimension.BROWSER,
  Dimension.OS,
  Dimension.DEVICE_TYPE,
];
const rankOf = new Map(selective.map((dimension, rank) => [dimension, rank]));
const ranked = (dimension: number): number => rankOf.get(dimension) ?? selective.length;

/** Sorts: includes before excludes, then the selective dimensions, then the smaller sets. */
export const bySelectivity = (a: Predicate, b: Predicate): number =>
  Number(a.exclude) - Number(b.exclude) ||
  ranked(a.dimension) - ranked(b.dimension) ||
  a.values.length - b.values.length ||
  a.dimension - b.dimension;
