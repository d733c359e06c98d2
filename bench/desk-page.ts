import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { noBrowser, openBrowser } from "../src/testing/browser.js";
import { cannedDesk } from "../src/testing/desk-page-answers.js";
import { startDeskPage } from "../src/testing/desk-page-server.js";
import { machineOf } from "./machine.js";
import { buildProgram } from "./program.js";

const lineItems = 10_000;
const rounds = 5;
const scriptBytesMax = 60_000;
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
  if (noBrowser === "") buildProgram();
  if (noBrowser !== "" || !existsSync(uiFolder)) {
    write(noBrowser === "" ? "no dist/ui, which vite makes" : noBrowser);
    return false;
  }
  const { pages, all: scriptBytes } = weigh();
  const server = await startDeskPage(cannedDesk(lineItems).answers, uiFolder);
  const browser = await openBrowser();
  try {
    const timed: Round[] = [];
    for (let i = 0; i < rounds; i++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      timed.push(await oneRound(page, server.url));
      await page.close();
    }
    const median = (of: (round: Round) => number): number =>
      timed.map(of).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    const result = {
      ...{ scriptBytes, heaviestPageBytes: pages[0]?.bytes ?? 0 },
      firstPaintMs: median((round) => round.firstPaintMs),
      usefulMs: median((round) => round.usefulMs),
      scrollStallMs: median((round) => round.scrollStallMs),
      filterStallMs: median((round) => round.filterStallMs),
    };
    const machine = machineOf();
    write(`\nNode ${machine.node}, ${machine.machine}, commit ${machine.commit}`);
    for (const { name, bytes } of pages.slice(0, 3)) write(`  ${name}  ${bytes} bytes`);
    write(
      `heaviest page          ${(result.heaviestPageBytes / 1e3).toFixed(1)} kB after gzip (<= 60)`,
    );
    write(`all JavaScript         ${(scriptBytes / 1e3).toFixed(1)} kB`);
    write(`first paint            ${result.firstPaintMs} ms`);
    write(`first line items       ${result.usefulMs} ms (figure: <= 1000)`);
    write(`longest stall          ${result.scrollStallMs} ms scrolling (figure: <= 100)`);
    write(`                       ${result.filterStallMs} ms filtering (figure: <= 100)`);
    write(JSON.stringify({ name: "desk-page", lineItems, ...result, ...machine }));
    const stallMs = Math.max(result.scrollStallMs, result.filterStallMs);
    const light = result.heaviestPageBytes <= scriptBytesMax;
    return light && result.usefulMs <= 1000 && stallMs <= 100;
  } finally {
    await browser.close();
    await server.close();
  }
}

type Chunk = {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly isDynamicEntry?: boolean;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
};
type Weight = { readonly name: string; readonly bytes: number };

/** What each page loads in all, as gzip sends it, the heaviest first; and every file together. */
function weigh(): { readonly pages: readonly Weight[]; readonly all: number } {
  const text = readFileSync(join(uiFolder, ".vite/manifest.json"), "utf8");
  const chunks = new Map(Object.entries(JSON.parse(text) as Record<string, Chunk>));
  const bytesOf = ({ file }: Chunk): number =>
    gzipSync(readFileSync(join(uiFolder, file)), { level: 9 }).length;
  const entry = [...chunks].find(([, { isEntry }]) => isEntry === true)?.[0] ?? "";
  /** A page with what it imports; with the plots' library where it is one that draws. */
  const reach = (name: string, found: Set<string>): Set<string> => {
    const chunk = chunks.get(name);
    if (chunk === undefined || found.has(name)) return found;
    found.add(name);
    for (const next of chunk.imports ?? []) reach(next, found);
    if (name !== entry) for (const next of chunk.dynamicImports ?? []) reach(next, found);
    return found;
  };
  const scripts = [...chunks].filter(([, { file }]) => file.endsWith(".js"));
  const sum = (names: ReadonlySet<string>): number =>
    scripts.filter(([name]) => names.has(name)).reduce((n, [, chunk]) => n + bytesOf(chunk), 0);
  const pages = scripts
    .filter(([name, { isDynamicEntry }]) => isDynamicEntry === true && name.startsWith("pages/"))
    .map(([name]) => ({ name, bytes: sum(reach(name, reach(entry, new Set()))) }))
    .sort((a, b) => b.bytes - a.bytes);
  return { pages, all: sum(new Set(chunks.keys())) };
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
