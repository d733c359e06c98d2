import { describe, expect, test } from "vitest";
import { mix32, scopeKey, textKeyOf } from "../base/hash.js";
import type { AgencyId, ExchangeId, LineItemId } from "../base/ids.js";
import { KeyKind, Media } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { syntheticModel } from "../testing/campaigns.js";
import { compile, segmentNames, segmentsWanted } from "./compile.js";
import type { Compiled, CompileInput } from "./compile-input.js";
import type { Exchange } from "./exchange.js";
import type { CampaignBook, LineItem } from "./model.js";
import type { CampaignTable } from "./table.js";
import {
  accessSlotOf,
  Demand,
  Dimension,
  dictionaryIdOf,
  Live,
  NO_AUDIENCE,
  shapeAccess,
  shapeOfSize,
  shapeVideo,
  tableFrom,
} from "./table.js";
import type { Facets } from "./targeting.js";

const exchanges = ["openrtb26", "openrtb25", "onebid"].map(
  (name, index) => ({ id: (index + 1) as ExchangeId, index, name }) as unknown as Exchange,
);
const segments = ["aware", "keen", "loyal", "rich"];
const projection = new Map(
  segments.map((name, i) => [name, { word: i % 2, bit: 28 + i, agencies: [] as number[] }]),
);

function inputOf(book: CampaignBook, more: Partial<CompileInput> = {}): CompileInput {
  const allowancePlaceOf = (id: LineItemId) => id * 2;
  return { book, exchanges, projection, certificates: new Set(), allowancePlaceOf, ...more };
}

function tableOf(book: CampaignBook, more: Partial<CompileInput> = {}) {
  const compiled = compile(inputOf(book, more));
  return { compiled, table: tableFrom(compiled.table) };
}

/** One line item of advertiser 1, changed. */
function bookWith(change: Partial<LineItem>, include: Facets = {}): CampaignBook {
  const book = syntheticModel(1, 1);
  const lineItem = book.lineItems[0]!;
  const targeting = { include, exclude: {} };
  return { ...book, lineItems: [{ ...lineItem, targeting, ...change }] };
}

const posted = (table: CampaignTable, lo: number, hi: number): number[] => {
  const slot = accessSlotOf(table, lo, hi);
  if (slot < 0) return [];
  const start = table.accessStart[slot]!;
  return [...table.postings.subarray(start, start + table.accessCount[slot]!)];
};

const textId = (table: CampaignTable, text: string, kind: KeyKind, scope?: number): number => {
  const key = textKeyOf(text, kind);
  if (scope !== undefined) scopeKey(key, scope);
  return dictionaryIdOf(table, key.lo, key.hi);
};

const certify = (compiled: Compiled) =>
  new Set(compiled.audiencesNeeded.map(({ digest }) => digest));

describe("access keys", () => {
  test("a deal wins over sites, sites over shape and country", () => {
    const include = { deals: ["D-1"], sites: ["news.example"], countries: ["FRA"] };
    const { table } = tableOf(bookWith({}, include));
    expect(posted(table, textId(table, "D-1", KeyKind.DEAL), Dimension.DEAL)).toEqual([0]);
    const site = textId(table, "news.example", KeyKind.DOMAIN);
    expect(site).toBeGreaterThan(0);
    expect(posted(table, site, Dimension.PROPERTY)).toEqual([]);
    expect([...table.lineItemDealOnly]).toEqual([1]);
  });

  test("a line item that buys beside its deals is found without them", () => {
    const { table } = tableOf(bookWith({ openAuction: true }, { deals: ["D-1"] }));
    expect(posted(table, textId(table, "D-1", KeyKind.DEAL), Dimension.DEAL)).toEqual([]);
    expect(posted(table, shapeOfSize(728, 90), shapeAccess)).toEqual([0]);
    expect([...table.lineItemDealOnly]).toEqual([0]);
  });

  test("sites and apps are one list", () => {
    const { table } = tableOf(bookWith({}, { sites: ["news.example"], apps: ["org.example"] }));
    const site = textId(table, "News.Example", KeyKind.DOMAIN);
    const app = textId(table, "org.example", KeyKind.BUNDLE);
    expect(posted(table, site, Dimension.PROPERTY)).toEqual([0]);
    expect(posted(table, app, Dimension.PROPERTY)).toEqual([0]);
    expect([...table.predDimension]).toEqual([Dimension.PROPERTY]);
  });

  test("without a selective dimension by shape and country, and targeted sizes only", () => {
    const { table } = tableOf(bookWith({}, { countries: ["FRA", "DEU"] }));
    for (const country of ["FRA", "DEU"]) {
      const hi = (shapeAccess | packAlpha3(country)) >>> 0;
      expect(posted(table, shapeOfSize(728, 90), hi)).toEqual([0]);
    }
    expect(posted(table, shapeOfSize(728, 90), shapeAccess)).toEqual([]);
    const none = tableOf(bookWith({}, { sizes: ["300x250"] })).table;
    expect([...none.postings]).toEqual([]);
    const video = tableOf(syntheticModel(1, 10)).table;
    expect(posted(video, shapeVideo, shapeAccess).length + video.postings.length).toBeGreaterThan(
      0,
    );
  });

  test("every line item can be reached through exactly one kind of key", () => {
    const { table } = tableOf(syntheticModel(5, 2000));
    const kinds = new Map<number, Set<number>>();
    table.accessCount.forEach((count, slot) => {
      const hi = table.accessHi[slot]!;
      const kind = Math.min(hi, shapeAccess);
      for (const lineItem of table.postings.subarray(
        table.accessStart[slot]!,
        table.accessStart[slot]! + count,
      )) {
        kinds.set(lineItem, (kinds.get(lineItem) ?? new Set()).add(kind));
      }
    });
    expect(kinds.size).toBe(2000);
    for (const set of kinds.values()) expect(set.size).toBe(1);
  });
});

describe("predicates", () => {
  test("text values are the keys of the decoder: scoped by country and taxonomy", () => {
    const include = { regions: ["USA/US-CA"], categories: ["IAB17", "7/483"], zips: ["USA/94105"] };
    const { table } = tableOf(bookWith({}, include));
    const usa = packAlpha3("USA");
    expect(textId(table, "CA", KeyKind.REGION, usa)).toBeGreaterThan(0);
    expect(textId(table, "94105", KeyKind.ZIP, usa)).toBeGreaterThan(0);
    expect(textId(table, "iab17", KeyKind.CATEGORY, 1)).toBeGreaterThan(0);
    expect(textId(table, "483", KeyKind.CATEGORY, 7)).toBeGreaterThan(0);
    expect(textId(table, "483", KeyKind.CATEGORY, 1)).toBe(0);
  });

  test("equal rules are stored once, sets ascend, includes come first", () => {
    const book = syntheticModel(3, 500);
    const { table } = tableOf(book);
    const said = new Set<string>();
    table.predDimension.forEach((dimension, i) => {
      const start = table.predSetStart[i]!;
      const set = table.setValues.subarray(start, start + table.predSetCount[i]!);
      const text = `${dimension} ${table.predExclude[i]} ${table.predZone[i]} ${set.join()}`;
      expect(said.has(text)).toBe(false);
      said.add(text);
      if (dimension === Dimension.DAYPART) expect(set).toHaveLength(6);
      else expect([...set].sort((a, b) => a - b)).toEqual([...set]);
    });
    table.lineItemPredStart.forEach((start, i) => {
      const refs = table.predRefs.subarray(start, start + table.lineItemPredCount[i]!);
      const excludes = [...refs].map((ref) => table.predExclude[ref]!);
      expect(excludes).toEqual([...excludes].sort((a, b) => a - b));
    });
  });

  test("each key of key-values is a predicate of its own", () => {
    const keyValues = { section: ["sport", "news"], tier: ["gold"] };
    const { table } = tableOf(bookWith({}, { keyValues }));
    expect([...table.predDimension]).toEqual([Dimension.KEY_VALUE, Dimension.KEY_VALUE]);
    const gold = textId(table, "tier=gold", KeyKind.KEY_VALUE);
    expect(posted(table, gold, Dimension.KEY_VALUE)).toEqual([0]);
  });
});

/** The same line item bought by agency 1 and by agency 2. */
function twoAgencies(changes: Partial<LineItem>): CampaignBook {
  const book = bookWith(changes);
  const copy = <T>(list: readonly T[], change: object): T[] => [
    ...list,
    ...list.map((one) => ({ ...one, ...change })),
  ];
  return {
    ...book,
    agencies: copy(book.agencies, { id: 2 }),
    advertisers: copy(book.advertisers, { id: 2, agency: 2 }),
    campaigns: copy(book.campaigns, { id: 2, advertiser: 2 }),
    creatives: copy(book.creatives, { id: 2, advertiser: 2 }),
    lineItems: copy(book.lineItems, { id: 2, campaign: 2, creatives: [{ id: 2, weight: 1 }] }),
  };
}

describe("audiences", () => {
  const price = (...personModifiers: LineItem["price"]["personModifiers"]) => ({
    ...syntheticModel(1, 1).lineItems[0]!.price,
    personModifiers,
  });

  test("bits of the projection, words ascending; live only with a certificate", () => {
    const book = bookWith({ audience: { all: ["aware", "keen", { none: ["loyal"] }] } });
    const first = tableOf(book);
    expect([...first.table.lineItemLive]).toEqual([Live.UNCERTIFIED]);
    expect([...first.table.audienceLive]).toEqual([0]);
    const { table } = tableOf(book, { certificates: certify(first.compiled) });
    expect([...table.lineItemLive]).toEqual([Live.LIVE]);
    expect([...table.audienceLive]).toEqual([1]);
    const last = Demand.LAST_OF_TERM | Demand.LAST_OF_AUDIENCE;
    const demands = [0, 2 ** 28 + 2 ** 30, 2 ** 28, last | 1, 2 ** 29, 2 ** 29];
    expect([...table.demand]).toEqual([last, 0, 0, ...demands]);
    expect([...table.audienceDemand]).toEqual([3]);
  });

  test("live only with a place of the day, where there is a roster", () => {
    const book = bookWith({ audience: "aware" });
    const certificates = certify(tableOf(book).compiled);
    const [digest = ""] = certificates;
    const liveAt = (placeOf: ReadonlyMap<string, number>): number[] => {
      const roster = { day: 1, placesOf: new Map([[1 as AgencyId, 7]]), placeOf };
      return [...tableOf(book, { certificates, roster }).table.audienceLive];
    };
    expect(liveAt(new Map([[digest, 6]]))).toEqual([1]);
    // All places were taken when it came: it opens with the next day.
    expect(liveAt(new Map())).toEqual([0]);
  });

  test("a segment that the index does not project keeps the line item from bidding", () => {
    const book = bookWith({ audience: "elsewhere" });
    const certificates = certify(compile(inputOf(book)));
    const { table } = tableOf(book, { certificates });
    expect([...table.lineItemLive]).toEqual([Live.UNCERTIFIED]);
    expect([...table.audienceLive]).toEqual([0]);
    expect(segmentNames(book)).toEqual(["elsewhere"]);
  });

  test("others' own segment is none at all, in an audience and in a modifier", () => {
    const book = twoAgencies({ price: price({ when: "rich", factorPermille: 1500 }) });
    const certificates = certify(compile(inputOf(book)));
    const liveIn = (agencies: number[]): number[] => {
      const own = new Map([...projection, ["rich", { ...projection.get("rich")!, agencies }]]);
      return [...tableOf(book, { certificates, projection: own }).table.lineItemLive];
    };
    expect(liveIn([])).toEqual([Live.LIVE, Live.LIVE]);
    expect(liveIn([2])).toEqual([Live.UNCERTIFIED, Live.LIVE]);
    expect(liveIn([1, 2])).toEqual([Live.LIVE, Live.LIVE]);
    const named = twoAgencies({ audience: { any: ["aware", { none: ["rich"] }] } });
    const all = certify(compile(inputOf(named)));
    const own = new Map([...projection, ["rich", { ...projection.get("rich")!, agencies: [1] }]]);
    const { table } = tableOf(named, { certificates: all, projection: own });
    expect([[...table.lineItemLive], [...table.audienceLive]]).toEqual([
      [Live.LIVE, Live.UNCERTIFIED],
      [1, 0],
    ]);
    expect(table.audienceDemand[1]).toBe(0);
  });

  test("an index must hold each agency's segments, those of modifiers too", () => {
    const when = { none: ["rich"] };
    const book = twoAgencies({ audience: "keen", price: price({ when, factorPermille: 1500 }) });
    expect(segmentsWanted(book)).toEqual(
      [1, 2].flatMap((agency) => ["keen", "rich"].map((name) => ({ name, agency }))),
    );
  });

  test("modifiers make one arm a ladder step, and a rest; all must be certified", () => {
    const book = bookWith({
      audience: "aware",
      price: price(
        { when: "rich", factorPermille: 1500 },
        { when: "keen", factorPermille: 800 },
        { when: "loyal", factorPermille: 1490 },
      ),
    });
    const { compiled, table } = tableOf(book);
    expect([...table.armFactorPermille]).toEqual([794, 1469, 1000]);
    const texts = compiled.audiencesNeeded.map(({ audience }) =>
      audience.terms.map(({ all, none }) => [...all, ...none.map((n) => `!${n}`)].join("&")),
    );
    expect(texts).toEqual([
      ["aware&keen&!rich"],
      ["aware&rich", "aware&loyal&!keen&!rich"],
      ["aware&!keen&!loyal&!rich"],
    ]);
    const all = certify(compiled);
    expect(tableOf(book, { certificates: all }).table.lineItemLive[0]).toBe(Live.LIVE);
    all.delete(compiled.audiencesNeeded[1]!.digest);
    expect(tableOf(book, { certificates: all }).table.lineItemLive[0]).toBe(Live.UNCERTIFIED);
  });

  test("without an audience the rest is everybody", () => {
    const book = bookWith({ price: price({ when: "rich", factorPermille: 2000 }) });
    const { table } = tableOf(book);
    expect([...table.armAudience]).toEqual([0, NO_AUDIENCE]);
    expect(table.armFactorPermille[1]).toBe(1000);
    expect([...tableOf(bookWith({})).table.armAudience]).toEqual([NO_AUDIENCE]);
  });
});

describe("creatives, seats and deals", () => {
  test("approvals are bits of exchange indexes, never beyond what templates can show", () => {
    const book = syntheticModel(1, 1);
    const creative = { ...book.creatives[0]!, approvedBy: ["openrtb25"] };
    const some = { ...book, creatives: [creative] };
    expect(tableOf(some).table.creativeApproved[0]).toBe(0b010);
    expect(tableOf(book).table.creativeApproved[0]).toBe(0b111);
    expect(tableOf(book, { usable: [0b101] }).table.creativeApproved[0]).toBe(0b101);
    const { table, compiled } = tableOf(some, { usable: [0b101] });
    expect(table.lineItemLive[0]).toBe(Live.NO_CREATIVE);
    expect(compiled.problems).toHaveLength(1);
  });

  test("a category brings its parents and a domain its own", () => {
    const book = syntheticModel(1, 1);
    const categories = [
      { taxonomy: 1, id: "IAB9-30" },
      { taxonomy: 7, id: "1-2" },
    ];
    const creative = { ...book.creatives[0]!, categories, domains: ["shop.brand.example"] };
    const { table } = tableOf({ ...book, creatives: [creative] });
    const list = (start: number, count: number) => [...table.refs.subarray(start, start + count)];
    expect(list(table.creativeCatStart[0]!, table.creativeCatCount[0]!)).toEqual([
      textId(table, "IAB9-30", KeyKind.CATEGORY, 1),
      textId(table, "1-2", KeyKind.CATEGORY, 7),
      textId(table, "IAB9", KeyKind.CATEGORY, 1),
    ]);
    expect(table.creativeTaxonomies[0]).toBe((1 << 1) | (1 << 7));
    expect(list(table.creativeDomainStart[0]!, table.creativeDomainCount[0]!)).toEqual([
      textId(table, "shop.brand.example", KeyKind.ADVERTISER_DOMAIN),
      textId(table, "brand.example", KeyKind.ADVERTISER_DOMAIN),
    ]);
  });

  test("seats by exchange and agency, and media bits", () => {
    const { table } = tableOf(syntheticModel(1, 10));
    const seat = textId(table, "seat-1", KeyKind.SEAT);
    expect([...table.seatValue]).toEqual([seat, seat, seat]);
    expect(new Set(table.creativeMedia)).toEqual(
      new Set([Media.BANNER, Media.VIDEO, Media.AUDIO, Media.NATIVE]),
    );
  });
});

describe("the whole", () => {
  test("is the same bytes for the same input, whatever it holds", () => {
    const options = { segments, audienceShare: 0.6 };
    const one = compile(inputOf(syntheticModel(9, 1000, options)));
    const other = compile(inputOf(syntheticModel(9, 1000, options)));
    expect(Buffer.from(other.table).equals(Buffer.from(one.table))).toBe(true);
    const third = compile(inputOf(syntheticModel(10, 1000, options)));
    expect(Buffer.from(third.table).equals(Buffer.from(one.table))).toBe(false);
  });

  test("keeps both hash tables at most half full", () => {
    const { table } = tableOf(syntheticModel(2, 3000));
    const used = (column: Uint32Array) => column.filter((value) => value !== 0).length;
    expect(used(table.dictValue) * 2).toBeLessThanOrEqual(table.dictValue.length);
    expect(used(table.accessCount) * 2).toBeLessThanOrEqual(table.accessCount.length);
    expect(mix32(1, 2)).not.toBe(mix32(2, 1));
  });
});

test("a price is cut to its currency's ceiling when it is compiled", () => {
  const book = syntheticModel(1, 1);
  const [lineItem] = book.lineItems;
  const { maxMicros } = lineItem!.price;
  const most = (ceiling: number): number =>
    tableOf(book, { cpmMicrosMax: () => ceiling }).table.lineItemMaxMicros[0]!;
  expect(maxMicros).toBeGreaterThan(2);
  expect(most(maxMicros - 1)).toBe(maxMicros - 1);
  expect(most(maxMicros + 1)).toBe(maxMicros);
});
