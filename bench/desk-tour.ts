import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Entity, Listing } from "../src/admin/ui/answers.js";
import { openBrowser } from "../src/testing/browser.js";
import { buildProgram } from "./program.js";

const secMax = 600;
/** Bids of people, sums and series need a while of trade. */
const tradeSec = 45;
const account = { login: "ada", name: "Ada Lund", password: "a few words in a row" } as const;

const stopped = "1103";

/** Where the first of each kind is found, by the beginning of its pages' addresses. */
const collections: Readonly<Record<string, string>> = {
  ...{ "line-items": "/line-items", audiences: "/audiences", creatives: "/creatives" },
  ...{ deals: "/deals", campaigns: "/campaigns", advertisers: "/advertisers" },
  agencies: "/agencies",
};

/**
 * The demo with its people and its trade, and somebody signed in to its desk who has already done
 * something of each kind: what the pages show to those who use them.
 */
export class DeskTour {
  readonly url: string;
  private readonly demo: ChildProcess;
  private readonly ownFolder: string;
  private browser: Browser | null = null;
  private written = "";

  private constructor(dataFolder: string, ports: readonly [number, number]) {
    this.ownFolder = dataFolder === "" ? mkdtempSync(join(tmpdir(), "crowdbid-tour-")) : "";
    const [bidPort, adminPort] = ports;
    this.url = `http://127.0.0.1:${adminPort}`;
    const flags = {
      ...{ "--data": dataFolder || this.ownFolder, "--bid-port": `${bidPort}` },
      ...{ "--admin-port": `${adminPort}`, "--workers": "1" },
    };
    const args = ["dist/main.js", "demo", ...Object.entries(flags).flat()];
    this.demo = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.demo.stdout, this.demo.stderr]) {
      stream?.on("data", (piece: Buffer) => {
        this.written += piece.toString("utf8");
      });
    }
  }

  /** `dataFolder` of an earlier tour saves its building; "" = a new one, removed at the end. */
  static async start(dataFolder: string, write: (line: string) => void): Promise<DeskTour> {
    buildProgram();
    const tour = new DeskTour(dataFolder, [await freePort(), await freePort()]);
    try {
      await tour.until("people", async () => (await tour.epoch()) > 0);
      write("the demo's people are live");
      tour.browser = await openBrowser();
      await tour.signIn();
      await pause(tradeSec * 1000);
      return tour;
    } catch (error) {
      await tour.end();
      throw error;
    }
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const giveUpMs = performance.now() + secMax * 1000;
    while (!(await holds())) {
      if (this.demo.exitCode !== null) throw new Error(`ended before ${what}: ${this.written}`);
      if (performance.now() > giveUpMs) throw new Error(`never ${what}: ${this.written}`);
      await pause(200);
    }
  }

  /** 0 as well before the admin port is open. */
  private async epoch(): Promise<number> {
    try {
      const answer = await fetch(`${this.url}/readyz`);
      return ((await answer.json()) as { epoch: number }).epoch;
    } catch {
      return 0;
    }
  }

  private cookies: BrowserContext | null = null;

  private async signIn(): Promise<void> {
    this.cookies = (await this.browser?.newContext({ viewport: sizes.wide })) ?? null;
    const code = /join with the code (\w+)/.exec(this.written)?.[1];
    const { login, password } = account;
    if (code === undefined) await this.ask("POST", "/session", { login, password });
    else {
      await this.ask("POST", "/join", { code, ...account });
      await this.work();
    }
  }

  /** Asks the API as who is signed in; fails at what is refused. */
  async ask<T>(method: string, path: string, body?: unknown, version = 0): Promise<T> {
    const answer = await this.context.request.fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...{ "x-crowdbid": "1", origin: this.url },
        ...(version === 0 ? {} : { "if-match": `"${version}"` }),
      },
      ...(body === undefined ? {} : { data: body }),
    });
    const text = await answer.text();
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  private get context(): BrowserContext {
    if (this.cookies === null) throw new Error("nobody is signed in");
    return this.cookies;
  }

  /** A day at the desk: something for each page to show. */
  private async work(): Promise<void> {
    const agency = 1;
    await this.ask("POST", "/users", { name: "Bo Reed", agency: String(agency), role: "trader" });
    await this.ask("POST", "/tokens", { name: "nightly report", role: "viewer", days: 30 });
    const audience = { all: ["interest.travel", { none: ["life.students"] }] };
    await this.ask("POST", "/audiences", { form: { agency, name: "Travellers", audience } });
    const item = await this.ask<Entity>("GET", "/line-items/1101");
    const price = { ...(item.form["price"] as object), cpm: 6.25 };
    const form = { ...item.form, price };
    await this.ask("PUT", "/line-items/1101", { form, note: "as agreed" }, item.version);
    await this.ask("POST", "/line-items/1102/duplicate", {});
    await this.ask("POST", "/creatives/1101/approvals", {
      ...{ exchange: "onebid", verdict: "rejected", reason: "blurred" },
    });
    await this.ask("POST", "/stops", { kind: "lineItem", key: stopped });
  }

  /** Ends the stop that is in force. */
  release(): Promise<unknown> {
    return this.ask("DELETE", `/stops/lineItem/${stopped}`).catch(() => null);
  }

  /** Every address of the page with something behind it; the editor's tabs each on their own. */
  async addresses(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const pattern of patterns()) found.push(await this.filled(pattern));
    const tabs = ["budget", "targeting", "audience", "price", "caps", "creatives"];
    return [
      ...found,
      ...tabs.map((tab) => `/line-items/1101/edit#${tab}`),
      ...["/reports?by=line-item,day", "/plots?advertiser=11", "/history?kind=lineItem&key=1101"],
      "/nothing/here",
    ];
  }

  private async filled(pattern: string): Promise<string> {
    const collection = collections[pattern.split("/")[1] ?? ""];
    if (pattern.includes(":name")) return pattern.replace(":name", "openrtb26");
    if (!pattern.includes(":key") || collection === undefined) return pattern;
    const list = await this.ask<Listing<Entity>>("GET", `${collection}?limit=1`);
    const key = collection === "/line-items" ? "1101" : (list.items[0]?.key ?? "");
    return pattern.replace(":key", encodeURIComponent(key));
  }

  /** A tab of who is signed in; `shown` where it is filled. */
  async tab(address: string, size: Size = sizes.wide): Promise<Page> {
    const page = await this.context.newPage();
    await page.setViewportSize(size);
    await page.goto(`${this.url}${address}`);
    await shown(page);
    return page;
  }

  /** A tab of somebody who is not signed in. */
  async doorTab(address: string, size: Size = sizes.wide): Promise<Page> {
    const page = await this.browser?.newPage({ viewport: size });
    if (page === undefined) throw new Error("no browser");
    await page.goto(`${this.url}${address}`);
    await shown(page);
    return page;
  }

  async end(): Promise<void> {
    await this.browser?.close();
    const ended = new Promise((resolve) => this.demo.once("exit", resolve));
    if (this.demo.exitCode === null) {
      this.demo.kill("SIGTERM");
      await ended;
    }
    if (this.ownFolder !== "") rmSync(this.ownFolder, { recursive: true, force: true });
  }
}

/** Of every page, in the text of the page's own list: its parts are made for a browser alone. */
function patterns(): readonly string[] {
  const text = readFileSync("src/admin/ui/pages.ts", "utf8");
  return [...text.matchAll(/pattern: "([^"]+)"/g)].map(([, pattern]) => pattern ?? "");
}

export type Size = { readonly width: number; readonly height: number };
export const sizes = {
  wide: { width: 1280, height: 800 },
  narrow: { width: 400, height: 800 },
} as const;
/** Nothing lies below a bar at the window's foot, where a part of it would seem to be small. */
export const tall = (size: Size): Size => ({ ...size, height: 3000 });

/** To an address without loading everything again. */
export async function step(page: Page, address: string): Promise<void> {
  await page.evaluate(`history.pushState(null, "", ${JSON.stringify(address)})`);
  await page.evaluate('dispatchEvent(new PopStateEvent("popstate"))');
  await shown(page);
}

/** Waits until nothing of the page is still being asked for. */
async function shown(page: Page): Promise<void> {
  await page.locator("h1, h2").first().waitFor();
  await page.locator(".loading, [aria-busy=true]").first().waitFor({ state: "detached" });
  await page.waitForLoadState("networkidle");
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
