import { beforeEach, describe, expect, test } from "vitest";
import { campaignText, configTexts } from "../../testing/config-text.js";
import { changeSet, deskNowMs, edited, emptyBook, entitiesOf } from "../../testing/desk-book.js";
import { MemoryStore } from "../../testing/memory-store.js";
import type { JsonObject } from "../store/desk-store.js";
import { type Applied, type ApplyRow, applyFiles, filesActor } from "./apply.js";
import type { Book } from "./book.js";

let book: Book;
beforeEach(async () => {
  book = await emptyBook(new MemoryStore());
  expect(await apply(campaignText)).toMatchObject({ ok: true, change: 1 });
});

const apply = (text: string | null, force = false, dryRun = false): Promise<Applied> =>
  applyFiles(entitiesOf(configTexts({ "campaigns/one.yaml": text })), book, {
    ...{ actor: filesActor, nowMs: deskNowMs, force, dryRun },
    errorsOf: (changes) => book.errorsOf(changes),
  });

const rowsOf = (applied: Applied): readonly string[] =>
  applied.ok ? applied.rows.map(({ kind, key, act }: ApplyRow) => `${kind} ${key} ${act}`) : ["!"];
const cpmOf = () => (book.get("lineItem", "4")!.form["price"] as JsonObject)["cpm"];
const atDesk = async (change: (form: JsonObject) => JsonObject, more = {}): Promise<void> => {
  const done = await book.commit(changeSet(edited(book, "lineItem", "4", change, more)));
  expect(done).toMatchObject({ ok: true });
};
const cheaper = (form: JsonObject): JsonObject => ({ ...form, price: { cpm: 2, maxCpm: 5 } });
const inFile = (cpm: number): string => campaignText.replace("{cpm: 2.5", `{cpm: ${cpm}`);
const withoutLine = campaignText.replace(/lineItems:[\s\S]*(?=creatives:\n)/, "");

test("files that say what they said before change nothing", async () => {
  expect(await apply(campaignText)).toEqual({ ok: true, rows: [], change: null });
});

test("a comment or another order of keys is no change", async () => {
  const text = campaignText.replace("{cpm: 2.5, maxCpm: 5}", "{maxCpm: 5, cpm: 2.50} # as it was");
  expect(await apply(text)).toEqual({ ok: true, rows: [], change: null });
});

test("a change in the files alone is taken, one at the desk alone is kept", async () => {
  await atDesk(cheaper);
  const text = campaignText.replace("name: Spring", "name: Summer");
  expect(rowsOf(await apply(text))).toEqual(["campaign 3 changed", "lineItem 4 kept"]);
  expect(book.get("campaign", "3")?.form["name"]).toBe("Summer");
  expect(book.get("campaign", "3")?.updatedBy).toBe("config files");
  expect(cpmOf()).toBe(2);
});

describe("what changed on both sides", () => {
  test("stays as at the desk and is named, while the rest is applied", async () => {
    await atDesk(cheaper);
    const text = inFile(3).replace("name: Spring", "name: Summer");
    expect(rowsOf(await apply(text))).toEqual(["campaign 3 changed", "lineItem 4 conflict"]);
    expect(cpmOf()).toBe(2);
    expect(rowsOf(await apply(text))).toEqual(["lineItem 4 conflict"]);
  });

  test("is the files' by force", async () => {
    await atDesk(cheaper);
    expect(rowsOf(await apply(inFile(3), true))).toEqual(["lineItem 4 changed"]);
    expect(cpmOf()).toBe(3);
    expect(await apply(inFile(3))).toMatchObject({ rows: [], change: null });
  });

  test("to the same is agreed on", async () => {
    await atDesk(cheaper);
    expect(rowsOf(await apply(inFile(2)))).toEqual(["lineItem 4 agreed"]);
    expect(rowsOf(await apply(inFile(3)))).toEqual(["lineItem 4 changed"]);
  });
});

describe("what is gone from the files", () => {
  test("is archived, and comes back with them", async () => {
    expect(rowsOf(await apply(withoutLine))).toEqual(["lineItem 4 archived"]);
    expect(book.config().config?.book.lineItems).toEqual([]);
    expect(await apply(withoutLine)).toMatchObject({ rows: [], change: null });
    expect(rowsOf(await apply(campaignText))).toEqual(["lineItem 4 changed"]);
    expect(book.config().config?.book.lineItems).toHaveLength(1);
  });

  test("stays where the desk changed it", async () => {
    await atDesk(cheaper);
    expect(rowsOf(await apply(withoutLine))).toEqual(["lineItem 4 conflict"]);
    expect(rowsOf(await apply(withoutLine, true))).toEqual(["lineItem 4 archived"]);
  });

  test("stays with all that it needs where a thing of the desk refers to it", async () => {
    const { form } = book.get("lineItem", "4")!;
    const own = { ...edited(book, "lineItem", "4", () => ({ ...form, id: 44 })), key: "44" };
    await book.commit(changeSet({ ...own, base: null, seed: null, file: "" }));
    const applied = await apply(null);
    expect(rowsOf(applied).filter((row) => !row.endsWith("kept"))).toEqual([
      ...["agency 1 conflict", "advertiser 2 conflict", "campaign 3 conflict"],
      ...["lineItem 4 archived", "creative 5 conflict"],
    ]);
    expect(book.config().config?.book.lineItems.map(({ id }) => id)).toEqual([44]);
  });
});

test("what was archived at the desk does not come back by itself", async () => {
  await atDesk((form) => form, { archived: true });
  expect(rowsOf(await apply(campaignText))).toEqual(["lineItem 4 kept"]);
  expect(rowsOf(await apply(inFile(3)))).toEqual(["lineItem 4 conflict"]);
});

test("one thing that is wrong in the files stops them all", async () => {
  const text = campaignText.replace("name: Spring", "name: Summer").replace("{id: 5}", "{id: 6}");
  expect(await apply(text)).toMatchObject({
    ok: false,
    issues: [{ kind: "lineItem", key: "4", field: "creatives[0].id" }],
  });
  expect(book.get("campaign", "3")?.form["name"]).toBe("Spring");
});

test("a dry run tells and does nothing", async () => {
  expect(await apply(inFile(3), false, true)).toMatchObject({
    change: null,
    rows: [{ kind: "lineItem", key: "4", act: "changed" }],
  });
  expect(cpmOf()).toBe(2.5);
});
