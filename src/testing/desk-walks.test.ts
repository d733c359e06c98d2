import { renameSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noBrowser } from "./browser.js";
import { DeskWalk, first, other } from "./desk-walk.js";

if (noBrowser !== "") console.log(noBrowser);

const walk = new DeskWalk();
const site = "walks.example";
const mark = "cdn.lumen.example/vela.png";
let page: Page;
let lineItem = "";
let advertiser = "";

beforeAll(async () => {
  if (noBrowser === "") await walk.start();
});
afterAll(() => walk.end());

const h1 = (name: string): Promise<void> => page.getByRole("heading", { level: 1, name }).waitFor();
const pick = async (label: string, name: string): Promise<void> => {
  const field = page.locator("main").getByRole("combobox", { name: label });
  await field.fill(name);
  // The currencies and zones of a page are options, too.
  await page.getByRole("listbox").getByRole("option", { name }).first().click();
};
const goOn = (): Promise<void> => page.getByRole("button", { name: "Save and go on" }).click();
const price = async (): Promise<number | undefined> => (await walk.bidOf(site, mark))?.price;
type Entity = {
  readonly key: string;
  readonly version: number;
  readonly form: {
    readonly name: string;
    readonly campaign: number;
    readonly price: { readonly cpm: number };
    readonly creatives: readonly { readonly id: number }[];
  };
  readonly now?: { readonly state: string; readonly impressionsTotal: number };
};
/** What is paced is bid for only now and then: no walk could tell that from what it looks for. */
async function atOnce(campaign: string): Promise<void> {
  const at = `/campaigns/${campaign}`;
  const { version, form } = (await walk.ask<Entity>("GET", at)).body;
  const body = { form: { ...form, pacing: "asap" } };
  expect((await walk.ask("PUT", at, { version, body })).status).toBe(200);
}
const stored = async (): Promise<Entity> =>
  (await walk.ask<Entity>("GET", `/line-items/${lineItem}`)).body;

// Each walk goes on from where the one before it ended, as one day at the desk does.
describe.skipIf(noBrowser !== "")("the desk, in a browser before the real program", () => {
  test("from nothing to live and winning", async () => {
    page = await walk.tab("/");
    await walk.join(page, walk.firstCode, first);
    await page.getByRole("link", { name: "New campaign" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Vela");
    await pick("Agency", "Cedar Contextual");
    await page.getByLabel("Domains").fill("vela.example");
    await page.keyboard.press("Enter");
    await page.getByLabel("Currency").selectOption("USD");
    await page.getByLabel("Time zone").selectOption("Pacific/Auckland");
    await goOn();
    await page.getByRole("heading", { name: "When does it run" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Vela spring");
    await page.getByLabel(/^In all/).fill("5000");
    await goOn();
    await page.getByRole("heading", { name: "What is shown?" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Spring 300x250");
    await page.getByLabel("Address of the image").fill(`https://${mark}`);
    await page.getByLabel("Landing page").fill("https://vela.example/spring");
    await goOn();
    await page.getByRole("heading", { name: "Where is it shown" }).waitFor();
    // Nobody approves what is their own: the operator is the second pair of eyes here.
    const creative = new URL(page.url()).searchParams.get("creative") ?? "";
    const verdict = { body: { exchange: "openrtb26", verdict: "approved" } };
    const approved = await walk.ask("POST", `/creatives/${creative}/approvals`, verdict);
    expect(approved.status).toBe(200);
    await page.getByLabel("Name", { exact: true }).fill("Vela on one site");
    await page.getByLabel("Sites").fill(site);
    await page.keyboard.press("Enter");
    await page.getByLabel("CPM", { exact: true }).fill("4.50");
    await goOn();
    await page.getByText("Live", { exact: true }).waitFor();
    const chosen = new URL(page.url()).searchParams;
    lineItem = chosen.get("lineItem") ?? "";
    advertiser = chosen.get("advertiser") ?? "";
    await atOnce(chosen.get("campaign") ?? "");
    await expect.poll(price, { timeout: 30_000 }).toBe(4.5);
    const bid = await walk.bidOf(site, mark);
    if (bid === undefined) throw new Error("no bid");
    expect(await walk.won(bid, 4.1)).toBe(204);
    await page.getByRole("link", { name: "Watch it" }).click();
    await h1("Vela on one site");
    const delivered = page.locator("main").getByText("Delivered in all").locator("..");
    await expect.poll(() => delivered.textContent(), { timeout: 30_000 }).toMatch(/all\D*1$/);
    expect((await stored()).now).toMatchObject({ state: "live", impressionsTotal: 1 });
  });

  test("a price that is saved stands in the next bid within a second", async () => {
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByRole("tab", { name: "Price" }).click();
    await page.getByLabel("CPM", { exact: true }).fill("6.25");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("All saved").waitFor();
    // A second on a machine of its own; here other tests run beside it.
    await expect.poll(price, { interval: 25, timeout: 30_000 }).toBe(6.25);
  });

  test("an older state is restored by one press, and stands in the next bid", async () => {
    await page.getByRole("link", { name: "History", exact: true }).last().click();
    await h1("History");
    await page.getByRole("button", { name: "Restore this version: 1 of" }).click();
    await page.getByText("is as it was at version 1").waitFor();
    await expect.poll(price, { timeout: 30_000 }).toBe(4.5);
    expect((await stored()).version).toBe(3);
  });

  test("of two tabs the one that saves later is shown both versions", async () => {
    const address = `/line-items/${lineItem}/edit#price.cpm`;
    const [one, two] = [await walk.tab(address), await walk.tab(address)];
    for (const tab of [one, two]) await tab.getByLabel("CPM", { exact: true }).waitFor();
    await one.getByLabel("CPM", { exact: true }).fill("5");
    await one.getByRole("button", { name: "Save", exact: true }).click();
    await one.getByText("All saved").waitFor();
    await two.getByLabel("CPM", { exact: true }).fill("9");
    await two.getByRole("button", { name: "Save", exact: true }).click();
    const dialog = two.getByRole("dialog", { name: "Somebody saved this meanwhile" });
    await dialog.getByRole("button", { name: "Take theirs, drop mine" }).click();
    await expect.poll(() => two.getByLabel("CPM", { exact: true }).inputValue()).toBe("5");
    expect((await stored()).form.price.cpm).toBe(5);
    await Promise.all([one.close(), two.close()]);
  });

  test("500 line items come by CSV, its 3 bad rows named, and are edited at once", async () => {
    const { form } = await stored();
    const bad = [100, 200, 300];
    const rows = Array.from({ length: 503 }, (_, i) => {
      const cpm = bad.includes(i) ? "much" : "2.50";
      return `,,Bulk ${i},${form.campaign},true,${cpm},contextual,${form.creatives[0]?.id}`;
    });
    const csv = ["key,version,name,campaign,paused,cpm,withoutId,creatives", ...rows].join("\r\n");
    await page.goto(`${walk.url}/line-items`);
    await page.getByRole("button", { name: "From CSV" }).click();
    const file = { name: "bulk.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
    await page.locator("input[type=file]").setInputFiles(file);
    await expect
      .poll(() => page.getByRole("dialog").getByRole("status").textContent(), { timeout: 30_000 })
      .toBe("500 will change, 3 left out because of an error.");
    await page.getByRole("button", { name: "Apply the good rows" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("searchbox", { name: "Search" }).fill("Bulk ");
    await page.getByRole("heading", { level: 1, name: "Line items 500" }).waitFor();
    await page.getByRole("checkbox", { name: /^Select all/ }).check();
    // Only the rows that are loaded are selected by the box; the button asks for the rest.
    const chosen = page.getByRole("region", { name: "Selected line items" });
    const everyOne = chosen.getByRole("status").filter({ hasText: /^500 selected$/ });
    await chosen.getByRole("button", { name: "Select all 500" }).or(everyOne).first().waitFor();
    if (!(await everyOne.isVisible())) {
      await chosen.getByRole("button", { name: "Select all 500" }).click();
      await everyOne.waitFor();
    }
    await page.getByRole("button", { name: "Edit…" }).click();
    await page.getByLabel("Base CPM", { exact: true }).selectOption("byPercent");
    await page.getByLabel("Base CPM: percent").fill("10");
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByText("500 will change").waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("500 line items changed.").waitFor();
    const found = await walk.ask<{ readonly items: readonly Entity[] }>(
      ...(["GET", "/line-items?search=Bulk&limit=200"] as const),
    );
    expect(new Set(found.body.items.map(({ form }) => form.price.cpm))).toEqual(new Set([2.75]));
  });

  test("half a form is kept as a draft, which buys nothing", async () => {
    await page.goto(`${walk.url}/campaigns/new`);
    await page.getByLabel("Name", { exact: true }).fill("Half a campaign");
    await pick("Advertiser", "Vela");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").getByText("Not saved yet").waitFor();
    await page.getByRole("button", { name: "Save as draft" }).click();
    await page.getByText("Draft", { exact: true }).waitFor();
    await page.goto(`${walk.url}/campaigns?search=Half`);
    await page.getByRole("link", { name: "Half a campaign" }).waitFor();
  });

  test("what a role or another agency may not, is not shown and is refused", async () => {
    const agencies = await walk.ask<{ readonly items: readonly Entity[] }>("GET", "/agencies");
    const foreign = agencies.body.items.find(({ form }) => form.name !== "Cedar Contextual");
    const body = { name: other.name, agency: foreign?.key, role: "viewer" };
    const { body: invited } = await walk.ask<{ readonly code: string }>("POST", "/users", { body });
    const theirs = await walk.otherTab(`/join#${invited.code}`);
    await walk.join(theirs, invited.code, other);
    expect(await theirs.getByRole("button", { name: /^Pause / }).count()).toBe(0);
    expect(await theirs.getByRole("link", { name: "Users" }).count()).toBe(0);
    expect(await theirs.getByRole("link", { name: "Vela on one site" }).count()).toBe(0);
    const asked = (method: string, path: string, sent = {}): Promise<number> =>
      theirs.evaluate(
        async ([how, where, what]) => {
          const headers = { "x-crowdbid": "1", "content-type": "application/json" };
          const body = how === "GET" ? {} : { body: JSON.stringify(what) };
          return (await fetch(`/api/v1${where}`, { method: how, headers, ...body })).status;
        },
        [method, path, sent] as const,
      );
    expect(await asked("GET", `/line-items/${lineItem}`)).toBe(404);
    expect(await asked("POST", "/stops", { kind: "lineItem", key: lineItem })).toBe(403);
    expect(await asked("GET", "/users")).toBe(403);
    await theirs.goto(`${walk.url}/line-items/${lineItem}/edit`);
    await theirs
      .locator("main")
      .getByText(/nothing|not found|no such/i)
      .first()
      .waitFor();
    await theirs.close();
  });

  test("with the store locked bidding goes on, and a stop still stops", async () => {
    const path = join(walk.program.dataFolder, "store.db");
    const lock = new Libsql(path);
    lock.exec("begin exclusive");
    try {
      await page.goto(`${walk.url}/line-items/${lineItem}/edit#price.cpm`);
      await page.getByLabel("CPM", { exact: true }).fill("7");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("Saving waits, bidding goes on.").waitFor();
      expect(await price()).toBe(5);
      await page.goto(`${walk.url}/line-items`);
      await page.getByRole("button", { name: "Stop…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("combobox", { name: "Advertiser" }).fill("Vela");
      await dialog.getByRole("option", { name: "Vela" }).click();
      await dialog.getByRole("button", { name: "Stop now" }).click();
      await expect.poll(price, { interval: 25, timeout: 30_000 }).toBeUndefined();
      await page.getByText("1 stop is in force").waitFor();
    } finally {
      lock.exec("rollback");
      lock.close();
    }
    await page.getByRole("button", { name: "Release Advertiser Vela" }).click();
    await expect.poll(price, { timeout: 30_000 }).toBe(5);
    expect(advertiser).not.toBe("");
  });

  test("with the store's file gone bidding goes on, and the page says so", async () => {
    const path = join(walk.program.dataFolder, "store.db");
    renameSync(path, `${path}.away`);
    await page.goto(`${walk.url}/line-items/${lineItem}/edit#price.cpm`);
    await page.getByLabel("CPM", { exact: true }).fill("8");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saving waits, bidding goes on.").waitFor();
    expect(await price()).toBe(5);
    renameSync(`${path}.away`, path);
    await expect
      .poll(
        async () => {
          await page.getByRole("button", { name: "Save", exact: true }).click();
          return (await stored()).form.price.cpm;
        },
        { interval: 500, timeout: 30_000 },
      )
      .toBe(8);
  });

  test("no page complained", () => {
    expect(walk.troubles).toEqual([]);
  });
});
