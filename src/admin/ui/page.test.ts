import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityViolations, noBrowser, openBrowser } from "../../testing/browser.js";
import { type CannedDesk, cannedDesk } from "../../testing/desk-page-answers.js";
import { type DeskPage, startDeskPage } from "../../testing/desk-page-server.js";

if (noBrowser !== "") console.log(noBrowser);

let browser: Browser;
beforeAll(async () => {
  if (noBrowser === "") browser = await openBrowser();
});
afterAll(async () => browser?.close());

type Visit = { readonly desk: CannedDesk; readonly server: DeskPage; readonly page: Page };
/** A desk with a page open at `address`; fails at any error or refusal that the browser reports. */
async function visit(
  address: string,
  look: (at: Visit) => Promise<void>,
  desk: CannedDesk = cannedDesk(3),
): Promise<void> {
  const server = await startDeskPage(desk.answers);
  const page = await browser.newPage();
  page.setDefaultTimeout(45_000);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("status of")) {
      troubles.push(message.text());
    }
  });
  try {
    await page.goto(`${server.url}${address}`);
    await look({ desk, server, page });
    expect(troubles).toEqual([]);
  } finally {
    await page.close();
    await server.close();
  }
}

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { level: 1, name }).waitFor();

describe.skipIf(noBrowser !== "")("the page", () => {
  test("whoever is signed out signs in and lands on line items", async () => {
    const signedOut = { state: "signed-out", trouble: "", demo: false } as const;
    await visit(
      "/",
      async ({ page }) => {
        await page.getByLabel("Login").fill("ada");
        await page.getByLabel("Password").fill("a few words in a row");
        expect(await accessibilityViolations(page)).toEqual([]);
        await page.getByRole("button", { name: "Sign in" }).click();
        await heading(page, "Line items");
      },
      cannedDesk(3, signedOut),
    );
  });

  test("of 10,000 line items those in sight exist, and the keyboard reaches the last", async () => {
    await visit(
      "/line-items",
      async ({ page }) => {
        await page.getByRole("link", { name: "Travel sites 1", exact: true }).focus();
        const rows = page.locator("tr[data-row]");
        expect(await rows.count()).toBeLessThan(60);
        const heights = await rows.evaluateAll((all) => all.map((row) => row.clientHeight));
        expect(new Set(heights)).toEqual(new Set([52]));
        await page.keyboard.press("End");
        await page.waitForFunction(
          () => document.activeElement?.textContent === "Travel sites 10000",
        );
        expect(await rows.count()).toBeLessThan(60);
        await page.getByRole("searchbox", { name: "Search" }).fill("sites 9999");
        await page.getByRole("link", { name: "Travel sites 9999", exact: true }).waitFor();
        expect(page.url()).toContain("search=sites+9999");
        await expect.poll(() => rows.count()).toBe(1);
      },
      cannedDesk(10_000),
    );
  });

  test("a pause is one press, and so is the way back", async () => {
    await visit("/line-items", async ({ page, server }) => {
      await page.getByRole("button", { name: "Pause Travel sites 2" }).click();
      await page.getByRole("button", { name: "Run Travel sites 2" }).waitFor();
      await page.getByText("1 line item paused.").waitFor();
      await page.getByRole("button", { name: "Undo" }).click();
      await expect.poll(() => server.calls).toContain("POST /changes/77/undo");
    });
  });

  test("while the store is locked the page says so, and offers the stop in place of a pause", async () => {
    const desk = cannedDesk(3);
    const body = { status: 503, title: "Not available", detail: "the store is locked" };
    desk.first = ({ path }) => (path === "/line-items/bulk" ? { status: 503, body } : undefined);
    await visit(
      "/line-items",
      async ({ page }) => {
        await page.getByRole("button", { name: "Pause Travel sites 2" }).click();
        await page.getByText("Saving waits, bidding goes on.").waitFor();
        await page.getByRole("button", { name: "Stop instead" }).click();
        await page.getByText("1 stop is in force").waitFor();
        await page.getByRole("button", { name: "Release Line item Travel sites 2" }).click();
        await page.getByText("1 stop is in force").waitFor({ state: "detached" });
      },
      desk,
    );
  });

  test("many line items are edited at once, after a look at what would change", async () => {
    await visit("/line-items", async ({ page, desk }) => {
      await page.getByRole("checkbox", { name: /^Select all/ }).check();
      await page.getByRole("button", { name: "Edit…" }).click();
      await page.getByLabel("Base CPM", { exact: true }).selectOption("to");
      await page.getByLabel("Base CPM: the amount").fill("3.10");
      await page.getByRole("button", { name: "Preview" }).click();
      await page.getByText("3 will change").waitFor();
      expect(desk.things.get("lineItem 10001")?.form["price"]).toEqual({ cpm: 2.4 });
      await page.getByRole("button", { name: "Apply" }).click();
      await page.getByText("3 line items changed.").waitFor();
      expect(desk.things.get("lineItem 10003")?.form["price"]).toEqual({ cpm: 3.1 });
    });
  });

  test("an edit is saved; leaving before asks first", async () => {
    await visit("/line-items/10001/edit#price.cpm", async ({ page, desk }) => {
      await page.waitForFunction(() => document.activeElement?.id === "field-price.cpm");
      await page.getByLabel("CPM", { exact: true }).fill("2.75");
      await page.getByRole("link", { name: "Campaigns" }).click();
      await page.getByRole("dialog", { name: "Leave without saving?" }).waitFor();
      await page.getByRole("button", { name: "Stay here" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("All saved").waitFor();
      expect(desk.things.get("lineItem 10001")?.form["price"]).toEqual({ cpm: 2.75 });
      await page.getByRole("link", { name: "Campaigns" }).click();
      await heading(page, "Campaigns");
    });
  });

  test("where the session ended, signing in again keeps what was typed", async () => {
    await visit("/line-items/10001/edit#price.cpm", async ({ page, desk }) => {
      await page.getByLabel("CPM", { exact: true }).fill("2.75");
      const detail = "sign in first";
      const out = { status: 401, body: { status: 401, title: "Unauthorized", detail } };
      // What is asked while somebody types may be answered 401 too, and open the door before the
      // save.
      const asIs = (path: string) => path === "/session" || path.endsWith("/validate");
      desk.first = ({ path }) => (asIs(path) ? undefined : out);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      const door = page.getByRole("dialog", { name: "Your session has ended" });
      await door.getByLabel("Login").fill("ada");
      await door.getByLabel("Password").fill("a few words in a row");
      desk.first = () => undefined;
      await door.getByRole("button", { name: "Sign in" }).click();
      await door.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("All saved").waitFor();
      expect(desk.things.get("lineItem 10001")?.form["price"]).toEqual({ cpm: 2.75 });
    });
  });

  test("where two people saved, both versions stand side by side", async () => {
    await visit("/line-items/10001/edit#price.cpm", async ({ page, desk }) => {
      await page.getByLabel("CPM", { exact: true }).fill("2.75");
      const theirs = desk.things.get("lineItem 10001");
      if (theirs === undefined) throw new Error("the desk has no line item 10001");
      const form = { ...theirs.form, name: "Renamed by Bob", price: { cpm: 9 } };
      desk.things.set("lineItem 10001", { ...theirs, form, version: 2, updatedBy: "Bob" });
      await page.getByRole("button", { name: "Save", exact: true }).click();
      const dialog = page.getByRole("dialog", { name: "Somebody saved this meanwhile" });
      await dialog.getByRole("cell", { name: "Renamed by Bob" }).waitFor();
      expect(await accessibilityViolations(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Go on with what is chosen" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("All saved").waitFor();
      const saved = desk.things.get("lineItem 10001")?.form;
      expect([saved?.["name"], saved?.["price"]]).toEqual(["Renamed by Bob", { cpm: 2.75 }]);
    });
  });

  test("a form with an error names it, and leads to its field", async () => {
    await visit("/campaigns/new", async ({ page }) => {
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("alert").getByRole("link").click();
      await page.waitForFunction(() => document.activeElement?.id === "field-name");
      expect(await accessibilityViolations(page)).toEqual([]);
    });
  });
});

const pages = [
  ...["/line-items", "/line-items/10002", "/line-items/10001/edit", "/start", "/campaigns"],
  ...["/line-items/10001/edit#targeting", "/line-items/10001/edit#creatives", "/advertisers"],
  ...["/line-items/10001/edit#price", "/campaigns/1000", "/advertisers/100", "/agencies/10"],
];
test.skipIf(noBrowser !== "")("no page breaks WCAG 2.2 AA, light or dark", async () => {
  await visit("/agencies", async ({ page }) => {
    await heading(page, "Agencies");
    for (const address of pages) {
      await page.evaluate((to) => {
        history.pushState(null, "", to);
        dispatchEvent(new PopStateEvent("popstate"));
      }, address);
      await page.locator(".loading").waitFor({ state: "detached" });
      await page.locator("h1").waitFor();
      await page.emulateMedia({ colorScheme: "light" });
      expect(await accessibilityViolations(page), address).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await accessibilityViolations(page, ["color-contrast"]), address).toEqual([]);
    }
  });
});
