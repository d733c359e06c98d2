import { fileURLToPath } from "node:url";
import { entryUrl } from "./entry-url.js";
import { type Settings, UsageError } from "./flags.js";
import { createLog } from "./log.js";
import { Parent } from "./parent.js";
import { hardenProcess, isUnderParent, lookingFlags } from "./process.js";

/**
 * `demo` and `serve`: under the parent the work itself, else the parent, which stays small and
 * starts at once by loading none of it. Resolves with the exit code.
 */
export async function runServer(settings: Settings, args: readonly string[]): Promise<number> {
  hardenProcess();
  const flags = settings.mode === "serve" ? lookingFlags() : [];
  if (flags.length > 0) {
    const what = `${flags.join(" ")} (in node's flags or NODE_OPTIONS) opens the memory to others`;
    throw new UsageError(`${what}: serve holds identifiers and keys and does not start with it`);
  }
  if (isUnderParent()) return (await import("./server-process.js")).serveHere(settings);
  const log = createLog({ part: "parent", level: settings.mode === "demo" ? "warn" : "info" });
  return new Parent({ entry: fileURLToPath(entryUrl("../main")), args, log }).run();
}
