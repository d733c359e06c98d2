import type { UnixMs } from "../../base/units.js";
import { segmentNames } from "../../campaign/compile.js";
import type { DocumentPath } from "../../campaign/document.js";
import { type FilePlace, stepsOf } from "../../campaign/entity-document.js";
import type { Issue, Position } from "../../campaign/issue.js";
import { LintContext } from "../../campaign/lint-context.js";
import { lintFees } from "../../campaign/lint-fees.js";
import type { BesideCampaigns } from "../../campaign/load.js";
import type { EntityKind, Places } from "../../campaign/places.js";
import type { DeskKind, EntityRecord } from "../store/desk-store.js";
import { FormPlaces, type Lint } from "./book-lint.js";
import type { Models } from "./book-models.js";
import { formDigest, placeOf } from "./entity.js";

/** Where forms stand in the config files as they are now, by `placeOf`. */
export type FilePlaces = ReadonlyMap<string, FilePlace & { readonly digest: string }>;

/** Findings where people look for them: in the file, while that says the same as the desk. */
export class ServedPlaces extends FormPlaces {
  private readonly places: FilePlaces;
  private readonly read: (kind: DeskKind, key: string) => EntityRecord | null;

  constructor(
    files: Places,
    places: FilePlaces,
    read: (kind: DeskKind, key: string) => EntityRecord | null,
  ) {
    super(files);
    this.places = places;
    this.read = read;
  }

  override of(kind: EntityKind, id: number | string, path: DocumentPath = []): Position {
    const form = super.of(kind, id, path);
    const key = form.key ?? "";
    const place = this.places.get(placeOf(kind as DeskKind, key));
    if (place === undefined) return form;
    const record = this.read(kind as DeskKind, key);
    if (record === null || formDigest(record.form) !== place.digest) return form;
    return { ...form, ...place.document.positionOf([...place.path, ...path]) };
  }

  /** A finding about a form, at its file. */
  atFile(issue: Issue): Issue {
    const { kind, key = "", field = "" } = issue;
    if (kind === undefined) return issue;
    const id = kind === "deal" ? key.replace("/", " ") : key;
    return { ...issue, ...this.of(kind as EntityKind, id, stepsOf(field)) };
  }
}

type Found = { readonly issues: readonly Issue[] };
const foundBy = new WeakMap<ReadonlyMap<unknown, Found>, readonly Issue[]>();

/** Looked for once in each map: most edits leave all but the line items' as they were. */
function foundIn(own: ReadonlyMap<unknown, Found>): readonly Issue[] {
  const there = foundBy.get(own);
  if (there !== undefined) return there;
  const found: Issue[] = [];
  own.forEach(({ issues }) => {
    if (issues.length > 0) found.push(...issues);
  });
  foundBy.set(own, found);
  return found;
}

/** All that is wrong with a book: what keeps something out of it, and what lint warns of. */
export function issuesOf(
  { made, book }: Models,
  lint: Lint,
  beside: BesideCampaigns,
  nowMs: UnixMs,
  places: ServedPlaces,
): readonly Issue[] {
  const issues: Issue[] = [];
  for (const own of made.values()) issues.push(...foundIn(own));
  const warned: Issue[] = [...lint.shared];
  for (const linted of [lint.creatives, lint.lineItems]) warned.push(...foundIn(linted));
  if (beside.fees.margins.length > 0 || beside.fees.dataFees.length > 0) {
    const segments = new Map(segmentNames(book).map((name) => [name, []]));
    const context = new LintContext({ ...beside, book, places }, { nowMs, segments });
    lintFees(context);
    warned.push(...context.issues);
  }
  for (const issue of warned) issues.push({ ...issue, severity: "warning" });
  return issues.map((issue) => places.atFile(issue));
}
