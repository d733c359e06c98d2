import { isOpen } from "../campaign/exchange-file.js";
import { DemoConsole } from "./demo-console.js";
import type { DemoTrade } from "./demo-trade.js";
import { openDeskConfig } from "./desk-wiring.js";
import { Ending } from "./ending.js";
import type { Settings } from "./flags.js";
import { createLog } from "./log.js";
import { announceReady, endOnSignals } from "./process.js";
import { readConfig } from "./read-config.js";
import { type Server, startServer } from "./server.js";
import { startServerAdmin } from "./server-admin.js";
import type { ConfigReading } from "./world-desk-parts.js";

/**
 * Runs until the ending; the process then exits by itself, so this resolves only when the start
 * failed.
 */
export async function serveHere(settings: Settings): Promise<number> {
  // The demo talks to a newcomer: what is normal is told by its console, the log only warns.
  const demo = settings.mode === "demo";
  const log = createLog({ part: "main", level: demo ? "warn" : "info" });
  const ending = new Ending({
    log,
    exit: (code) => process.exit(code),
    kill: () => process.kill(process.pid, "SIGKILL"),
  });
  endOnSignals(ending);
  const tell = new DemoConsole(demo ? process.stdout : null);
  try {
    const server = await startServer({
      ...{ settings, log, ending },
      openDesk: (keys, moneyIssues) => openDeskConfig(settings, log, keys, moneyIssues),
      readConfig: (desk) =>
        withCredentials(settings, desk?.read() ?? readConfig(settings.configFolder)),
      demoProgress: tell.progress,
      onEvent: (event) => tell.event(event),
    });
    let trade: DemoTrade | null = null;
    const print = (line: string): void => tell.desk(line);
    const admin = await startServerAdmin(server, ending, log, () => trade?.totals ?? null, print);
    tell.ready(server, admin.port);
    announceReady();
    if (demo) {
      // The fake exchange; and who serves real ones has no need of it.
      trade = (await import("./demo-trade.js")).DemoTrade.start(server, ending, tell);
      await bringDemoPeople(server, tell);
      trade?.fullRate();
    }
    return await new Promise<never>(() => {});
  } catch (error) {
    // A signal in the middle of a start: the ending says when and how the process exits.
    if (ending.begun) return new Promise<never>(() => {});
    log.error({ error }, "cannot start");
    const words = error instanceof Error ? error.message : "cannot start";
    process.stderr.write(`crowdbid: ${words}\n`);
    // Threads may be up already: they end in order, or the process aborts.
    await ending.begin(1, words);
    return new Promise<never>(() => {});
  }
}

/**
 * Whoever may ask at will can learn about people, so outside the demo every exchange has a
 * credential.
 */
function withCredentials(settings: Settings, reading: ConfigReading): ConfigReading {
  if (settings.mode === "demo" || reading.config === null) return reading;
  const open = reading.config.exchanges.filter(isOpen);
  if (open.length === 0) return reading;
  const issues = open.map(({ name }) => ({
    severity: "error" as const,
    file: settings.configFolder,
    line: 1,
    column: 1,
    message:
      `exchange ${name} has no credential: ` +
      "give it a secretSha256 or addresses (only the demo needs none)",
  }));
  return { ...reading, config: null, issues: [...reading.issues, ...issues] };
}

async function bringDemoPeople(server: Server, tell: DemoConsole): Promise<void> {
  try {
    const live = await server.people.buildDemo();
    tell.people(live, server.desk.verdicts());
  } catch (error) {
    // Without people the demo goes on bidding on context.
    const words = error instanceof Error ? error.message : "unknown";
    process.stderr.write(`crowdbid: the demo's people could not be built: ${words}\n`);
  }
}
