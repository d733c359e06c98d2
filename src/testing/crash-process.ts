import { writeSync } from "node:fs";
import { join } from "node:path";
import { nextBoot } from "../runtime/boot.js";
import { diskFolder } from "../runtime/journal-disk.js";
import { countedFolder, type Moment } from "./counted-folder.js";
import { type CrashBid, CrashLife } from "./crash-life.js";

/**
 * The process that is killed: `folder seed events call moment`. It runs the script on the real disk
 * and writes what it sent and what was acknowledged to standard output at once. At call `call` of
 * the journal's folder it kills itself (0 = never: whoever started it does).
 */
const [folder = "", seed = "0", events = "0", call = "0", moment = ""] = process.argv.slice(2);

const say = (line: string): void => {
  const bytes = Buffer.from(`${line}\n`);
  for (let at = 0; at < bytes.length; at += writeSync(1, bytes, at));
};
const tell = (word: string) => (bid: CrashBid, kind: number) =>
  say(`${word} ${kind} ${JSON.stringify(bid)}`);

let calls = 0;
const dieAt = (now: number, which: Moment): void => {
  calls = now;
  if (now === Number(call) && which === moment) process.kill(process.pid, "SIGKILL");
};
const disk = diskFolder(join(folder, "journal"));
const life = new CrashLife(
  Number(seed),
  {
    folder: countedFolder(disk, dieAt),
    nextBoot: (journalBoot) => nextBoot(join(folder, "boot"), journalBoot),
  },
  { sent: tell("sent"), acknowledged: tell("acknowledged") },
);
say("started");
life.run(Number(events));
life.close();
say(`closed ${calls}`);
