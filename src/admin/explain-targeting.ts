import { textKeyOf } from "../base/hash.js";
import { ChannelKind, type KeyKind } from "../base/lists.js";
import { packAlpha3, unpackAlpha3 } from "../base/units.js";
import { valuesPerDimension } from "../bid/scratch.js";
import { sizeValueOf } from "../campaign/compile-predicates.js";
import { Dimension, dictionaryIdOf } from "../campaign/table.js";
import {
  type Facets,
  flagFacets,
  isFlagFacet,
  isNamedFacet,
  isTextFacet,
  namedFacets,
  textFacets,
} from "../campaign/targeting.js";
import { facetKey } from "../campaign/text-key.js";
import type { ExplainCase } from "./explain-case.js";
import type { Refusal } from "./explain-result.js";
import { listed, weekHourText } from "./explain-words.js";
import { textsSeen } from "./plain-request.js";

const otherFacets: Readonly<Record<string, number>> = {
  countries: Dimension.COUNTRY,
  exchanges: Dimension.EXCHANGE,
  sizes: Dimension.SIZE,
  keyValues: Dimension.KEY_VALUE,
  dayParts: Dimension.DAYPART,
};

export function dimensionOf(facet: string): number {
  if (isTextFacet(facet)) return textFacets[facet].dimension;
  if (isNamedFacet(facet)) return namedFacets[facet].dimension;
  return isFlagFacet(facet) ? flagFacets[facet] : (otherFacets[facet] ?? 0);
}

/**
 * One value of a facet with the number that the table knows it by; `key` is that of a key-value.
 */
type FacetValue = {
  readonly facet: string;
  readonly key: string;
  readonly text: string;
  readonly value: number;
};

/** Every value of the facets that make one dimension's predicates. */
function valuesOf({ decision }: ExplainCase, facets: Facets, dimension: number): FacetValue[] {
  const { table } = decision;
  const idOf = (key: { readonly lo: number; readonly hi: number }): number =>
    dictionaryIdOf(table, key.lo, key.hi);
  return Object.entries(facets).flatMap(([facet, stated]): FacetValue[] => {
    if (stated === undefined || dimensionOf(facet) !== dimension) return [];
    if (facet === "keyValues") {
      return Object.entries(stated as NonNullable<Facets["keyValues"]>).flatMap(([key, values]) =>
        values.map((text) => ({
          ...{ facet: `keyValues ${key}`, key, text },
          value: idOf(textKeyOf(`${key}=${text}`, dimension as KeyKind)),
        })),
      );
    }
    if (isFlagFacet(facet)) {
      return [{ facet, key: "", text: String(stated), value: stated === true ? 1 : 0 }];
    }
    return (stated as readonly string[]).map((text) => {
      const value = isTextFacet(facet)
        ? idOf(facetKey(text, textFacets[facet].kind, textFacets[facet].form))
        : numberOf(facet, text, decision.world.exchanges);
      return { facet, key: "", text, value };
    });
  });
}

function numberOf(
  facet: string,
  text: string,
  exchanges: readonly { readonly id: number; readonly name: string }[],
): number {
  if (isNamedFacet(facet)) {
    return (namedFacets[facet].values as Readonly<Record<string, number>>)[text] ?? 0;
  }
  if (facet === "countries") return packAlpha3(text);
  if (facet === "sizes") return sizeValueOf(text);
  return exchanges.find(({ name }) => name === text)?.id ?? 0;
}

/** A predicate that the imp does not meet, in the words of the line item's own targeting. */
export function targetingRefusal(at: ExplainCase, lineItem: number, predicate: number): Refusal {
  const { table } = at.decision;
  const { include, exclude } = at.buyings[lineItem]!.lineItem.targeting;
  const excludes = table.predExclude[predicate] === 1;
  const dimension = table.predDimension[predicate]!;
  const values = ofPredicate(at, valuesOf(at, excludes ? exclude : include, dimension), predicate);
  const facet = [...new Set(values.map((value) => value.facet))].join(", ");
  const seen = seenIn(at, dimension, values);
  if (!excludes) {
    const limit = listed(values.map(({ text }) => text));
    return { rule: `targeting: include ${facet}`, seen: listed(seen), limit: `one of ${limit}` };
  }
  const hits = values.filter(({ value }) => isPresent(at, dimension, value));
  return {
    rule: `targeting: exclude ${facet}`,
    seen: listed(hits.length > 0 ? hits.map(({ text }) => text) : seen),
    limit: `none of ${listed(values.map(({ text }) => text))}`,
  };
}

/**
 * Several key-values are several predicates of one dimension: keeps the values of the one that is
 * meant.
 */
function ofPredicate(
  { decision: { table } }: ExplainCase,
  values: readonly FacetValue[],
  predicate: number,
): readonly FacetValue[] {
  if (table.predDimension[predicate] !== Dimension.KEY_VALUE) return values;
  const start = table.predSetStart[predicate]!;
  const set = table.setValues.subarray(start, start + table.predSetCount[predicate]!);
  const meant = values.find(({ value }) => set.includes(value));
  return values.filter(({ key }) => key === meant?.key);
}

function isPresent({ decision }: ExplainCase, dimension: number, value: number): boolean {
  return numbersIn(decision.scratch, dimension).includes(value);
}

function numbersIn(
  scratch: { readonly value: Uint32Array; readonly valueCount: Uint16Array },
  dimension: number,
): number[] {
  const first = dimension * valuesPerDimension;
  return [...scratch.value.subarray(first, first + scratch.valueCount[dimension]!)];
}

/** What the request (or the clock) has in a dimension, in words. */
function seenIn(at: ExplainCase, dimension: number, values: readonly FacetValue[]): string[] {
  const { decision, plain } = at;
  if (dimension < Dimension.EXCHANGE && dimension !== Dimension.DEAL) {
    return textsSeen(plain, decision.imp, dimension, values[0]?.key);
  }
  return numbersIn(decision.scratch, dimension).map((number) => numberText(at, dimension, number));
}

function numberText({ decision, config }: ExplainCase, dimension: number, value: number): string {
  switch (dimension) {
    case Dimension.COUNTRY:
      return unpackAlpha3(value);
    case Dimension.EXCHANGE:
      return decision.exchange.name;
    case Dimension.SIZE:
      return `${value >>> 16}x${value & 0xffff}`;
    case Dimension.DEAL:
      return dealName(config.book.deals, decision, value);
    case Dimension.CHANNEL_KIND:
      return Object.keys(ChannelKind)[value]?.toLowerCase() ?? String(value);
    default:
      return wordOf(dimension, value);
  }
}

/**
 * A deal of the request by the text that our side knows it by; texts that only the request has are
 * not repeated.
 */
function dealName(
  deals: readonly { readonly deal: string }[],
  { table }: ExplainCase["decision"],
  value: number,
): string {
  const known = deals.find(({ deal }) => {
    const key = textKeyOf(deal, Dimension.DEAL);
    return dictionaryIdOf(table, key.lo, key.hi) === value;
  });
  return known?.deal ?? "a deal that line items name";
}

function wordOf(dimension: number, value: number): string {
  for (const rule of Object.values(namedFacets)) {
    if (rule.dimension !== dimension) continue;
    const named = Object.entries(rule.values).find(([, number]) => number === value);
    return named === undefined ? String(value) : named[0];
  }
  return value === 1 ? "true" : "false";
}

/** A day-part predicate: the local hour against the day-parts. */
export function dayPartRefusal(at: ExplainCase, lineItem: number, predicate: number): Refusal {
  const { table, scratch } = at.decision;
  const { lineItem: model, campaign } = at.buyings[lineItem]!;
  const excludes = table.predExclude[predicate] === 1;
  const { dayParts = [] } = excludes ? model.targeting.exclude : model.targeting.include;
  const hour = weekHourText(scratch.zoneHour[table.predZone[predicate]!]!);
  return {
    rule: `targeting: ${excludes ? "exclude" : "include"} dayParts`,
    seen: `${hour} in ${campaign.timeZone}`,
    limit: `${excludes ? "outside" : "within"} ${listed(dayParts)}`,
  };
}

/** A context modifier's condition: "deviceTypes phone, tablet". */
export function conditionText(when: Facets): string {
  return Object.entries(when)
    .filter(([, stated]) => stated !== undefined)
    .map(([facet, stated]) => {
      if (facet === "keyValues") {
        return Object.entries(stated as NonNullable<Facets["keyValues"]>)
          .map(([key, values]) => `${key} ${listed(values)}`)
          .join(", ");
      }
      return `${facet} ${typeof stated === "boolean" ? stated : listed(stated as string[])}`;
    })
    .join(", ");
}
