import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
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

test.skipIf(noBrowser !== "")(
  "whoever is signed out signs in and lands on line items",
  async () => {
    const desk = cannedDesk(3, { state: "signed-out", trouble: "", demo: false });
    await visit(
      "/",
      async ({ page }) => {
        await page.getByLabel("Login").fill("ada");
        await page.getByLabel("Password").fill("a few words in a row");
        expect(await accessibilityViolations(page)).toEqual([]);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByRole("heading", { name: "Line items" }).waitFor();
      },
      desk,
    );
  },
);
