import type { Epoch, Generation, LineItemId } from "../base/ids.js";
import { finish, type Steps } from "../base/steps.js";
import type { UnixMs } from "../base/units.js";
import type { PrivacySettings } from "../bid/consent.js";
import { compileSteps } from "../campaign/compile.js";
import type { Compiled, CompileInput } from "../campaign/compile-input.js";
import { CompileMemory } from "../campaign/compile-memory.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { CreativeModel } from "../campaign/model.js";
import type { Roster } from "../campaign/roster.js";
import { fullParts } from "../index/format.js";
import { IndexBuilder } from "../index/index-builder.js";
import { type IndexParts, partsOfImage } from "../index/index-parts.js";
import type { SegmentEntry } from "../index/manifest.js";
import type { Absent, Places } from "../index/projection.js";
import { type AmountUnit, Unit } from "../ledger/budget-plan.js";
import type { TemplateProblem } from "../wire/creative-template.js";
import { templateSteps } from "../wire/template-compile.js";
import { TemplateMemory } from "../wire/template-memory.js";
import type { WorldParts } from "./world-parts.js";

/** WHO, as the builder needs it: the index and where its segments' bits are. */
export type People = {
  readonly parts: IndexParts;
  readonly places: Places;
  /** Segments of the epoch whose planes are not resident. */
  readonly absent: Absent;
  /** Which snapshot it is (snapshot-read.ts); "" where none is behind it. */
  readonly manifestDigest: string;
  /** The epoch's dictionary, as it was shown (release ledger); absent = nobody asks. */
  readonly segments?: readonly SegmentEntry[];
};

/**
 * Epoch 0: no people, no segments; line items with an audience are not live, contextual ones bid.
 */
export function nobody(): People {
  const counts = { identifierCountMax: 0, ordinalMax: 0, planeCount: 0, shifts: fullParts };
  const image = new IndexBuilder({ epoch: 0 as Epoch, ...counts }).finish();
  const never = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
  const parts = partsOfImage(image, [], never);
  return { parts, places: new Map(), absent: new Map(), manifestDigest: "" };
}

/** What the next World of one desk takes over of those before. */
export class WorldMemory {
  readonly templates = new TemplateMemory();
  readonly tables = new CompileMemory();
}

export type WorldInput = {
  readonly generation: Generation;
  readonly config: LoadedConfig;
  readonly privacy: PrivacySettings;
  readonly people: People;
  /** Digests of the audiences that are certified for the people's epoch. */
  readonly certificates: ReadonlySet<string>;
  /** null = everybody is asked about all audiences: commands and tests, never a server. */
  readonly roster: Roster | null;
  readonly placeOf: (lineItem: LineItemId, unit?: AmountUnit) => number;
  /** Absent: places of this World's own. */
  readonly capPlaceOf?: CompileInput["capPlaceOf"];
  readonly publicUrl: string;
  readonly retired: readonly Pick<CreativeModel, "id" | "landingPage">[];
  /** Of the Worlds before; absent: all is compiled. */
  readonly memory?: WorldMemory;
};

export type BuiltWorld = {
  readonly parts: WorldParts;
  readonly compiled: Compiled;
  readonly templateProblems: readonly TemplateProblem[];
};

/**
 * Everything that one generation is made of, off the bid path; pure but for the shared memory that
 * it fills. Throws where a line item gets no place for its allowance.
 */
export const buildWorld = (input: WorldInput): BuiltWorld => finish(worldSteps(input));

/** The same in steps, so that a large book does not hold its thread. */
export function* worldSteps(input: WorldInput): Steps<BuiltWorld> {
  const { config, people, generation, privacy } = input;
  const { book, exchanges, rates } = config;
  // Templates first: a creative that has none for an exchange must not be chosen there.
  const templates = yield* templateSteps(
    {
      creatives: book.creatives,
      agencies: book.agencies,
      exchanges,
      publicUrl: input.publicUrl,
      retired: input.retired,
      thirdPartyHosts: privacy.thirdPartyHosts,
    },
    input.memory?.templates,
  );
  const compiled = yield* compileSteps(tableInput(input, templates.usable), input.memory?.tables);
  const parts: WorldParts = {
    generation,
    index: people.parts,
    table: compiled.table,
    rosterDay: input.roster?.day ?? 0,
    templates: templates.buffer,
    exchanges,
    rates,
    privacy,
  };
  return { parts, compiled, templateProblems: templates.problems };
}

const tableInput = (input: WorldInput, usable: Uint32Array): CompileInput => ({
  book: input.config.book,
  exchanges: input.config.exchanges,
  rates: input.config.rates,
  usable,
  projection: input.people.places,
  certificates: input.certificates,
  ...(input.roster === null ? {} : { roster: input.roster }),
  allowancePlaceOf: (lineItem) => allowancePlaceOf(lineItem, input.placeOf),
  ...(input.capPlaceOf === undefined ? {} : { capPlaceOf: input.capPlaceOf }),
  impressionPlaceOf: (lineItem) =>
    allowancePlaceOf(lineItem, (id) => input.placeOf(id, Unit.IMPRESSIONS)),
  cpmMicrosMax: (currency) => input.config.ceilings.of(currency).cpmMicros,
});

function allowancePlaceOf(lineItem: LineItemId, placeOf: (lineItem: LineItemId) => number): number {
  const place = placeOf(lineItem);
  if (place >= 0) return place;
  throw new Error(
    `line item ${lineItem} gets no allowance: every place is given out since the start. ` +
      "Restart the program: that frees those of line items that are gone",
  );
}
