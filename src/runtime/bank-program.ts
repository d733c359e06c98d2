import type { Command } from "commander";
import type { BuildOptions, ForgetOptions, GenerateOptions } from "./bank-command.js";
import type { InspectOptions } from "./bank-inspect.js";
import type { ListOptions } from "./bank-list-command.js";
import type { CommandIo } from "./command-io.js";

type Exit = (code: number) => void;
type Option = readonly [flags: string, description: string, fallback?: string];

const data: Option = ["--data <folder>", "keys, bank, snapshots", "data"];
const config: Option = ["--config <folder>", "markets, touch-points, segments", "config"];
const limits: readonly Option[] = [
  ["--memory <MB>", "memory for DuckDB, beside the index (default: a quarter of the machine's)"],
  ["--threads <count>", "threads for DuckDB (default: one for each core)"],
];

/** Loaded by the command that was asked for alone: they bring DuckDB and the whole bank. */
const bankCommand = () => import("./bank-command.js");
const bankInspect = () => import("./bank-inspect.js");
const bankLists = () => import("./bank-list-command.js");

/** `crowdbid bank ...`. */
export function addBank(crowdbid: Command, io: CommandIo, exit: Exit): void {
  const bank = crowdbid
    .command("bank")
    .description("the data bank: touch-points in, one signed snapshot of segments out")
    .exitOverride();
  const add = (parent: Command, name: string, words: string, options: readonly Option[]) => {
    const command = parent.command(name).description(words).exitOverride();
    for (const [flags, description, fallback] of options) {
      command.option(flags, description, fallback);
    }
    return command;
  };
  add(bank, "generate", "make a synthetic world of touch-points, with the truth beside", [
    ["--people <count>", "how many people", "2000000"],
    ["--seed <number>", "another one, another world", "7"],
    ["--out <folder>", "gets touchpoints/ and truth/", "data/world"],
    ["--format <name>", "parquet, csv or ndjson", "parquet"],
    ...limits,
  ]).action(async (options: GenerateOptions) =>
    exit(await (await bankCommand()).runBankGenerate(options, io)),
  );
  add(bank, "build", "take touch-points in and publish the next epoch", [
    ["--from <folder>", "a folder for each touch-point (without: build anew from what is there)"],
    ...[data, config, ...limits],
  ])
    .option("--json", "print JSON")
    .action(async (options: BuildOptions) =>
      exit(await (await bankCommand()).runBankBuild(options, io)),
    );
  add(bank, "inspect", "show the newest epoch: age, people, segments with bands", [data])
    .option("--json", "print JSON")
    .action(async (options: InspectOptions) =>
      exit((await bankInspect()).runBankInspect(options, io)),
    );
  add(bank, "forget", "opt people out and delete what is known of them", [
    data,
    ["--file <file>", "one kind:value a line; - is standard input"],
  ])
    .argument(
      "[identifiers...]",
      "- reads them from standard input: one kind:value a line, such as email:me@example.com or " +
        "buyerUid/1:abc. Written here instead, they stand in ps and in the shell's history",
    )
    .option("--only", "these identifiers alone, not the whole person behind them")
    .action(async (identifiers: string[], options: ForgetOptions) =>
      exit(await (await bankCommand()).runBankForget(identifiers, options, io)),
    );
  addLists(bank, add, io, exit);
}

function addLists(
  bank: Command,
  add: (parent: Command, name: string, words: string, options: readonly Option[]) => Command,
  io: CommandIo,
  exit: Exit,
): void {
  const list = bank.command("list").description("lists that agencies bring").exitOverride();
  const agency: Option = ["--agency <id>", "whose list it is"];
  add(list, "add", "bring a list: hashed at the door, never readable back", [
    ...[data, config],
    ["--kind <name>", "what the file holds: email, emailSha256, phone, idfa, ...", "email"],
    ["--scope <number>", "buyerUid: the exchange's id; eid: the source's number"],
    ["--column <name>", "a column of a CSV file (without: one identifier a line)"],
    ["--days <count>", "it expires after, 1 to 400 (90)"],
  ])
    .requiredOption(...agency)
    .argument("<name>", "1 to 40 of a-z, 0-9, -")
    .argument("<file>")
    .action(async (name: string, file: string, options: ListOptions) =>
      exit(await (await bankLists()).runListAdd(name, file, options, io)),
    );
  add(list, "remove", "take a list away", [data])
    .requiredOption(...agency)
    .argument("<name>")
    .action(async (name: string, options: ListOptions) =>
      exit((await bankLists()).runListRemove(name, options, io)),
    );
  add(list, "show", "names and ends of all lists", [data]).action(async (options: ListOptions) =>
    exit((await bankLists()).runListShow(options, io)),
  );
}
