import { Book, type BookParts } from "../admin/desk/book.js";
import { entitiesIn, type FileEntity, filePlacesOf } from "../admin/desk/file-entities.js";
import type {
  Actor,
  ChangeSet,
  DeskKind,
  DeskStore,
  EntityChange,
  JsonObject,
} from "../admin/store/desk-store.js";
import type { UnixMs } from "../base/units.js";
import type { SourceFile } from "../campaign/document.js";
import { readBeside, readCampaigns } from "../campaign/load.js";
import { configTexts } from "./config-text.js";

export const deskNowMs = Date.parse("2026-12-05T12:00Z") as UnixMs;
export const trader: Actor = { user: 7, name: "Ada", from: "192.0.2.1" };

export const entitiesOf = (files: readonly SourceFile[]): readonly FileEntity[] =>
  entitiesIn(readCampaigns(files).campaigns, []);

/** An empty book over a store, with the files beside the campaigns of the small test config. */
export async function emptyBook(
  store: DeskStore,
  parts: Partial<BookParts> = {},
  files: readonly SourceFile[] = configTexts(),
): Promise<Book> {
  const book = new Book({
    ...{ store, nowMs: () => deskNowMs, stops: () => [], onChange: () => undefined },
    ...parts,
  });
  await book.load();
  const { beside } = readBeside(files);
  book.setBeside(beside, filePlacesOf(entitiesOf(files)));
  return book;
}

/** A change of one thing's form, from its present version. */
export function edited(
  book: Book,
  kind: DeskKind,
  key: string,
  change: (form: JsonObject) => JsonObject,
  more: Partial<EntityChange> = {},
): EntityChange {
  const record = book.get(kind, key);
  if (record === null) throw new Error(`there is no ${kind} ${key}`);
  const { draft, archived, form, agency, file, seed, version: base } = record;
  const own = { kind, key, base, draft, archived, agency, file, seed };
  return { ...own, form: change(form), ...more };
}

export const changeSet = (...changes: readonly EntityChange[]): ChangeSet => ({
  ...{ actor: trader, atMs: deskNowMs, way: "api", note: "", changes },
});
