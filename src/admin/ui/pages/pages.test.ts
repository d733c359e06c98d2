import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessibilityViolations,
  noBrowser,
  openBrowser,
  sidewaysScroll,
} from "../../../testing/browser.js";
import { type Ask, cannedDesk, type Reply, thing } from "../../../testing/desk-page-answers.js";
import { factAnswers } from "../../../testing/desk-page-facts.js";
import { type DeskPage, startDeskPage } from "../../../testing/desk-page-server.js";
import { dayAfter, dayIn } from "./days.js";

if (noBrowser !== "") console.log(noBrowser);

let browser: Browser;
beforeAll(async () => {
  if (noBrowser === "") browser = await openBrowser();
});
afterAll(async () => browser?.close());

/** Answers before the canned ones; undefined = theirs. */
type First = (ask: Ask) => Reply | undefined;

/** A desk with all that these pages show; fails at what the browser complains of. */
async function withDesk(
  look: (page: Page, server: DeskPage) => Promise<void>,
  first: First = () => undefined,
): Promise<void> {
  const desk = cannedDesk(3);
  desk.first = (ask) => first(ask) ?? factAnswers(ask);
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
  await page.addInitScript(() => {
    // A preview's frame has no storage.
    if (self === top) localStorage.setItem("crowdbid.agency", "10");
  });
  await page.route("**/preview/creatives/**", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><p>the ad</p>" }),
  );
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    const refused = message.text().includes("status of");
    if (message.type() === "error" && !refused) troubles.push(message.text());
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
  ["/history", "CPM"],
  ["/users", "Invited, not here yet"],
  ["/account", "nightly report"],
  ["/audit", "login failed"],
];

test.skipIf(noBrowser !== "")(
  "every page is filled, keeps WCAG 2.2 AA in light and dark, and fits 400 pixels",
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
        await page.getByText(text).first().waitFor();
        note(address, await accessibilityViolations(page));
        await page.emulateMedia({ colorScheme: "dark" });
        note(`${address} dark`, await accessibilityViolations(page, ["color-contrast"]));
        await page.setViewportSize({ width: 400, height: 800 });
        note(address, await sidewaysScroll(page));
        await page.setViewportSize({ width: 1280, height: 800 });
      }
      expect(found).toEqual([]);
    });
  },
  // Half a minute where the load is nine a core.
  180_000,
);

/** What was sent to a route, in order; the canned answers stay. */
function listening(route: string): { readonly bodies: unknown[]; readonly first: First } {
  const bodies: unknown[] = [];
  const first: First = ({ method, path, body }) => {
    if (`${method} ${path}` === route) bodies.push(body);
    return undefined;
  };
  return { bodies, first };
}

const walk = test.skipIf(noBrowser !== "");

walk("an audience is built by the keyboard, checked once, and saved as its form", async () => {
  const { bodies, first } = listening("POST /audiences");
  await withDesk(async (page, { url }) => {
    await page.goto(`${url}/audiences/new`);
    await page.getByLabel("Name").fill("Travellers");
    const into = (legend: string) =>
      page.getByLabel(`${legend}: segment or saved audience`, { exact: true });
    await into("People in any of").fill("interest.tr");
    await page.keyboard.press("Enter");
    await into("People in any of").fill("interest.home");
    await page.keyboard.press("Enter");
    await into("but in none of").fill("life.students");
    await page.keyboard.press("Enter");
    await page.getByText("has to be loaded first").waitFor();
    await page.getByRole("button", { name: "Take out People of interest.home" }).click();
    await page.getByText("100 k \u2013 1.8 m").waitFor();
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("2 of today's checks are left").waitFor();
    expect(await page.locator(".verdict strong").textContent()).toBe("refused");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Travellers is saved").waitFor();
  }, first);
  const audience = { all: ["interest.travel", { none: ["life.students"] }] };
  expect(bodies).toEqual([{ form: { agency: 10, name: "Travellers", audience }, draft: false }]);
});

walk("a creative runs in a frame that reaches nothing, and is rejected with a reason", async () => {
  const { bodies, first } = listening("POST /creatives/20000/approvals");
  await withDesk(async (page, { url }) => {
    await page.goto(`${url}/creatives/20000`);
    const frame = page.locator("iframe");
    await frame.scrollIntoViewIfNeeded();
    expect(await frame.getAttribute("sandbox")).toBe("allow-scripts");
    await page.frameLocator("iframe").getByText("the ad").waitFor();
    await page.getByRole("button", { name: "Reject Spring 300x250 at onebid" }).click();
    await page.getByLabel("Why").fill("blurred");
    await page.getByRole("button", { name: "Reject", exact: true }).click();
    await page.getByText("Spring 300x250 is rejected at onebid").waitFor();
    await page.getByRole("cell", { name: "rejected" }).waitFor();
    expect(await page.getByText("Not saved yet").count()).toBe(0);
    await page.getByLabel("Format").selectOption("native");
    expect(await page.getByLabel("HTML", { exact: true }).count()).toBe(0);
    await page.getByLabel("Words of the button").waitFor();
  }, first);
  expect(bodies).toEqual([{ exchange: "onebid", verdict: "rejected", reason: "blurred" }]);
});

walk("a report is its address, and comes as CSV", async () => {
  let asked = 0;
  const first: First = ({ path }) => {
    if (path !== "/reports") return undefined;
    asked++;
    return asked === 1 ? undefined : { status: 200, body: "deal,bids\r\n", type: "text/csv" };
  };
  await withDesk(async (page, { url }) => {
    await page.goto(`${url}/reports`);
    await page.getByLabel("deal").check();
    await page.getByLabel("7 days").check();
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Pavilion #D1").waitFor();
    const query = new URL(page.url()).searchParams;
    expect(query.get("by")).toBe("advertiser,day,deal");
    expect(Date.parse(query.get("to") ?? "") - Date.parse(query.get("from") ?? "")).toBe(
      6 * 86_400_000,
    );
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).click();
    expect((await download).suggestedFilename()).toBe("report advertiser day deal.csv");
  }, first);
});

walk("a report of an advertiser's line items by day fits a window of 1,280 pixels", async () => {
  const numbers = ["requests", "bids", "no_bids", "wins", "billed", "impressions", "clicks"];
  const money = ["media", "margin", "data", "technical", "late", "total", "ecpm"];
  const places = ["advertiser_id", "advertiser", "line-item_id", "line-item", "day", "currency"];
  const columns = [...places, ...numbers, "losses", "win_rate", ...money];
  const rowOf = (i: number): string[] => [
    ...["100", "Northwind Outdoor", String(1100 + i), "Everybody who is at home", "2026-11-26"],
    ...["EUR", "0", "1234567", "0", "223456", "212345", "211987", "1234", "991234", "0.1834"],
    ...["1234.567890000", "123.456000000", "12.345000000", "2.340000000", "0.000000000"],
    ...["1372.708890000", "5.823000000"],
  ];
  for (const length of [6, 300]) {
    const rows = Array.from({ length }, (_, i) => rowOf(i));
    const body = { columns, rows, totals: [["", "", "", "", "", ...rowOf(0).slice(5)]] };
    const first: First = ({ path }) => (path === "/reports" ? { status: 200, body } : undefined);
    await withDesk(async (page, { url }) => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${url}/reports?by=advertiser,line-item,day`);
      await page.getByText("Northwind Outdoor").first().waitFor();
      const wide = await page
        .locator(".report-result > section, .report-result > div")
        .evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth));
      expect(wide).toEqual(length === 6 ? [0] : [0, 0]);
    }, first);
  }
});

walk("lists are brought, changes undone, people invited with a code that is shown", async () => {
  await withDesk(async (page, { url, calls }) => {
    await page.goto(`${url}/lists`);
    await page.getByRole("button", { name: "Add a list" }).click();
    await page.getByLabel("Name").fill("buyers-2");
    await page.getByLabel("File").setInputFiles({
      ...{ name: "buyers.csv", mimeType: "text/csv", buffer: Buffer.from("a@b.example\n") },
    });
    await page.getByRole("button", { name: "Bring it" }).click();
    await page.getByText("buyers-2 is taken in").waitFor();
    expect(calls).toContain("POST /lists?name=buyers-2&kind=email&agency=10");
    await step(page, "/history");
    await page.getByRole("button", { name: "Undo this change" }).click();
    await page.getByText("Change 5 is undone").waitFor();
    await step(page, "/users");
    await page.getByRole("button", { name: "Invite someone" }).click();
    await page.getByLabel("Name").fill("Di");
    await page.getByRole("button", { name: "Make an invitation" }).click();
    await page.getByText("K7WQ-M2XP-9R", { exact: true }).waitFor();
  });
});

walk("a request is explained by line item, an answer checked, an exchange stopped", async () => {
  await withDesk(async (page, { url, calls }) => {
    await page.goto(`${url}/explain`);
    await page.getByRole("button", { name: "Sample: banner" }).click();
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("open auction, creative 20000: offered").waitFor();
    await page.getByRole("cell", { name: "FRA, DEU" }).waitFor();
    await step(page, "/exchanges/openrtb26");
    await page.getByLabel("Answer").fill("{}");
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await page.getByText("is below the bid floor").waitFor();
    await page.getByRole("button", { name: "Stop openrtb26" }).click();
    await page.getByText("openrtb26 is stopped").waitFor();
    expect(calls).toContain("POST /stops");
  });
});

walk("what a field lacked is not said of what is written into it since", async () => {
  await withDesk(async (page, { url, calls }) => {
    const asked = (): number => calls.filter((call) => call.endsWith("/validate")).length;
    const name = page.getByLabel("Name", { exact: true });
    await page.goto(`${url}/campaigns/new`);
    await page.getByLabel(/^In all/).fill("5000");
    await expect.poll(asked).toBeGreaterThan(0);
    await name.fill("V");
    expect(await page.getByText("needs a value").count()).toBe(0);
    await name.fill("");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Error: needs a value").waitFor();
    await name.fill("Vela");
    expect(await page.getByText("needs a value").count()).toBe(0);
  });
});

walk("a new campaign begins today where its advertiser is, whatever day it is here", async () => {
  // The day of one of the two is another than that of UTC, whenever this runs.
  const zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago"];
  const first: First = ({ path }) => {
    const timeZone = zones[Number(path.replace("/advertisers/", ""))];
    if (timeZone === undefined) return undefined;
    const key = path.slice("/advertisers/".length);
    return { status: 200, body: thing("advertiser", key, { name: "Brand", timeZone }) };
  };
  await withDesk(async (page, { url }) => {
    for (const [key, timeZone] of zones.entries()) {
      await page.goto(`${url}/start?advertiser=${key}`);
      const from = await page.getByLabel("First day").inputValue();
      expect(from).toBe(dayIn(timeZone, Date.now()));
      expect(await page.getByLabel("Last day").inputValue()).toBe(dayAfter(from, 30));
    }
  }, first);
});

walk("where something is missing or does not answer, the page says so and asks again", async () => {
  let locked = true;
  const first: First = ({ path }) => {
    const body = { status: 503, title: "Not available", detail: "the store is locked" };
    if (path === "/changes" && locked) return { status: 503, body };
    return path === "/lists" ? { status: 404, body: { ...body, status: 404 } } : undefined;
  };
  await withDesk(async (page, { url }) => {
    await page.goto(`${url}/lists`);
    await page.getByText("There is no data bank here").waitFor();
    await step(page, "/history");
    await page.getByRole("button", { name: "Try again" }).waitFor();
    locked = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("CPM", { exact: true }).waitFor();
  }, first);
});
