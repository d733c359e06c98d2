import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message, start, stop } from "./child.js";
import { watchedCountry } from "./desk-forms.js";
import type { DeskOrder, DeskPrice, DeskReady, DeskSaved } from "./desk-process.js";
import { printDeskWork } from "./desk-work.js";
import { LoadWindow, OpenLoop } from "./open-loop.js";

const liveMsMax = 1000;
const turnMsMax = 50;
const p99RatioMax = 1.5;

export type DeskBenchSize = {
  readonly lineItems: readonly number[];
  readonly edits: number;
  /** Requests a second of the load; seconds of each stretch of it, with saving and without. */
  readonly rate: number;
  readonly stretchSec: number;
  readonly stretches: number;
};
export const deskBenchFull: DeskBenchSize = {
  ...{ lineItems: [1000, 10_000], edits: 20, rate: 4000, stretchSec: 5, stretches: 4 },
};

const body = Buffer.from(
  JSON.stringify({
    id: "desk",
    imp: [{ id: "1", banner: { w: 300, h: 250 } }],
    site: { domain: "news.example", publisher: { id: "p" } },
    device: { geo: { country: watchedCountry }, devicetype: 2 },
  }),
);

/**
 * The real process with its campaign store: how long a price takes from the edit to a bid that has
 * it, how long main's thread stands still for it, and what saving does to bids under load. True =
 * all within their limits.
 */
export async function printDesk(
  { lineItems, ...size }: DeskBenchSize,
  write: (line: string) => void,
): Promise<boolean> {
  let good = true;
  for (const count of lineItems) good = (await printOne(count, size, write)) && good;
  return good;
}

async function printOne(
  lineItems: number,
  size: Omit<DeskBenchSize, "lineItems">,
  write: (line: string) => void,
): Promise<boolean> {
  const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-desk-"));
  const child = start("desk-process");
  try {
    // Each message that is waited for listens for the end as well.
    child.setMaxListeners(0);
    child.send({ dataFolder, lineItems } satisfies DeskOrder);
    const ready = await message<DeskReady>(child);
    const { port } = ready;
    // Right after the start, with everything cold: what is told apart is the first of a process.
    const first = await editOnce(child, port, 2.99);
    const edits: Edit[] = [];
    for (let i = 0; i < size.edits; i++) edits.push(await editOnce(child, port, (300 + i) / 100));
    const lives = edits.map((edit) => edit.liveMs);
    const liveMs = worst([first.liveMs, ...lives]);
    const all = [first, ...edits];
    const turnMs = worst(all.map((edit) => edit.ownMs));
    write(
      `${lineItems} line items: edit to the next bid median ` +
        `${median(lives).toFixed(0)} ms, slowest ${worst(lives).toFixed(0)} ms, the first after ` +
        `the start ${first.liveMs.toFixed(0)} ms (<= ${liveMsMax}); ` +
        `saved in ${median(edits.map((edit) => edit.savedMs)).toFixed(1)} ms; ` +
        `longest turn of main ${turnMs.toFixed(0)} ms (<= ${turnMsMax}), with its waits for a ` +
        `processor ${worst(all.map((edit) => edit.longestMs)).toFixed(0)} ms; ` +
        `answers without a bid meanwhile ${edits.reduce((sum, edit) => sum + edit.noBids, 0)}, ` +
        `in the first ${first.noBids}`,
    );
    const ratio = await savingUnderLoad(child, port, size, write);
    const worked = await printDeskWork(child, ready, turnMsMax, write);
    return worked && liveMs <= liveMsMax && turnMs <= turnMsMax && ratio <= p99RatioMax;
  } finally {
    await stop(child);
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

const worst = (values: readonly number[]): number => Math.max(...values);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

type Edit = DeskSaved & {
  readonly liveMs: number;
  /** Answers without any bid until then: its allowance ran dry, or there was no World yet. */
  readonly noBids: number;
};

async function editOnce(child: ChildProcess, port: number, cpm: number): Promise<Edit> {
  const startedMs = performance.now();
  const saved = message<DeskSaved>(child);
  child.send({ cpm } satisfies DeskPrice);
  let noBids = 0;
  for (;;) {
    const price = await priceNow(port);
    if (Math.abs(price - cpm) < 1e-9) break;
    if (price === 0) noBids++;
    if (performance.now() - startedMs > 60_000) throw new Error(`${cpm} never came`);
  }
  const liveMs = performance.now() - startedMs;
  return { ...(await saved), liveMs, noBids };
}

/** The price of the watched line item's bid, 0 = there is no bid. */
async function priceNow(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/bid/openrtb26`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body },
  });
  if (answer.status !== 200) return 0;
  const { seatbid } = (await answer.json()) as { seatbid: { bid: { price: number }[] }[] };
  return seatbid[0]?.bid[0]?.price ?? 0;
}

async function savingUnderLoad(
  child: ChildProcess,
  port: number,
  { rate, stretchSec, stretches }: Omit<DeskBenchSize, "lineItems">,
  write: (line: string) => void,
): Promise<number> {
  const load = new OpenLoop({ port, requests: [{ body, gzip: false }], rate });
  const stretch = async (saving: boolean, window: LoadWindow): Promise<void> => {
    load.window = window;
    const endMs = performance.now() + 1000 * stretchSec;
    for (let n = 0; performance.now() < endMs; n++) {
      if (saving) {
        const saved = message<DeskSaved>(child);
        child.send({ cpm: (400 + (n % 100)) / 100 } satisfies DeskPrice);
        await saved;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const told = (saving: boolean, window: LoadWindow): number => {
    const { sinceDue, answered, errors } = window.figures();
    write(
      `  ${saving ? "saving 4 times a second" : "without saving"}: ${answered} answered, ` +
        `${errors} errors, p50 ${sinceDue.p50Us} us, p99 ${sinceDue.p99Us} us`,
    );
    return sinceDue.p99Us;
  };
  await stretch(true, new LoadWindow());
  // By turns, so that what else the machine does falls on both.
  const [without, saving] = [new LoadWindow(), new LoadWindow()];
  for (let i = 0; i < stretches; i++) {
    await stretch(false, without);
    await stretch(true, saving);
  }
  const quiet = told(false, without);
  const ratio = told(true, saving) / quiet;
  write(`  p99 while saving: ${ratio.toFixed(2)} x of without (<= ${p99RatioMax})`);
  await load.end();
  return ratio;
}
