import { join } from "node:path";
import type { UnixMs } from "../src/base/units.js";
import { tableFrom } from "../src/campaign/table.js";
import { Ending } from "../src/runtime/ending.js";
import { createLog } from "../src/runtime/log.js";
import { endOnSignals, hardenProcess } from "../src/runtime/process.js";
import { readConfig } from "../src/runtime/read-config.js";
import { type Server, startServer } from "../src/runtime/server.js";
import { type BookName, benchReading, bookOf } from "./scenarios/books.js";
import { ChangingBook, carryOut, type ServerTask } from "./server-tasks.js";
import { writeSyntheticEpoch } from "./synthetic-epoch.js";

/** What bench/main tells the process of the real server that it measures. */
export type ServerOrder = {
  readonly dataFolder: string;
  /** Demo people to make first; 0: the folder has its snapshot. */
  readonly people: number;
  readonly lineItems: number;
  readonly book: BookName;
  /** Edge workers; absent = one. */
  readonly workers?: number;
};
/** The first message. */
export type ServerMessage = { readonly port: number; readonly lineItemsLive: number };
/** A World that every worker has; told unasked only of an epoch after the first. */
export type PublishedMessage = { readonly epoch: number; readonly lineItemsLive: number };

/**
 * The real process: parent apart, all its threads, a synthetic book, generated
 * people.
 */
process.once("message", (order: ServerOrder) => {
  start(order).catch((error: unknown) => {
    process.stderr.write(`bench server: ${error instanceof Error ? error.stack : "failed"}\n`);
    process.exit(1);
  });
});

async function start(order: ServerOrder): Promise<void> {
  const { dataFolder, people, lineItems, workers = 1 } = order;
  hardenProcess();
  if (people > 0) writeSyntheticEpoch(dataFolder, people, Date.now() as UnixMs);
  const log = createLog({ part: "bench", level: "warn" });
  const ending = new Ending({
    log,
    exit: (code) => process.exit(code),
    kill: () => process.kill(process.pid, "SIGKILL"),
  });
  endOnSignals(ending);
  const configFolder = join(process.cwd(), "config/demo");
  const book = new ChangingBook(bookOf(order.book, lineItems));
  let server: Server | null = null;
  server = await startServer({
    settings: {
      ...{ mode: "serve", bidPort: 0, adminPort: 0, host: "127.0.0.1", workers, edge: "uws" },
      ...{ adminHost: "127.0.0.1", trustedProxies: [] },
      ...{ dataFolder, configFolder, publicUrl: "https://bid.bench.example", traffic: false },
    },
    ...{ log, ending },
    readConfig: () => benchReading(readConfig(configFolder), book.now()),
    demoProgress: () => undefined,
    onEvent: (event) => {
      if (server === null || event.kind !== "published") return;
      const lineItemsLive = liveCount(server);
      process.send?.({ epoch: event.epoch, lineItemsLive } satisfies PublishedMessage);
    },
  });
  const running = server;
  process.on("message", (task: ServerTask) => {
    carryOut(task, running, book)
      .then((facts) => process.send?.(facts))
      .catch((error: Error) => process.stderr.write(`bench server: ${error.stack}\n`));
  });
  const { port } = server.workers;
  process.send?.({ port, lineItemsLive: liveCount(server) } satisfies ServerMessage);
}

function liveCount({ desk }: Server): number {
  const table = desk.current?.built.compiled.table;
  if (table === undefined) return 0;
  return tableFrom(table).lineItemLive.filter((live) => live === 0).length;
}
