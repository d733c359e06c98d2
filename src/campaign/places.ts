import type { DocumentPath, SourceDocument } from "./document.js";
import type { Issue, Position } from "./issue.js";

/** What has an id (or, a deal, a text and an exchange) in the config. */
export type EntityKind =
  | "agency"
  | "advertiser"
  | "campaign"
  | "lineItem"
  | "creative"
  | "audience"
  | "deal"
  | "exchange"
  | "fees";

const nowhere: Position = { file: "", line: 0, column: 0 };

/**
 * Where each entity of a config stands, so that later findings can say it. Empty for books without
 * files.
 */
export class Places {
  private readonly at = new Map<string, { document: SourceDocument; path: DocumentPath }>();

  /** Remembers an entity; false when its kind and id are known already. */
  add(
    kind: EntityKind,
    id: number | string,
    document: SourceDocument,
    path: DocumentPath,
  ): boolean {
    const key = `${kind} ${id}`;
    if (this.at.has(key)) return false;
    this.at.set(key, { document, path });
    return true;
  }

  /** The place of an entity's value, or of the nearest one above that exists. */
  of(kind: EntityKind, id: number | string, path: DocumentPath = []): Position {
    const place = this.at.get(`${kind} ${id}`);
    return place === undefined ? nowhere : place.document.positionOf([...place.path, ...path]);
  }

  issue(
    severity: Issue["severity"],
    entity: readonly [kind: EntityKind, id: number | string],
    path: DocumentPath,
    message: string,
  ): Issue {
    return { severity, ...this.of(entity[0], entity[1], path), message };
  }
}

/** How a position reads inside a message. */
export const placeText = ({ file, line }: Position): string => `${file}:${line}`;
