import { budgetQuick, printBudget } from "./budget.js";
import { commands } from "./commands.js";
import { sizes } from "./scenarios/measure.js";
import { chosen, scenarios } from "./scenarios/registry.js";
import { runScenarios } from "./scenarios/run.js";

const usage =
  "npm run bench [-- --quick] [--only NAME,NAME]   the scenarios\n" +
  "npm run bench -- --COMMAND                      one of the commands\n" +
  "npm run bench -- --list                         this list";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const args = process.argv.slice(2);

function list(): void {
  say(usage);
  say("\nscenarios");
  for (const { name, measures } of scenarios) say(`  ${name.padEnd(16)} ${measures}`);
  say("\ncommands");
  for (const [name, { about }] of Object.entries(commands)) {
    say(`  --${name.padEnd(14)} ${about}`);
  }
}

async function main(): Promise<boolean> {
  if (args.includes("--list")) {
    list();
    return true;
  }
  const command = Object.keys(commands).find((name) => args.includes(`--${name}`));
  if (command !== undefined) return (await commands[command]?.run(args, say)) !== false;
  const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "").split(",") : [];
  const size = args.includes("--tiny") ? "tiny" : args.includes("--quick") ? "quick" : "full";
  const fine = await runScenarios(chosen(only), sizes[size], say);
  if (size === "quick" && only.length === 0) await printBudget(say, budgetQuick);
  return fine;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : "failed");
  process.exitCode = 1;
}
