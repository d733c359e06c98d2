import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../src/admin/store/desk-store.js";
import { DeskConfig } from "../src/runtime/desk-config.js";
import { Ending } from "../src/runtime/ending.js";
import { createLog } from "../src/runtime/log.js";
import { endOnSignals, hardenProcess } from "../src/runtime/process.js";
import { realClock } from "../src/runtime/real-clock.js";
import { type Server, startServer } from "../src/runtime/server.js";
import { startServerAdmin } from "../src/runtime/server-admin.js";
import { StopsFile } from "../src/runtime/stops-file.js";
import { openStore } from "../src/runtime/store-desk.js";
import { deskForms, watchedLineItem } from "./desk-forms.js";
import { type Turns, watchTurns } from "./turns.js";

export type DeskOrder = { readonly dataFolder: string; readonly lineItems: number };
/** After the start. */
export type DeskReady = {
  readonly port: number;
  readonly adminPort: number;
  readonly token: string;
};
/** Sets the watched line item's price; answered by DeskSaved when the store has it. */
export type DeskPrice = { readonly cpm: number };
/** Turns are those since the last message. */
export type DeskSaved = Turns & { readonly savedMs: number };
/** Answered by Turns. */
export type DeskTurns = { readonly turns: true };

const actor = { user: 0, name: "bench", from: "" };

/** The real process with its store and a desk of many line items. */
process.once("message", (order: DeskOrder) => {
  start(order).catch((error: unknown) => {
    process.stderr.write(`bench desk: ${error instanceof Error ? error.stack : "failed"}\n`);
    process.exit(1);
  });
});

async function start({ dataFolder, lineItems }: DeskOrder): Promise<void> {
  hardenProcess();
  const log = createLog({ part: "bench", level: "error" });
  const ending = new Ending({
    log,
    exit: (code) => process.exit(code),
    kill: () => process.kill(process.pid, "SIGKILL"),
  });
  endOnSignals(ending);
  const configFolder = join(dataFolder, "config");
  cpSync(join(process.cwd(), "config/demo"), configFolder, { recursive: true });
  const profiles = "exchanges/profiles";
  cpSync(join(process.cwd(), "config", profiles), join(configFolder, profiles), {
    recursive: true,
  });
  rmSync(join(configFolder, "campaigns"), { recursive: true });
  rmSync(join(configFolder, "deals.yaml"));
  const server = await startServer({
    settings: {
      ...{ mode: "serve", bidPort: 0, adminPort: 0, host: "127.0.0.1", workers: 1, edge: "uws" },
      ...{ adminHost: "127.0.0.1", trustedProxies: [] },
      ...{ dataFolder, configFolder, publicUrl: "https://bid.bench.example", traffic: false },
    },
    ...{ log, ending },
    openDesk: async ({ signing }, moneyIssues) => {
      const store = await openStore({ dataFolder, url: "", signing });
      const stops = new StopsFile(dataFolder);
      const parts = { configFolder, store, clock: realClock, log, moneyIssues, stops };
      const desk = await DeskConfig.open(parts);
      const filled = await desk.book.commit({
        ...{ actor, atMs: Date.now(), way: "apply", note: "", changes: deskForms(lineItems) },
      });
      if (!filled.ok) throw new Error(`not filled: ${JSON.stringify(filled).slice(0, 500)}`);
      return desk;
    },
    readConfig: (desk) => desk!.read(),
    demoProgress: () => undefined,
  });
  const admin = await startServerAdmin(server, ending, log);
  const turns = watchTurns();
  process.on("message", (order: DeskPrice | DeskTurns) => {
    if ("cpm" in order) void save(server, order.cpm, turns);
    else process.send?.(turns() satisfies Turns);
  });
  const token = server.keys.adminToken.reveal();
  const { port } = server.workers;
  process.send?.({ port, adminPort: admin.port, token } satisfies DeskReady);
}

async function save(server: Server, cpm: number, turns: () => Turns): Promise<void> {
  const { book } = server.deskConfig!;
  const { form, version: base, ...record } = book.get("lineItem", String(watchedLineItem))!;
  const price = { ...(form["price"] as JsonObject), cpm };
  const startedMs = performance.now();
  const done = await book.commit({
    ...{ actor, atMs: Date.now(), way: "api", note: "" },
    changes: [{ ...record, base, form: { ...form, price } }],
  });
  if (!done.ok) throw new Error(`the price is not saved: ${JSON.stringify(done)}`);
  const savedMs = performance.now() - startedMs;
  process.send?.({ savedMs, ...turns() } satisfies DeskSaved);
}
