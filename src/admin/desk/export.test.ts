import { expect, test } from "vitest";
import type { SourceFile } from "../../campaign/document.js";
import { kindOfFile } from "../../campaign/load.js";
import { readConfigFolder } from "../../runtime/config-folder.js";
import { changeSet, deskNowMs, edited, emptyBook, entitiesOf } from "../../testing/desk-book.js";
import { MemoryStore } from "../../testing/memory-store.js";
import type { DeskKind, EntityChange, JsonObject } from "../store/desk-store.js";
import { applyFiles, filesActor } from "./apply.js";
import type { Book } from "./book.js";
import { formDigest } from "./entity.js";
import { exportFiles } from "./export.js";

const isCampaign = ({ name }: SourceFile): boolean => kindOfFile(name) === "campaign";

/** Without `whole` the largest file is left out: parsing it takes most of the time. */
async function appliedBook(
  folder: string,
  whole = false,
): Promise<{ book: Book; files: readonly SourceFile[] }> {
  const read = readConfigFolder(folder);
  const all = whole ? read : read.filter(({ name }) => name !== "campaigns/contextual.yaml");
  const book = await emptyBook(new MemoryStore(), {}, all);
  const files = all.filter(isCampaign);
  expect(await apply(book, files)).toMatchObject({ ok: true });
  return { book, files };
}

const apply = (book: Book, files: readonly SourceFile[]) =>
  applyFiles(entitiesOf(files), book, {
    ...{ actor: filesActor, nowMs: deskNowMs, force: false, dryRun: false },
    errorsOf: (changes) => book.errorsOf(changes),
  });

const exported = (book: Book, files: readonly SourceFile[]): readonly SourceFile[] => {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const changed = exportFiles(texts, entitiesOf(files), book);
  const names = new Set([...texts.keys(), ...changed.keys()]);
  return [...names].map((name) => {
    return { path: name, name, text: changed.get(name) ?? texts.get(name) ?? "" };
  });
};

/** What the files say is what the desk says, and applying them again changes nothing. */
function expectSame(book: Book, files: readonly SourceFile[]): void {
  const entities = entitiesOf(files);
  for (const { kind, key, form } of entities) {
    const record = book.get(kind, key);
    expect(formDigest(form), `${kind} ${key}`).toBe(formDigest(record?.form ?? {}));
  }
  const live = (["lineItem", "creative", "campaign", "advertiser", "audience"] as const).flatMap(
    (kind) => book.all(kind).filter(({ archived, draft }) => !archived && !draft),
  );
  const keys = new Set(entities.map(({ kind, key }) => `${kind} ${key}`));
  for (const { kind, key } of live) expect(keys).toContain(`${kind} ${key}`);
}

test.each(["config", "config/demo"])(
  "%s applied and exported is the same bytes",
  async (folder) => {
    const { book, files } = await appliedBook(folder, true);
    const back = exported(book, files);
    expect(back.map(({ text }) => text)).toEqual(files.map(({ text }) => text));
  },
);

const changedLines = (before: readonly SourceFile[], after: readonly SourceFile[]): string[] =>
  after.flatMap(({ name, text }) => {
    const old = new Set((before.find((file) => file.name === name)?.text ?? "").split("\n"));
    return text.split("\n").filter((line) => !old.has(line));
  });

const halden = "1201";
const cases: readonly [string, (book: Book) => EntityChange, readonly string[]][] = [
  [
    "a price in a flow map",
    (book) =>
      edited(book, "lineItem", halden, (f) => ({ ...f, price: { cpm: 5.75, maxCpm: 8.2 } })),
    ["    price: { cpm: 5.75, maxCpm: 8.2 }"],
  ],
  [
    "a name that YAML must quote",
    (book) => edited(book, "lineItem", halden, (f) => ({ ...f, name: "Yes: #1, {new}" })),
    ['    name: "Yes: #1, {new}"'],
  ],
  [
    "a pause",
    (book) => edited(book, "lineItem", halden, (f) => ({ ...f, paused: true })),
    ["    paused: true"],
  ],
  [
    "a cap with two windows",
    (book) =>
      edited(book, "lineItem", halden, (f) => ({
        ...f,
        frequency: [{ impressions: 3, per: "24h" }],
      })),
    ["    frequency: [ { impressions: 3, per: 24h } ]"],
  ],
  [
    "a key that is gone",
    (book) => edited(book, "lineItem", "1203", ({ frequency: _, ...form }) => form),
    [],
  ],
  [
    "a daily budget",
    (book) =>
      edited(book, "campaign", "120", (f) => ({
        ...f,
        budget: { total: 4_000_000, daily: 1234.5 },
      })),
    ["    budget: { total: 4000000, daily: 1234.5 }"],
  ],
  [
    "an audience",
    (book) =>
      edited(book, "lineItem", halden, (f) => ({
        ...f,
        audience: { any: ["interest.home", "x.y"] },
      })),
    ["    audience: { any: [ interest.home, x.y ] }"],
  ],
];

test.each(cases)("%s is written in its place alone", async (_, change, lines) => {
  const { book, files } = await appliedBook("config/demo");
  const done = await book.commit({ ...changeSet(change(book)), way: "apply" });
  expect(done).toMatchObject({ ok: true });
  const back = exported(book, files);
  expect(changedLines(files, back)).toEqual(lines);
  expectSame(book, back);
  const again = await apply(book, back);
  expect(again).toMatchObject({ ok: true });
  expect(again.ok && again.rows.every(({ act }) => act === "agreed")).toBe(true);
});

test("new things stand with their campaign or in a file of their agency", async () => {
  const { book, files } = await appliedBook("config/demo");
  const add = (kind: DeskKind, key: string, form: JsonObject): EntityChange => ({
    ...{ kind, key, base: null, draft: false, archived: false, form },
    ...{ agency: "", file: "", seed: null },
  });
  const like = book.get("lineItem", halden)!.form;
  const { form: creative } = book.get("creative", "1201")!;
  const done = await book.commit(
    changeSet(
      edited(book, "lineItem", "1209", (form) => form, { archived: true }),
      add("lineItem", "7000", { ...like, id: 7000, name: "New" }),
      add("creative", "7001", {
        ...creative,
        id: 7001,
        html: "<a href='{CLICK_URL}'>\n  x\n</a>\n",
      }),
      add("agency", "70", { id: 70, name: "Fresh" }),
      add("audience", "71", { id: 71, agency: 70, name: "Home", audience: "interest.home" }),
    ),
  );
  expect(done).toMatchObject({ ok: true });
  const back = exported(book, files);
  expectSame(book, back);
  const textOf = (name: string) => back.find((file) => file.name === name)?.text ?? "";
  expect(textOf("campaigns/halden.yaml")).toContain("id: 7000");
  expect(textOf("campaigns/halden.yaml")).not.toContain("1209");
  expect(textOf("campaigns/halden.yaml")).toContain("id: 7001");
  expect(textOf("campaigns/desk-70.yaml")).toContain("audience: interest.home");
});
