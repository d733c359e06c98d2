import { type DocumentPath, pathText, type SourceDocument } from "./document.js";
import type { Position } from "./issue.js";

/** A place in a file: of a value's document and the path to it. */
export type FilePlace = { readonly document: SourceDocument; readonly path: DocumentPath };

/** The form of one thing as a document, so that what is said of it names kind, key and field. */
export function entityDocument(kind: string, key: string, form: unknown): SourceDocument {
  const positionOf = (path: DocumentPath): Position => ({
    ...{ file: "", line: 0, column: 0 },
    ...{ kind, key, field: pathText(path) },
  });
  return {
    source: { path: "", name: "", text: "" },
    value: form,
    issues: [],
    positionOf,
    keyPositionOf: positionOf,
  };
}

/** `price.modifiers[2].when` as steps; keys with dots in them come apart. */
export const stepsOf = (field: string): DocumentPath =>
  field
    .split(/[.[\]]+/)
    .filter((step) => step !== "")
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
