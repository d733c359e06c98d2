import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { noBrowser, openBrowser } from "../src/testing/browser.js";
import { cannedDesk } from "../src/testing/desk-page-answers.js";
import { startDeskPage } from "../src/testing/desk-page-server.js";
import { machineOf } from "./machine.js";

const lineItems = 10_000;
const rounds = 5;
const uiFolder = join(process.cwd(), "dist/ui/");

type Round = {
  readonly firstPaintMs: number;
  /** Until the first line items stand there. */
  readonly usefulMs: number;
  readonly scrollStallMs: number;
  readonly filterStallMs: number;
};

/** What the page weighs, and how it feels with 10,000 line items: the median round of five. */
export async function printDeskPage(write: (line: string) => void): Promise<boolean> {
  if (noBrowser !== "" || !existsSync(uiFolder)) {
    write(noBrowser === "" ? "no dist/ui: npm run build makes it" : noBrowser);
    return false;
  }
  const weights = scriptBytes();
  const server = await startDeskPage(cannedDesk(lineItems).answers, uiFolder);
  const browser = await openBrowser();
  try {
    const all: Round[] = [];
    for (let i = 0; i < rounds; i++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      all.push(await oneRound(page, server.url));
      await page.close();
    }
    const median = (of: (round: Round) => number): number =>
      all.map(of).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    const result = {
      scriptBytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
      firstPaintMs: median((round) => round.firstPaintMs),
      usefulMs: median((round) => round.usefulMs),
      scrollStallMs: median((round) => round.scrollStallMs),
      filterStallMs: median((round) => round.filterStallMs),
    };
    const machine = machineOf();
    write(`\nNode ${machine.node}, ${machine.machine}, commit ${machine.commit}`);
    for (const { name, bytes } of weights.slice(0, 4)) write(`  ${name}  ${bytes} bytes`);
    write(`JavaScript, gzip -9    ${(result.scriptBytes / 1e3).toFixed(1)} kB in all`);
    write(`first paint            ${result.firstPaintMs} ms`);
    write(`first line items       ${result.usefulMs} ms (figure: <= 1000)`);
    write(`longest stall          ${result.scrollStallMs} ms scrolling (figure: <= 100)`);
    write(`                       ${result.filterStallMs} ms filtering (figure: <= 100)`);
    write(JSON.stringify({ name: "desk-page", lineItems, ...result, ...machine }));
    const stallMs = Math.max(result.scrollStallMs, result.filterStallMs);
    return result.usefulMs <= 1000 && stallMs <= 100;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Of each file of the page as gzip sends it, the heaviest first. */
function scriptBytes(): { readonly name: string; readonly bytes: number }[] {
  const assets = join(uiFolder, "assets");
  return readdirSync(assets)
    .filter((name) => name.endsWith(".js"))
    .map((name) => ({
      name,
      bytes: gzipSync(readFileSync(join(assets, name)), { level: 9 }).length,
    }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Tasks of 50 ms and more are what browsers report; shorter ones stall nobody. */
const watchTasks = `window.tasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.tasks.push(task.duration);
}).observe({ type: "longtask" });`;
const longest = "Math.round(Math.max(0, ...window.tasks.splice(0)))";
const scroll = `(async () => {
  const box = document.querySelector(".table-scroll");
  for (let i = 0; i < 120; i++) {
    box.scrollTop += 700;
    await new Promise(requestAnimationFrame);
  }
  box.scrollTop = 0;
})()`;

async function oneRound(page: Page, url: string): Promise<Round> {
  await page.addInitScript(watchTasks);
  await page.goto(`${url}/line-items`);
  await page.locator("tr[data-row] a").first().waitFor();
  const usefulMs = await page.evaluate<number>("Math.round(performance.now())");
  const firstPaintMs = await page.evaluate<number>(
    "Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)",
  );
  await page.evaluate(longest);
  await page.evaluate(scroll);
  const scrollStallMs = await page.evaluate<number>(longest);
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.pressSequentially("sites 99", { delay: 60 });
  await page.getByRole("link", { name: "Travel sites 99", exact: true }).waitFor();
  return { firstPaintMs, usefulMs, scrollStallMs, filterStallMs: await page.evaluate(longest) };
}
