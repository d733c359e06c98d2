import type { DocumentPath, PathStep, SourceDocument } from "../../campaign/document.js";
import { pathText } from "../../campaign/document.js";
import type { Issue, Position } from "../../campaign/issue.js";

/** A value in a file. */
export type Place = { readonly document: SourceDocument; readonly path: DocumentPath };

export const below = ({ document, path }: Place, ...steps: readonly PathStep[]): Place => ({
  document,
  path: [...path, ...steps],
});

export const positionOf = ({ document, path }: Place): Position => document.positionOf(path);

/** A person fixes a few at a time; thousands of segments of one template may share one fault. */
const findingsMax = 1000;

/** What the bank's files say wrong, each sentence once a place. */
export class Findings {
  readonly issues: Issue[] = [];
  private readonly seen = new Set<string>();

  /** `message` is called only for a finding that is new. */
  error(place: Place, what: string, message: () => string): void {
    this.add("error", place, what, message);
  }

  warn(place: Place, what: string, message: () => string): void {
    this.add("warning", place, what, message);
  }

  private add(
    severity: Issue["severity"],
    place: Place,
    what: string,
    message: () => string,
  ): void {
    const key = `${place.document.source.path} ${pathText(place.path)} ${what}`;
    if (this.seen.has(key) || this.issues.length >= findingsMax) return;
    this.seen.add(key);
    this.issues.push({ severity, ...positionOf(place), message: message() });
  }
}
