import { fileURLToPath } from "node:url";
import { Ending } from "../runtime/ending.js";
import { createLog } from "../runtime/log.js";
import { Parent } from "../runtime/parent.js";
import { announceReady, endOnSignals, hardenProcess, isUnderParent } from "../runtime/process.js";
import { Workers } from "../runtime/workers.js";

/**
 * The program's shell round the echo program: parent, workers, one ending. Arguments: driver,
 * number of workers, port. Prints one JSON line {port, pid} when ready. With "fail" as driver its
 * start fails with 3; with "crash" it is ready and then dies by itself, again and again.
 */
const [edge = "uws", count = "1", port = "0"] = process.argv.slice(2);
const log = createLog({ part: "echo", level: "error" });

async function serve(): Promise<void> {
  if (edge === "fail") process.exit(3);
  if (edge === "crash") {
    announceReady();
    process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 20);
    return;
  }
  const kill = (): void => void process.kill(process.pid, "SIGKILL");
  const ending = new Ending({ log, exit: (code) => process.exit(code), kill });
  endOnSignals(ending);
  const options = {
    entry: new URL("./echo-worker.js", import.meta.url),
    edge: edge === "node" ? ("node" as const) : ("uws" as const),
    ...{ count: Number(count), host: "127.0.0.1", port: Number(port), own: () => null },
    onCrash: (reason: string) => void ending.begin(1, reason),
  };
  const workers = await Workers.start(options, { generation: 1, payload: null });
  ending.add({ name: "workers", run: (withinMs) => workers.drain(withinMs) });
  announceReady();
  process.stdout.write(`${JSON.stringify({ port: workers.port, pid: process.pid })}\n`);
}

hardenProcess();
if (isUnderParent()) {
  await serve();
} else {
  const entry = fileURLToPath(import.meta.url);
  const args = process.argv.slice(2);
  process.exitCode = await new Parent({ entry, args, log, restartsMax: 3 }).run();
}
