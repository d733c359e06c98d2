import type { ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { Entity, Listing } from "../src/admin/ui/answers.js";
import { message } from "./child.js";
import type { DeskReady, DeskTurns } from "./desk-process.js";
import type { Turns } from "./turns.js";

/** A World is built behind an answer: that long is waited for before the next work. */
const behindMs = 1500;
const rowsOfCsv = 5000;
const rowsOfBulk = 1000;

type Desk = {
  readonly ask: (method: string, path: string, body?: unknown, version?: number) => Promise<string>;
  readonly count: number;
};
type Work = readonly [what: string, todo: (desk: Desk) => Promise<string>];

/**
 * Everything that a desk is used for, through its API, in the process that bids: how long each
 * takes, and how long main's thread answers nobody else for it. True = no turn was too long.
 */
export async function printDeskWork(
  child: ChildProcess,
  { adminPort, token }: DeskReady,
  turnMsMax: number,
  write: (line: string) => void,
): Promise<boolean> {
  const ask = async (method: string, path: string, body?: unknown, version?: number) => {
    const isText = typeof body === "string";
    const answer = await fetch(`http://127.0.0.1:${adminPort}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": isText ? "text/csv" : "application/json" }),
        ...(version === undefined ? {} : { "if-match": `"${version}"` }),
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return text;
  };
  const worst: { what: string; turns: Turns } = { what: "", turns: { longestMs: 0, ownMs: 0 } };
  await turnsOf(child);
  let count = 0;
  for (const [what, todo] of works) {
    const startedMs = performance.now();
    const answer = await todo({ ask, count });
    const tookMs = performance.now() - startedMs;
    await pause(behindMs);
    const turns = await turnsOf(child);
    write(
      `  ${what}: answered in ${tookMs.toFixed(0)} ms, longest turn of main ` +
        `${turns.ownMs.toFixed(0)} ms, with waits for a processor ${turns.longestMs.toFixed(0)} ms`,
    );
    if (turns.ownMs >= worst.turns.ownMs) Object.assign(worst, { what, turns });
    if (count === 0) count = totalOf(answer);
  }
  const { what, turns } = worst;
  write(`  longest turn of all: ${turns.ownMs.toFixed(0)} ms, ${what} (<= ${turnMsMax})`);
  return turns.ownMs <= turnMsMax;
}

const totalOf = (answer: string): number => (JSON.parse(answer) as Listing<Entity>).total;

function turnsOf(child: ChildProcess): Promise<Turns> {
  const told = message<Turns>(child);
  child.send({ turns: true } satisfies DeskTurns);
  return told;
}

async function edit(
  { ask }: Desk,
  path: string,
  change: (form: Entity["form"]) => Entity["form"],
): Promise<string> {
  const { form, version } = JSON.parse(await ask("GET", path)) as Entity;
  return ask("PUT", path, { form: change(form) }, version);
}

const csvOf = async ({ ask }: Desk, cpm: number): Promise<string> => {
  const [head = "", ...rows] = (await ask("GET", "/line-items.csv")).split(/\r?\n/);
  const at = head.split(",").indexOf("cpm");
  const edited = rows.slice(0, rowsOfCsv).map((row) => {
    const cells = row.split(",");
    cells[at] = String(cpm);
    return cells.join(",");
  });
  return [head, ...edited, ""].join("\r\n");
};

const works: readonly Work[] = [
  ["the first list after the start", ({ ask }) => ask("GET", "/line-items?limit=200")],
  ["a list in order", ({ ask }) => ask("GET", "/line-items?limit=200&sort=-spendToday")],
  ["a search", ({ ask }) => ask("GET", "/line-items?limit=200&search=line%2099&sort=name")],
  [
    "a country of a line item",
    (desk) =>
      edit(desk, "/line-items/7", (form) => ({
        ...form,
        targeting: { include: { countries: ["CAN"] } },
      })),
  ],
  [
    "a creative's markup",
    (desk) =>
      edit(desk, "/creatives/7", (form) => ({ ...form, html: '<a href="{CLICK_URL}">new</a>' })),
  ],
  [
    "a campaign's budget",
    (desk) =>
      edit(desk, "/campaigns/7", (form) => ({
        ...form,
        budget: { total: 9_000_000, daily: 8000 },
      })),
  ],
  [
    "an advertiser's name",
    (desk) => edit(desk, "/advertisers/1", (form) => ({ ...form, name: "Brand one" })),
  ],
  [
    "a new line item",
    ({ ask }) =>
      ask("POST", "/line-items", {
        form: {
          ...{ campaign: 1, name: "New", creatives: [{ id: 1 }], withoutId: "contextual" },
          ...{ targeting: { include: { countries: ["CAN"] } }, price: { cpm: 2, maxCpm: 9 } },
        },
      }),
  ],
  ["an advertiser stopped", ({ ask }) => ask("POST", "/stops", { kind: "advertiser", key: "2" })],
  ["the stop ended", ({ ask }) => ask("DELETE", "/stops/advertiser/2")],
  [
    "a bulk edit of 1,000",
    ({ ask, count }) => {
      const keys = Array.from({ length: Math.min(rowsOfBulk, count) }, (_, i) => String(i + 1));
      return ask("POST", "/line-items/bulk", { keys, set: { cpm: { byPercent: 5 } } });
    },
  ],
  ["all as CSV", ({ ask }) => ask("GET", "/line-items.csv")],
  [
    "5,000 from a CSV, previewed",
    async (desk) => desk.ask("POST", "/line-items.csv?preview=1", await csvOf(desk, 2.75)),
  ],
  [
    "5,000 from a CSV",
    async (desk) => desk.ask("POST", "/line-items.csv", await csvOf(desk, 2.75)),
  ],
  [
    "that undone",
    async ({ ask }) => {
      const changes = JSON.parse(await ask("GET", "/changes?limit=1")) as {
        readonly items: readonly { readonly change: number }[];
      };
      return ask("POST", `/changes/${changes.items[0]?.change ?? 0}/undo`, {});
    },
  ],
  ["what was changed", ({ ask }) => ask("GET", "/changes?limit=200")],
  ["a series", ({ ask }) => ask("GET", "/series")],
  ["a funnel", ({ ask }) => ask("GET", "/line-items/1/funnel")],
  [
    "a report",
    ({ ask }) => {
      const day = new Date().toISOString().slice(0, 10);
      return ask("POST", "/reports", { by: ["line-item"], from: day, to: day, timeZone: "UTC" });
    },
  ],
];
