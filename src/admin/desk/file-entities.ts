import type { FilePlace } from "../../campaign/entity-document.js";
import type { Issue } from "../../campaign/issue.js";
import { Places } from "../../campaign/places.js";
import { type CheckedFile, isNew } from "../../campaign/resolve.js";
import { type EntityRecord, entityKinds, type JsonObject } from "../store/desk-store.js";
import type { FilePlaces } from "./book-issues.js";
import { agencyOfForm, formDigest, keyOfForm, listOfKind, placeOf } from "./entity.js";

/** One thing of a campaign file. */
export type FileEntity = Pick<EntityRecord, "kind" | "key" | "form" | "file"> & FilePlace;

/** Everything in campaign files whose forms are sound. Issues: ids that are used twice. */
export function entitiesIn(files: readonly CheckedFile[], issues: Issue[]): readonly FileEntity[] {
  const places = new Places();
  const entities: FileEntity[] = [];
  for (const { document } of files) {
    const lists = (document.value ?? {}) as Readonly<Record<string, readonly JsonObject[]>>;
    for (const kind of entityKinds) {
      const list = listOfKind[kind];
      (lists[list] ?? []).forEach((form, i) => {
        const key = keyOfForm(kind, form);
        const path = [list, i];
        if (!isNew(places, issues, kind, key.replace("/", " "), document, path)) return;
        entities.push({ kind, key, form, file: document.source.name, document, path });
      });
    }
  }
  return entities;
}

export const filePlacesOf = (entities: readonly FileEntity[]): FilePlaces =>
  new Map(
    entities.map(({ kind, key, form, document, path }) => [
      placeOf(kind, key),
      { document, path, digest: formDigest(form) },
    ]),
  );

/** The files' things as records of a store that there is none of. */
export function recordsOf(entities: readonly FileEntity[], nowMs: number): readonly EntityRecord[] {
  const forms = new Map(entities.map((one) => [placeOf(one.kind, one.key), one]));
  return entities.map(({ kind, key, form, file }) => ({
    ...{ kind, key, form, file, version: 1, draft: false, archived: false },
    agency: agencyOfForm(kind, form, (other, id) => forms.get(placeOf(other, id)) ?? null),
    seed: formDigest(form),
    ...{ createdMs: nowMs, updatedMs: nowMs, updatedBy: "config files" },
  }));
}
