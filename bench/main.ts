import { budgetLines, budgetQuick } from "./budget.js";
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

/** What sizes and names scenarios: no command has such a name. */
const ofScenarios = ["--only", "--quick", "--tiny"];

/** Of the whole kit: to load it takes 2 s of a busy machine, which scenarios go without. */
const loadCommands = async () => (await import("./commands.js")).commands;

async function list(): Promise<void> {
  const commands = await loadCommands();
  say(usage);
  say("\nscenarios");
  for (const { name, measures } of scenarios) say(`  ${name.padEnd(16)} ${measures}`);
  say("\ncommands");
  for (const [name, { about }] of Object.entries(commands)) {
    say(`  --${name.padEnd(14)} ${about}`);
  }
}

/** The budget costs little time of its own: the servers start meanwhile. */
async function quick(asked: readonly string[]): Promise<boolean> {
  let budget: readonly string[] = [];
  const meanwhile = async (): Promise<void> => {
    budget = await budgetLines(budgetQuick);
  };
  const good = await runScenarios(chosen(asked), sizes.quick, say, { meanwhile });
  for (const line of budget) say(line);
  return good;
}

async function main(): Promise<boolean> {
  if (args.includes("--list") || args.includes("--help")) {
    await list();
    return true;
  }
  const size = sizeOf(args);
  const named = onlyOf(args);
  const flags = args.filter((arg) => arg.startsWith("--"));
  if (flags.length > 0 && flags.every((flag) => ofScenarios.includes(flag))) {
    if (named.length === 0 && size === sizes.quick) return quick(inQuick);
    return runScenarios(chosen(named), size, say);
  }
  const commands = await loadCommands();
  const name = args
    .map((arg) => arg.replace(/^--/, ""))
    .find((one) => Object.hasOwn(commands, one));
  if (name !== undefined) return (await commands[name]?.run(args, say)) !== false;
  let all = await runScenarios(chosen(named), size, say);
  if (named.length > 0 || size === sizes.tiny) return all;
  for (const one of inFull) all = (await commands[one]?.run(args, say)) !== false && all;
  return all;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : "failed");
  process.exitCode = 1;
}
