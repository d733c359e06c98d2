import { finish, mapSteps, type Steps } from "../base/steps.js";
import type { NativeOffered } from "../bid/native-fit.js";
import { nativeColumns } from "../bid/native-fit.js";
import { packSteps } from "../campaign/columns.js";
import type { Exchange } from "../campaign/exchange.js";
import type { Agency, CreativeModel } from "../campaign/model.js";
import {
  type CreativeSurroundings,
  dialectsOf,
  landingCharsMax,
  type TemplateProblem,
  templatesOf,
} from "./creative-template.js";
import { NO_ENTRY, templateSpec } from "./template.js";
import { TemplateBuilder } from "./template-builder.js";
import type { CompiledTemplates, TemplateInput } from "./template-input.js";
import type { TemplateMemory } from "./template-memory.js";
import { dialectKey, publicUrlProblem } from "./template-notice.js";
import { httpsAddress, jsonEscape } from "./template-pieces.js";

/**
 * Compiles every creative for every dialect that approved it. Off the hot path; pure but for the
 * memory that it is given.
 */
export const compileTemplates = (
  input: TemplateInput,
  memory?: TemplateMemory,
): CompiledTemplates => finish(templateSteps(input, memory));

/**
 * The same in steps of a few milliseconds, between which others may have the thread. `memory` is of
 * the builds before, and knows this one from then on; absent: everything is compiled anew.
 */
export function* templateSteps(
  input: TemplateInput,
  memory?: TemplateMemory,
): Steps<CompiledTemplates> {
  const known = memory?.tableOf(input) ?? null;
  if (known !== null) return known;
  const work = new Compilation(input, memory);
  for (let index = 0; index < input.creatives.length; index++) {
    work.creative(input.creatives[index]!, index);
    if (index % creativesAStep === creativesAStep - 1) yield;
  }
  yield;
  const made = { buffer: yield* work.pack(), usable: work.usable, problems: work.problems };
  memory?.keepTable(input, made);
  return made;
}

/** What is wrong with one creative after another, without making a table of them. */
export function problemFinder(
  input: Omit<TemplateInput, "creatives" | "agencies" | "retired">,
): (creative: CreativeModel) => readonly TemplateProblem[] {
  const none = { creatives: [], agencies: [], retired: [] };
  const { around } = new Compilation({ ...input, ...none }, undefined);
  return (creative) => templatesOf(creative, around).problems;
}

/** 0.12 ms a creative of three dialects that no memory knows. */
const creativesAStep = 32;
/** 3 us a landing page that is parsed and written. */
const landingsAStep = 512;

/** What makes every template impossible is found once; the rest creative by creative. */
class Compilation {
  readonly problems: TemplateProblem[] = [];
  readonly usable: Uint32Array;
  private readonly input: TemplateInput;
  private readonly memory: TemplateMemory | undefined;
  private readonly builder = new TemplateBuilder();
  private readonly dialects: readonly (Exchange | undefined)[];
  private readonly bidEntry: number[];
  private readonly creativeNative: number[];
  private readonly natives: (readonly NativeOffered[])[] = [];
  private readonly nativePart: number[] = [];
  private readonly nativeAssetBytesMax: number[] = [];
  private readonly assetEntry: number[] = [];
  readonly around: CreativeSurroundings;

  constructor(input: TemplateInput, memory: TemplateMemory | undefined) {
    this.input = input;
    this.memory = memory;
    this.usable = new Uint32Array(input.creatives.length);
    this.dialects = dialectsOf(input.exchanges);
    this.bidEntry = new Array<number>(input.creatives.length * this.dialects.length).fill(NO_ENTRY);
    this.creativeNative = new Array<number>(input.creatives.length).fill(NO_ENTRY);
    this.around = { ...input, dialects: this.dialects, ready: this.environment() };
  }

  creative(creative: CreativeModel, index: number): void {
    const { memory } = this;
    const made = memory?.templatesOf(creative, this.around) ?? templatesOf(creative, this.around);
    this.problems.push(...made.problems);
    const first = this.builder.include(made.builder);
    made.bidEntry.forEach((entry, dialect) => {
      if (entry !== NO_ENTRY) this.bidEntry[index * this.dialects.length + dialect] = first + entry;
    });
    this.usable[index] = made.usable;
    if (made.native === null) return;
    this.creativeNative[index] = this.natives.length;
    this.natives.push(made.native.offered);
    for (const entry of made.native.assetEntry) this.assetEntry.push(first + entry);
    this.nativeAssetBytesMax.push(made.native.assetBytesMax);
    for (const entry of made.native.part) {
      this.nativePart.push(entry === NO_ENTRY ? NO_ENTRY : first + entry);
    }
  }

  *pack(): Steps<SharedArrayBuffer> {
    const { builder, input } = this;
    const seats = input.exchanges.flatMap((exchange) =>
      input.agencies.map((agency) => builder.text(jsonEscape(seatOf(agency, exchange)))),
    );
    const landings = yield* this.landings();
    yield;
    return yield* packSteps(templateSpec, {
      dimensions: [
        ...[input.creatives.length, this.dialects.length],
        ...[input.agencies.length, input.exchanges.length],
      ],
      bidEntry: this.bidEntry,
      entryStart: builder.entryStart,
      entryCount: builder.entryCount,
      entryLiteralBytes: builder.entryLiteralBytes,
      entrySlotCount: builder.entrySlotCount,
      opLiteralStart: builder.opLiteralStart,
      opLiteralLength: builder.opLiteralLength,
      opSlot: builder.opSlot,
      nativePart: this.nativePart,
      nativeAssetBytesMax: this.nativeAssetBytesMax,
      ...nativeColumns(this.natives),
      assetEntry: this.assetEntry,
      creativeNative: this.creativeNative,
      seatStart: seats.map((seat) => seat.start),
      seatLength: seats.map((seat) => seat.length),
      ...landings,
      bytes: builder.bytes(),
    });
  }

  /** What makes every template impossible: said once. */
  private environment(): boolean {
    const base = publicUrlProblem(this.input.publicUrl);
    if (base !== "") this.problems.push({ creative: 0, exchange: "", what: base });
    for (const exchange of this.input.exchanges) {
      const first = this.dialects[exchange.dialect];
      if (first === undefined || dialectKey(first) === dialectKey(exchange)) continue;
      const what = `dialect ${exchange.dialect} is not that of ${first.name}: number it apart`;
      this.problems.push({ creative: 0, exchange: exchange.name, what });
    }
    return this.problems.length === 0;
  }

  private *landings() {
    const { builder, input } = this;
    const pages = new Map(
      yield* mapSteps(
        [...input.retired, ...input.creatives],
        ({ id, landingPage }) => [id, httpsAddress(landingPage)] as const,
        landingsAStep,
      ),
    );
    const sorted = [...pages].filter(([, page]) => page !== "" && page.length <= landingCharsMax);
    sorted.sort(([a], [b]) => a - b);
    yield;
    const texts = yield* mapSteps(sorted, ([, page]) => builder.text(page), landingsAStep);
    return {
      landingId: sorted.map(([id]) => id),
      landingStart: texts.map((text) => text.start),
      landingLength: texts.map((text) => text.length),
    };
  }
}

const seatOf = (agency: Agency, exchange: Exchange): string =>
  Object.hasOwn(agency.seats, exchange.name) ? (agency.seats[exchange.name] as string) : "";
