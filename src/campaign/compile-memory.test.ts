import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExchangeId, LineItemId } from "../base/ids.js";
import { finish } from "../base/steps.js";
import { type Micros, packAlpha3 } from "../base/units.js";
import { syntheticModel } from "../testing/campaigns.js";
import { compile, compileSteps } from "./compile.js";
import type { Compiled, CompileInput } from "./compile-input.js";
import { CompileMemory } from "./compile-memory.js";
import type { Exchange } from "./exchange.js";
import type { CampaignBook, LineItem } from "./model.js";
import type { DatedRates } from "./rates-file.js";

const exchanges = ["openrtb26", "openrtb25"].map(
  (name, index) => ({ id: (index + 1) as ExchangeId, index, name }) as unknown as Exchange,
);
const model = syntheticModel(5, 12);

function inputOf(book: CampaignBook, more: Partial<CompileInput> = {}): CompileInput {
  const allowancePlaceOf = (id: LineItemId) => id * 2;
  const projection = noPlaces;
  const standing = { exchanges, projection, rates, certificates: new Set<string>() };
  return { book, ...standing, allowancePlaceOf, ...more };
}
const rates = {
  codes: [packAlpha3("USD"), packAlpha3("EUR")],
  numerator: [1, 9],
  denominator: [1, 10],
} as unknown as DatedRates;
const noPlaces: CompileInput["projection"] = new Map();

const build = (input: CompileInput, memory: CompileMemory): Compiled =>
  finish(compileSteps(input, memory));
/** What is compiled has budgets of its own, a copy those of the table that it is of. */
const isCopyOf = (now: Compiled, before: Compiled): boolean => now.budgets === before.budgets;

const withLineItem = (book: CampaignBook, at: number, change: Partial<LineItem>): CampaignBook => ({
  ...book,
  lineItems: book.lineItems.map((one, i) => (i === at ? { ...one, ...change } : one)),
});
const repriced = (book: CampaignBook, at: number, cpm: number): CampaignBook => {
  const { price } = book.lineItems[at]!;
  return withLineItem(book, at, { price: { ...price, cpmMicros: cpm as Micros } });
};

type Edit = (book: CampaignBook, at: number, value: number) => CampaignBook;
const figures: readonly Edit[] = [
  repriced,
  (book, at, value) => withLineItem(book, at, { paused: value % 2 === 0 }),
  (book, at, value) => withLineItem(book, at, { name: `name ${value}` }),
  (book, at, value) => {
    const { price } = book.lineItems[at]!;
    const factors = { factorMinPermille: value, factorMaxPermille: 2000 + value };
    const goal = value % 2 === 0 ? ("cpc" as const) : ("cpm" as const);
    const maxMicros = (5 * value) as Micros;
    return withLineItem(book, at, { price: { ...price, ...factors, goal, maxMicros } });
  },
  (book, at) => {
    const { price } = book.lineItems[at]!;
    return withLineItem(book, at, { price: { ...price, strategy: "shade" }, pacing: "even" });
  },
];
const rules: readonly Edit[] = [
  (book, at) => withLineItem(book, at, { targeting: { include: {}, exclude: {} } }),
  (book, at) => withLineItem(book, at, { creatives: [] }),
  (book, at) => withLineItem(book, at, { withoutId: "skip" }),
  (book, at) => ({ ...book, lineItems: book.lineItems.filter((_, i) => i !== at) }),
  (book, at, value) =>
    withLineItem(book, at, { frequency: [{ impressions: 1 + (value % 5), windowSec: 3600 }] }),
  (book) => ({ ...book, creatives: book.creatives.map((one) => ({ ...one, approvedBy: [] })) }),
];

const expectSame = (warm: Compiled, cold: Compiled): void => {
  expect(Buffer.from(warm.table).equals(Buffer.from(cold.table))).toBe(true);
  const { table: _, ...rest } = warm;
  const { table: __, ...own } = cold;
  expect(rest).toEqual(own);
};

test("a table out of the memory is that of compiling anew, whatever was edited", () => {
  const edit = fc.tuple(
    fc.constantFrom(...figures, ...figures, ...rules),
    fc.nat(11),
    fc.integer({ min: 1, max: 9000 }),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      const memory = new CompileMemory();
      let book = model;
      build(inputOf(book), memory);
      for (const [make, at, value] of edits) {
        book = make(book, Math.min(at, book.lineItems.length - 1), value);
        expectSame(build(inputOf(book), memory), compile(inputOf(book)));
      }
    }),
    { numRuns: 12 },
  );
});

test("figures are written into a copy: nothing is compiled, and the table before stays", () => {
  const memory = new CompileMemory();
  const first = build(inputOf(model), memory);
  const before = Buffer.from(first.table.slice(0));
  for (const edit of figures) {
    const compiled = build(inputOf(edit(model, 3, 1234)), memory);
    expect(isCopyOf(compiled, first)).toBe(true);
    expect(compiled.table).not.toBe(first.table);
  }
  expect(Buffer.from(first.table).equals(before)).toBe(true);
});

test("what stands beside the book makes a table of its own", () => {
  const book = repriced(model, 0, 77);
  const projection = new Map([["keen", { word: 0, bit: 1, agencies: [] }]]);
  const roster = { day: 5, placesOf: new Map(), placeOf: new Map() };
  const standings: readonly Partial<CompileInput>[] = [
    { certificates: new Set(["x"]) },
    { projection },
    { usable: new Uint32Array(model.creatives.length) },
    { cpmMicrosMax: () => 5 },
    { roster },
    { exchanges: exchanges.slice(1) },
    { rates: { ...rates, numerator: [1, 8] } },
  ];
  for (const more of standings) {
    const memory = new CompileMemory();
    const first = build(inputOf(model), memory);
    const compiled = build(inputOf(book, more), memory);
    expect(isCopyOf(compiled, first)).toBe(false);
    expectSame(compiled, compile(inputOf(book, more)));
  }
});

test("a ceiling holds in a copied table too", () => {
  const memory = new CompileMemory();
  const more = { cpmMicrosMax: () => 1000 };
  build(inputOf(model, more), memory);
  const { price } = model.lineItems[0]!;
  const book = withLineItem(model, 0, { price: { ...price, maxMicros: 5000 as Micros } });
  expectSame(build(inputOf(book, more), memory), compile(inputOf(book, more)));
});
