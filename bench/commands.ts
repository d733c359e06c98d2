import { printAsking } from "./asking.js";
import { bankOptionsOf, printBank } from "./bank.js";
import { printBudget } from "./budget.js";
import { capsFull, printCaps } from "./caps.js";
import { printCertificates } from "./certificates.js";
import { printChanges } from "./changes.js";
import { printCorpora } from "./corpora.js";
import { printCounts } from "./counts.js";
import { printCrashes } from "./crashes.js";
import { printDemo } from "./demo.js";
import { deskBenchFull, printDesk } from "./desk.js";
import { printDeskAxe } from "./desk-axe.js";
import { printDeskChecks } from "./desk-checks.js";
import { printDeskOutage } from "./desk-outage.js";
import { printDeskPage } from "./desk-page.js";
import { printDeskPictures } from "./desk-pictures.js";
import { inProcessUs } from "./in-process.js";
import { printLedger } from "./ledger.js";
import {
  runAllocation,
  runCompare,
  runMemory,
  runOverload,
  runSweep,
  runUnderChange,
} from "./load-commands.js";
import { matchingFull, printMatching } from "./matching.js";
import { printNotices } from "./notices.js";
import { printPacing } from "./pacing.js";
import { printPrices } from "./prices.js";
import { printScale } from "./scale.js";
import { scaleOptionsOf } from "./scale-options.js";
import { printSwap } from "./scale-swap.js";
import { printSimulator } from "./simulator.js";
import { printStrategies } from "./strategies.js";
import { printTimeZones } from "./time-zones.js";
import { printTokens } from "./tokens.js";

type Say = (line: string) => void;
export type Command = {
  readonly about: string;
  /** Gives false, or a promise of it, when a figure was missed or something was lost. */
  readonly run: (args: readonly string[], say: Say) => unknown;
};

const isTiny = (args: readonly string[]): boolean => args.includes("--tiny");
/** What stands behind a flag; "" = it is not given. */
const textAfter = (flag: string, args: readonly string[]): string =>
  args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? "") : "";
const usualPeople = 1_000_000;

async function runDesk(say: Say): Promise<boolean> {
  const checked = await printDeskChecks(deskBenchFull.lineItems, say);
  return (await printDesk(deskBenchFull, say)) && checked;
}

async function runInProcess(say: Say): Promise<void> {
  say(`bid in process: ${(await inProcessUs(60)).toFixed(2)} us`);
}

const runDeskPictures = (args: readonly string[], say: Say): Promise<boolean> =>
  printDeskPictures(
    {
      dataFolder: textAfter("--data", args),
      into: textAfter("--into", args) || "bench/results",
      every: args.includes("--every"),
    },
    say,
  );

/** `npm run bench -- --NAME`: everything that is measured apart from the scenarios. */
export const commands: Readonly<Record<string, Command>> = {
  allocation: { about: "heap that a request takes, by scenario", run: runAllocation },
  asking: {
    about: "what asking about somebody costs, and what the counts miss",
    run: (args, say) => printAsking(isTiny(args), say),
  },
  bank: {
    about: "all stages of the bank at several sizes",
    run: (args, say) => printBank(bankOptionsOf(args), say),
  },
  budget: { about: "microseconds a step of a bid", run: (_, say) => printBudget(say) },
  caps: { about: "what caps cost a bid", run: (_, say) => printCaps(capsFull, say) },
  certificates: {
    about: "counting the crowds of 1,000 audiences",
    run: (args, say) => printCertificates(args, say),
  },
  changes: { about: "100 World swaps under load", run: (_, say) => printChanges(100, say) },
  compare: { about: "two commits under the same load: --compare A B", run: runCompare },
  corpora: { about: "the public corpora, bid on", run: (_, say) => printCorpora(say) },
  counts: { about: "what counting costs a request", run: (_, say) => printCounts(7, say) },
  crashes: { about: "kill -9 at every disk call", run: printCrashes },
  demo: { about: "from nothing to bids of the demo", run: (_, say) => printDemo(say) },
  desk: { about: "an edit from the desk to the next bid", run: (_, say) => runDesk(say) },
  "desk-axe": {
    about: "WCAG on every page of the desk, with the demo behind it [--data FOLDER]",
    run: (args, say) => printDeskAxe(textAfter("--data", args), say),
  },
  "desk-outage": {
    about: "the campaign store locked and lost while in use",
    run: (_, say) => printDeskOutage(say),
  },
  "desk-page": { about: "the desk's page in a browser", run: (_, say) => printDeskPage(say) },
  "desk-pictures": {
    about: "the README's pictures of the desk [--into FOLDER] [--every] [--data FOLDER]",
    run: runDeskPictures,
  },
  "in-process": { about: "a bid without sockets and threads", run: (_, say) => runInProcess(say) },
  ledger: { about: "reading the journal", run: (_, say) => printLedger(300_000, say) },
  matching: {
    about: "a decision by the number of line items, in the usual mix and the worst of others",
    run: (_, say) => printMatching(matchingFull, say),
  },
  memory: {
    about: "memory and pauses under load: --minutes 30, --workers 2",
    run: runMemory,
  },
  notices: { about: "durable notices a second", run: printNotices },
  overload: { about: "more requests than the worker can answer", run: runOverload },
  pacing: { about: "spend of a paced budget", run: (args, say) => printPacing(isTiny(args), say) },
  prices: { about: "prices against the oracle", run: printPrices },
  scale: {
    about: "the index at the size of a country",
    run: (args, say) => printScale(scaleOptionsOf(args, usualPeople), say),
  },
  simulator: { about: "the money simulator, seed by seed", run: printSimulator },
  strategies: {
    about: "surplus of shading, spend of linear bids",
    run: (args, say) => printStrategies(isTiny(args), say),
  },
  swap: {
    about: "a second epoch swapped in under load",
    run: (args, say) => printSwap(scaleOptionsOf(args, usualPeople), say),
  },
  sweep: {
    about: "latency by rate, open loop, of --only NAME (full-bid), ours and the echo",
    run: runSweep,
  },
  "time-zones": { about: "zones against Python's", run: (_, say) => printTimeZones(say) },
  tokens: { about: "forged tokens that must change nothing", run: printTokens },
  "under-change": {
    about: "latency while World, prices, audiences and reports are made anew",
    run: runUnderChange,
  },
};
