#!/usr/bin/env node
import { Command } from "commander";
import { dimensions, reportFilters } from "./ledger/dimensions.js";
import type { ApplyOptions, ExportOptions } from "./runtime/apply-command.js";
import type { AuditOptions } from "./runtime/audit-command.js";
import { addBank } from "./runtime/bank-program.js";
import type { CheckOptions } from "./runtime/check-command.js";
import { processIo } from "./runtime/command-io.js";
import type { ExplainOptions } from "./runtime/explain-command.js";
import {
  addServerFlags,
  exitCodeOf,
  type RawFlags,
  settingsFrom,
  UsageError,
} from "./runtime/flags.js";
import { hardenProcess } from "./runtime/process.js";
import type { ReplayOptions } from "./runtime/replay-command.js";
import type { ReportOptions } from "./runtime/report-command.js";
import { runServer } from "./runtime/server-command.js";

/**
 * The command line. Only the command that was asked for is loaded, within its action: all of them
 * are 600 modules, and the parent of a server needs a dozen.
 */
function program(args: readonly string[]): Command {
  const crowdbid = new Command("crowdbid")
    .description("A bidder that bids on crowds, never on people.")
    .exitOverride();
  const server = (mode: "demo" | "serve", description: string): void => {
    const command = crowdbid.command(mode).description(description).exitOverride();
    addServerFlags(command, mode).action(async (flags: RawFlags) => {
      // A start that failed may have left threads and sockets behind.
      process.exit(await runServer(settingsFrom(mode, flags), args));
    });
  };
  server("demo", "answer bids on this machine with a demo world (loopback only)");
  server("serve", "answer exchanges; needs --public-url and exchanges with credentials");
  addCheck(crowdbid);
  addDesk(crowdbid);
  addExplain(crowdbid);
  addReplay(crowdbid);
  addReport(crowdbid);
  addAudit(crowdbid);
  addBank(crowdbid, processIo, (code) => {
    process.exitCode = code;
  });
  return crowdbid;
}

function addCheck(crowdbid: Command): void {
  crowdbid
    .command("check")
    .description("look a config folder over: form, references, rules that can never match")
    .exitOverride()
    .option("--config <folder>", "the config folder", "config")
    .option("--data <folder>", "data folder: segments are checked against its snapshot")
    .option("--public-url <url>", "where exchanges reach the bidder")
    .option("--json", "print JSON")
    .action(async (options: CheckOptions) => {
      const { runCheck } = await import("./runtime/check-command.js");
      process.exitCode = await runCheck(options, processIo);
    });
}

function addDesk(crowdbid: Command): void {
  const command = (name: string, description: string): Command =>
    crowdbid
      .command(name)
      .description(description)
      .exitOverride()
      .option("--config <folder>", "the config folder", "config")
      .option("--data <folder>", "the data folder of a bidder, which may be running", "data")
      .option("--store <url>", "campaign store, postgres://... (default: store.db in --data)")
      .option("--json", "print JSON");
  const words = "bring campaigns/ and deals.yaml into the campaign store";
  command("apply", `${words}; what the desk changed stays`)
    .option("--dry-run", "only say what would be done")
    .option("--force", "where files and desk both changed: the files'")
    .action(async (options: ApplyOptions) => {
      const { runApply } = await import("./runtime/apply-command.js");
      process.exitCode = await runApply(options, processIo);
    });
  command("diff", "say how campaigns/ and deals.yaml differ from the campaign store").action(
    async (options: ApplyOptions) => {
      const { runDiff } = await import("./runtime/apply-command.js");
      process.exitCode = await runDiff(options, processIo);
    },
  );
  command("export", "write what the campaign store has into campaigns/ and deals.yaml")
    .option("--to <folder>", "another folder than --config")
    .action(async (options: ExportOptions) => {
      const { runExport } = await import("./runtime/apply-command.js");
      process.exitCode = await runExport(options, processIo);
    });
}

function addExplain(crowdbid: Command): void {
  crowdbid
    .command("explain")
    .description("say for each line item why it bids on a request or not")
    .exitOverride()
    .argument("<request>", "a file with a bid request, or - for standard input")
    .option("--config <folder>", "the config folder", "config/demo")
    .option("--data <folder>", "data folder: explains with its newest snapshot")
    .option("--exchange <name>", "the exchange that asks (default: the first)")
    .option("--segments <names>", "segments of the person, separated by commas")
    .option("--person <number>", "a person of the demo's generated people")
    .option("--line-item <ids>", "only these line items, separated by commas")
    .option("--all", "list every line item")
    .option("--json", "print JSON")
    .action(async (request: string, options: ExplainOptions) => {
      const { runExplain } = await import("./runtime/explain-command.js");
      process.exitCode = await runExplain(request, options, processIo);
    });
}

function addReplay(crowdbid: Command): void {
  crowdbid
    .command("replay")
    .description("run the requests of a file in process and count outcomes by reason")
    .exitOverride()
    .argument("<file>", "one request a line (ndjson), or - for standard input")
    .option("--config <folder>", "the config folder", "config/demo")
    .option("--data <folder>", "data folder: replays with its newest snapshot")
    .option("--exchange <name>", "the exchange that asks (default: the first)")
    .option("--json", "print JSON")
    .action(async (file: string, options: ReplayOptions) => {
      const { runReplay } = await import("./runtime/replay-command.js");
      process.exitCode = await runReplay(file, options, processIo);
    });
}

function addReport(crowdbid: Command): void {
  const command = crowdbid
    .command("report")
    .description("what was asked, bid, won and spent, out of the journal, to the unit")
    .exitOverride()
    .requiredOption("--data <folder>", "the data folder of a bidder, which may be running")
    .option("--config <folder>", "the config folder: gives names and time zones")
    .option("--by <names>", `any of ${dimensions.join(", ")}`, "advertiser,campaign")
    .option("--from <day>", "from this day on, such as 2026-12-01")
    .option("--to <day>", "up to this day, itself included")
    .option("--time-zone <name>", "of days and hours (default: the advertiser's own)");
  for (const name of reportFilters) command.option(`--${name} <names>`, `only these, ids or names`);
  command
    .option("--csv", "print CSV")
    .option("--json", "print JSON")
    .option("--no-checkpoint", "read the whole journal, and keep no sums beside it")
    .action(async (options: ReportOptions) => {
      const { runReport } = await import("./runtime/report-command.js");
      process.exitCode = await runReport(options, processIo);
    });
}

function addAudit(crowdbid: Command): void {
  crowdbid
    .command("audit")
    .description("replay the ledger of all that was ever shown, and prove it whole")
    .exitOverride()
    .option("--data <folder>", "the data folder of a bidder or bank", "data")
    .option("--head <hash>", "a head that an earlier audit printed: it must be in the ledger")
    .option("--json", "print JSON")
    .action(async (options: AuditOptions) => {
      const { runAudit } = await import("./runtime/audit-command.js");
      process.exitCode = runAudit(options, processIo);
    });
}

hardenProcess();
try {
  await program(process.argv.slice(2)).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // Commander has told its own usage errors.
  if (error instanceof UsageError || process.exitCode === 1) {
    process.stderr.write(`crowdbid: ${error instanceof Error ? error.message : "failed"}\n`);
  }
}
