import { budgetLines, budgetQuick } from "./budget.js";
import { commands } from "./commands.js";
import { onlyOf, sizeOf, sizes } from "./scenarios/measure.js";
import { chosen, scenarios } from "./scenarios/registry.js";
import { runScenarios } from "./scenarios/run.js";

const usage =
  "npm run bench                                   the scenarios and all pictures\n" +
  "npm run bench -- --only NAME,NAME [--quick]     these scenarios alone\n" +
  "npm run bench -- --quick                        full-bid, no-bid, gzip-bid and the budget\n" +
  "npm run bench -- --COMMAND                      one of the commands\n" +
  "npm run bench -- --list                         this list";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const args = process.argv.slice(2);

/** The rows of the design page. */
const inQuick = ["full-bid", "no-bid", "gzip-bid"];

/** What a run of everything has behind the scenarios. */
const inFull = ["budget", "sweep", "allocation", "under-change", "overload", "memory"] as const;

function list(): void {
  say(usage);
  say("\nscenarios");
  for (const { name, measures } of scenarios) say(`  ${name.padEnd(16)} ${measures}`);
  say("\ncommands");
  for (const [name, { about }] of Object.entries(commands)) {
    say(`  --${name.padEnd(14)} ${about}`);
  }
}

/** The budget costs no time of its own: the servers count their audiences meanwhile. */
async function quick(asked: readonly string[]): Promise<boolean> {
  let budget: readonly string[] = [];
  const good = await runScenarios(chosen(asked), sizes.quick, say, async () => {
    budget = await budgetLines(budgetQuick);
  });
  for (const line of budget) say(line);
  return good;
}

async function main(): Promise<boolean> {
  if (args.includes("--list") || args.includes("--help")) {
    list();
    return true;
  }
  const name = args
    .map((arg) => arg.replace(/^--/, ""))
    .find((one) => Object.hasOwn(commands, one));
  if (name !== undefined) return (await commands[name]?.run(args, say)) !== false;
  const size = sizeOf(args);
  const named = onlyOf(args);
  const asked = named.length === 0 && size === sizes.quick ? inQuick : named;
  if (named.length === 0 && size === sizes.quick) return quick(asked);
  const good = await runScenarios(chosen(asked), size, say);
  if (named.length > 0 || size === sizes.tiny) return good;
  let all = good;
  for (const one of inFull) all = (await commands[one]?.run(args, say)) !== false && all;
  return all;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : "failed");
  process.exitCode = 1;
}
