import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessibilityViolations, noBrowser, openBrowser } from "../../../testing/browser.js";
import { cannedDesk, thing } from "../../../testing/desk-page-answers.js";
import { factAnswers } from "../../../testing/desk-page-facts.js";
import { type DeskPage, startDeskPage } from "../../../testing/desk-page-server.js";

if (noBrowser !== "") console.log(noBrowser);

let browser: Browser;
beforeAll(async () => {
  if (noBrowser === "") browser = await openBrowser();
});
afterAll(async () => browser?.close());

/** A desk with all that these pages show, open in a page; fails at whatever the browser complains of. */
async function withDesk(look: (page: Page, server: DeskPage) => Promise<void>): Promise<void> {
  const desk = cannedDesk(3);
  desk.first = factAnswers;
  const audience = { all: ["interest.travel", { none: ["life.students"] }] };
  for (const one of [
    thing("audience", "12", { id: 12, agency: 10, name: "Travellers", audience }),
    thing("deal", "openrtb26/D1", {
      ...{ deal: "D1", exchange: "openrtb26", name: "Pavilion", type: "private", floor: 8 },
      floorCurrency: "USD",
    }),
  ]) {
    desk.things.set(`${one.kind} ${encodeURIComponent(one.key)}`, one);
  }
  const server = await startDeskPage(desk.answers);
  const page = await browser.newPage();
  await page.route("**/preview/creatives/**", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><p>the ad</p>" }),
  );
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  try {
    await look(page, server);
    expect(troubles).toEqual([]);
  } finally {
    await page.close();
    await server.close();
  }
}

/** To an address without loading everything again. */
const step = (page: Page, address: string): Promise<void> =>
  page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, address);

/** Each address with something that only its filled page shows. */
const shown: readonly (readonly [address: string, text: string])[] = [
  ["/audiences", "interest.travel; and none of life.students"],
  ["/audiences/12", "100 k \u2013 1.8 m"],
  ["/audiences/new", "Everybody"],
  ["/lists", "in the bank"],
  ["/creatives", "Banner, our HTML"],
  ["/creatives/20000", "clicks are not counted"],
  ["/creatives/new", "Landing page"],
  ["/creatives/approvals", "Spring 300x250"],
  ["/deals", "Pavilion"],
  ["/deals/openrtb26%2FD1", "Agreed floor"],
  ["/reports?by=advertiser,day&only.deal=D1", "Pavilion #D1"],
  ["/line-items/10001/funnel", "another country"],
  ["/plots?advertiser=100", "Win rate, % of bids"],
  ["/exchanges", "no JSON"],
  ["/exchanges/openrtb26", "x-openrtb-version"],
  ["/explain", "Paste a bid request"],
  ["/history", "price.cpm"],
  ["/users", "invited, has not joined yet"],
  ["/account", "nightly report"],
  ["/audit", "login failed"],
];

test.skipIf(noBrowser !== "")(
  "every page is filled and keeps WCAG 2.2 AA, in light and dark",
  async () => {
    await withDesk(async (page, server) => {
      const found: string[] = [];
      const note = (place: string, violations: readonly string[]): void => {
        found.push(...violations.map((one) => `${place}: ${one}`));
      };
      await page.goto(`${server.url}/line-items`);
      for (const [address, text] of shown) {
        await page.emulateMedia({ colorScheme: "light" });
        await step(page, address);
        await page.getByText(text).first().waitFor({ timeout: 5000 });
        note(address, await accessibilityViolations(page));
        await page.emulateMedia({ colorScheme: "dark" });
        note(`${address} dark`, await accessibilityViolations(page, ["color-contrast"]));
      }
      expect(found).toEqual([]);
    });
  },
);
