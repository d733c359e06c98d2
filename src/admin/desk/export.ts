import { editedText } from "../../campaign/yaml-edit.js";
import {
  type DeskKind,
  type EntityRecord,
  entityKinds,
  type JsonObject,
} from "../store/desk-store.js";
import type { DeskBook } from "./desk.js";
import { formDigest, listOfKind, placeOf, referencesOf } from "./entity.js";
import type { FileEntity } from "./file-entities.js";

const header = (depth: number): string =>
  `# yaml-language-server: $schema=${"../".repeat(depth)}campaigns.schema.json\n` +
  "#\n# Made at the campaign desk.\n";

type Edit = { readonly entries: Map<number, JsonObject | null>; readonly added: JsonObject[] };

/**
 * The config files that say what the desk says: `texts` as they were last applied, with changed
 * values alone written anew. New things go where what they belong to stands, else into
 * `campaigns/desk-<agency>.yaml`. Files without a change are left out.
 */
export function exportFiles(
  texts: ReadonlyMap<string, string>,
  entities: readonly FileEntity[],
  book: Pick<DeskBook, "all" | "get">,
): ReadonlyMap<string, string> {
  const edits = new Map<string, Map<DeskKind, Edit>>();
  const editsOf = (file: string, kind: DeskKind): Edit => {
    const own = edits.get(file) ?? new Map<DeskKind, Edit>();
    edits.set(file, own);
    const one = own.get(kind) ?? { entries: new Map(), added: [] };
    own.set(kind, one);
    return one;
  };
  const inFiles = new Map(entities.map((one) => [placeOf(one.kind, one.key), one]));
  for (const { kind, key, form, file, path } of entities) {
    const record = book.get(kind, key);
    if (record === null || record.draft) continue;
    const same = formDigest(record.form) === formDigest(form);
    if (record.archived) editsOf(file, kind).entries.set(Number(path[1]), null);
    else if (!same) editsOf(file, kind).entries.set(Number(path[1]), record.form);
  }
  for (const kind of entityKinds) {
    for (const record of book.all(kind)) {
      if (record.draft || record.archived || inFiles.has(placeOf(kind, record.key))) continue;
      editsOf(fileFor(record, inFiles, texts), kind).added.push(record.form);
    }
  }
  const written = new Map<string, string>();
  for (const [file, own] of edits) {
    const before = texts.get(file) ?? header(file.split("/").length - 1);
    const lists = [...own].map(([kind, edit]) => ({ list: listOfKind[kind], ...edit }));
    written.set(file, editedText(before, lists));
  }
  return written;
}

/** A new thing's file: that of its campaign or advertiser, else its agency's own. */
function fileFor(
  record: EntityRecord,
  inFiles: ReadonlyMap<string, FileEntity>,
  texts: ReadonlyMap<string, string>,
): string {
  const { kind, form, agency, file } = record;
  if (file !== "" && texts.has(file)) return file;
  if (kind === "deal") return "deals.yaml";
  if (kind === "lineItem" || kind === "creative" || kind === "campaign") {
    const [above] = referencesOf(kind, form);
    const home = above === undefined ? undefined : inFiles.get(placeOf(above.kind, above.key));
    if (home !== undefined) return home.file;
  }
  return `campaigns/desk-${agency}.yaml`;
}
