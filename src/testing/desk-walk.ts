import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openBrowser } from "./browser.js";
import { Program } from "./program.js";

/** The account that the program's one-time code makes. */
export const first = {
  name: "Ada Lund",
  login: "ada",
  password: "a few words in a row",
} as const;

type Asked = { readonly version?: number; readonly body?: unknown; readonly type?: string };
export type Answered<T> = { readonly status: number; readonly body: T };
type Bid = { readonly price: number; readonly burl: string; readonly adm: string };

/** The real program with a browser in front of it: what a walk through the desk is made of. */
export class DeskWalk {
  readonly program = new Program();
  private browser: Browser | null = null;
  private context: BrowserContext | null = null;
  /** No two requests are the same: what is chosen by the request would be chosen alike. */
  private asked = 0;
  /** What any page complained of, but for answers that say no. */
  readonly troubles: string[] = [];

  async start(): Promise<void> {
    const [browser] = await Promise.all([openBrowser(), this.program.start()]);
    this.browser = browser;
    this.context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  }

  get url(): string {
    return `http://127.0.0.1:${this.program.adminPort}`;
  }

  /** As the program prints it for whoever started it. */
  get firstCode(): string {
    const code = /join with the code (\w+)/.exec(this.program.written)?.[1];
    if (code === undefined) throw new Error(`no code in: ${this.program.written}`);
    return code;
  }

  /** A tab of the first account. */
  async tab(address: string): Promise<Page> {
    if (this.context === null) throw new Error("not started");
    return this.watched(await this.context.newPage(), address);
  }

  /** A tab of somebody else. */
  async otherTab(address: string): Promise<Page> {
    if (this.browser === null) throw new Error("not started");
    return this.watched(await this.browser.newPage(), address);
  }

  private async watched(page: Page, address: string): Promise<Page> {
    page.setDefaultTimeout(45_000);
    page.on("pageerror", (error) => this.troubles.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      const isAnswer = message.text().includes("status of");
      if (message.type() === "error" && !isAnswer) this.troubles.push(message.text());
    });
    await page.goto(`${this.url}${address}`);
    return page;
  }

  /** Joins with a code, by the page. */
  async join(page: Page, code: string, who: typeof first | typeof other): Promise<void> {
    await page.getByLabel("One-time code").fill(code);
    await page.getByLabel("Your name").fill(who.name);
    await page.getByLabel("Login").fill(who.login);
    await page.getByLabel("Password").fill(who.password);
    await page.getByRole("button", { name: /^(Create the account|Join)$/ }).click();
    await page.getByRole("heading", { level: 1, name: "Line items" }).waitFor();
  }

  /** Asks the API as the operator, whom the program's token makes. */
  async ask<T>(method: string, path: string, asked: Asked = {}): Promise<Answered<T>> {
    const token = readFileSync(join(this.program.dataFolder, "admin.token"), "utf8").trim();
    const { version, body, type = "application/json" } = asked;
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": type }),
        ...(version === undefined ? {} : { "if-match": `"${version}"` }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as T };
  }

  /** The bids for a banner on a site that nothing else is aimed at. */
  async bids(site: string): Promise<readonly Bid[]> {
    const answer = await this.program.bid(
      JSON.stringify({
        id: `walk-${++this.asked}`,
        imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }],
        site: { domain: site, page: `https://${site}/` },
        device: { geo: { country: "NZL" } },
      }),
    );
    if (answer.status === 204) return [];
    const { seatbid } = (await answer.json()) as { readonly seatbid: { readonly bid: Bid[] }[] };
    return seatbid.flatMap(({ bid }) => bid);
  }

  /** The bid whose markup holds `mark`. */
  async bidOf(site: string, mark: string): Promise<Bid | undefined> {
    return (await this.bids(site)).find(({ adm }) => adm.includes(mark));
  }

  /** Tells that the bid won, as an exchange does. */
  async won(bid: Bid, price: number): Promise<number> {
    const url = bid.burl
      .replace("https://bid.test.example", `http://127.0.0.1:${this.program.bidPort}`)
      .replace(/\$\{AUCTION_PRICE\}/, String(price));
    return (await fetch(url)).status;
  }

  async end(): Promise<void> {
    await this.browser?.close();
    await this.program.remove();
  }
}

/** Somebody of an agency, who is invited. */
export const other = {
  name: "Bo Reed",
  login: "bo",
  password: "other words in a row",
} as const;
