import { setTimeout as delay } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import type { Micros } from "../src/base/units.js";
import type { CampaignBook } from "../src/campaign/model.js";
import { Single } from "../src/runtime/counters.js";
import { ReportDesk } from "../src/runtime/report-apart.js";
import { reportNames } from "../src/runtime/report-names.js";
import type { Server } from "../src/runtime/server.js";
import { type Garbage, type ProbeOrder, probeChannel } from "./probe-thread.js";
import { benchSegments } from "./scenarios/books.js";

/** What a bench has the real server do while it bids; each is answered with `ServerFacts`. */
export type ServerTask =
  /** Prices of all line items change: a World is built and published. */
  | { readonly task: "reload" }
  /** New audiences of a few line items: counted in the counting process, then published. */
  | { readonly task: "certify" }
  /** A desk report of all line items, made from the journal by the reporting process. */
  | { readonly task: "report" }
  /** Each bid of each worker takes so much longer from now on. */
  | { readonly task: "spin"; readonly spinUs: number }
  | { readonly task: "facts" }
  /** Facts, and what the probes know of pauses. */
  | { readonly task: "garbage" };

export type ServerFacts = {
  readonly done: string;
  /** Requests that were answered 204 before their body was read, since the start. */
  readonly shed: number;
  readonly failed: number;
  readonly residentBytes: number;
  /** Used heap of each worker, as it last told. */
  readonly heapBytes: readonly number[];
  /** Of each worker since it was asked last; empty where it was not asked, or without the probe. */
  readonly garbage: readonly Garbage[];
};

const probeAnswerMs = 300;

/** The config's book, changed by what tasks have asked for. */
export class ChangingBook {
  private readonly book: CampaignBook;
  private prices = 0;
  private audiences = 0;

  constructor(book: CampaignBook) {
    this.book = book;
  }

  now(): CampaignBook {
    const raise = 1 + (this.prices % 10) / 100;
    const lineItems = this.book.lineItems.map((item) => ({
      ...item,
      price: { ...item.price, cpmMicros: Math.round(item.price.cpmMicros * raise) as Micros },
      audience: this.audienceOf(item),
    }));
    return { ...this.book, lineItems };
  }

  reprice(): void {
    this.prices++;
  }

  retarget(): void {
    this.audiences++;
  }

  private audienceOf({ id, audience }: CampaignBook["lineItems"][number]) {
    const turn = this.audiences;
    if (turn === 0 || audience === null || id % 20 !== turn % 20) return audience;
    const pick = (n: number): string => benchSegments[n % benchSegments.length] ?? "";
    return { any: [pick(id + turn), pick(id + 7 * turn + 1)] };
  }
}

export async function carryOut(
  task: ServerTask,
  server: Server,
  book: ChangingBook,
): Promise<ServerFacts> {
  switch (task.task) {
    case "reload":
      book.reprice();
      await server.desk.reload();
      break;
    case "certify":
      book.retarget();
      await server.desk.reload();
      break;
    case "report":
      await report(server);
      break;
    case "spin":
      await tellWorkers({ spinUs: task.spinUs });
      break;
    case "facts":
    case "garbage":
  }
  return {
    done: task.task,
    shed: server.counters.single(Single.SHED),
    failed: server.counters.single(Single.FAILED),
    residentBytes: process.memoryUsage.rss(),
    heapBytes: server.counters.levels(Single.HEAP_BYTES),
    garbage: task.task === "garbage" ? await tellWorkers({ tellGarbage: true }) : [],
  };
}

async function report({ desk, settings }: Server): Promise<void> {
  const names = reportNames(desk.current?.config ?? null);
  const ask = { by: ["line-item" as const], from: "", to: "", timeZone: "", only: {} };
  const { dataFolder } = settings;
  const answer = await new ReportDesk().make({ dataFolder, names, agency: "", ask });
  if (!answer.ok) throw new Error(answer.words);
}

/** What the probes of the workers answer within a moment; none where none is loaded. */
async function tellWorkers(order: ProbeOrder): Promise<Garbage[]> {
  const channel = new BroadcastChannel(probeChannel);
  const told: Garbage[] = [];
  channel.onmessage = (event) => {
    const { garbage } = (event as { data: { garbage?: Garbage } }).data;
    if (garbage !== undefined) told.push(garbage);
  };
  channel.postMessage(order);
  await delay(probeAnswerMs);
  channel.close();
  return told.sort((a, b) => a.worker - b.worker);
}
