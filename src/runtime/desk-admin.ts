import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Desk } from "../admin/api/desk-parts.js";
import { hashPassword, passwordProblem, verifyPassword } from "../admin/store/passwords.js";
import { deskFacts } from "./desk-facts.js";
import { type Ending, EndRank } from "./ending.js";
import type { Log } from "./log.js";
import { realClock } from "./real-clock.js";
import type { Server } from "./server.js";
import { inSlices } from "./slices.js";

/**
 * The built page, beside the compiled program; from src/ (tests) the one that the build has made.
 */
const builtPage = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/ui" : "../ui", import.meta.url),
);

/**
 * What the admin server's desk works on; null where a server has no store. `print` tells whoever
 * started the program the code of the first sign-in.
 */
export function deskOf(
  server: Server,
  log: Log,
  ending: Pick<Ending, "add">,
  print: (line: string) => void,
): Desk | null {
  const { deskConfig, settings } = server;
  if (deskConfig === null) return null;
  const { book, stops, store } = deskConfig;
  const { stop, ...facts } = deskFacts({ server, log, book, stops });
  const stopped = (): boolean => {
    stop();
    return true;
  };
  ending.add({ name: "desk facts", rank: EndRank.WATCHERS, run: stopped });
  return {
    ...{ book, store, stops, ...facts },
    passwords: { hashPassword, verifyPassword, passwordProblem },
    ...{ clock: realClock, inSlices },
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
    dataFolder: settings.dataFolder,
    uiFolder: existsSync(join(builtPage, "index.html")) ? builtPage : null,
    trustedProxies: settings.trustedProxies,
    demo: settings.mode === "demo",
    print,
  };
}
