import { indexOfNobody } from "../admin/anonymous-request.js";
import type { Clock } from "../base/clock.js";
import { SipKey } from "../base/hash.js";
import { gunzipBytesMax } from "../base/limits.js";
import { Outcome, outcomeLabel } from "../base/outcome.js";
import type { MonotonicNs } from "../base/units.js";
import { holdNothing } from "../bid/hold.js";
import type { Exchange } from "../campaign/exchange.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenWriter } from "../wire/token-writer.js";
import { Bidder } from "./bidder.js";
import { type CommandIo, ExitCode } from "./command-io.js";
import { buildCommandWorld, type CommandWorld } from "./command-world.js";
import { exchangeOf, readFailure } from "./explain-command.js";
import { linesOf } from "./lines.js";

/** `crowdbid replay FILE.ndjson`, flags as text by commander's names. */
export type ReplayOptions = {
  readonly config: string;
  readonly data?: string | undefined;
  readonly exchange?: string | undefined;
  readonly json?: boolean | undefined;
};

export type ReplayReport = {
  readonly exchange: string;
  readonly requests: number;
  readonly answered: number;
  readonly bids: number;
  /** By reason, "bid" and "bad_request" (400) among them. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of the decided requests, from body to answer. */
  readonly meanMicroseconds: number;
  /** Lines that hold no request at all: what is wrong, and the first of their numbers. */
  readonly badLines: number;
  readonly badLineNumbers: readonly number[];
};

const badLinesShownMax = 20;
/** A request as text inside an object with a few words beside it. */
const lineBytesMax = gunzipBytesMax + 4096;

/**
 * Runs a file of requests, one a line, in this process, and prints what became of them. Nothing is
 * spent.
 */
export async function runReplay(
  file: string,
  options: ReplayOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const dataFolder = options.data ?? null;
  const nowMs = io.nowMs();
  const built = await buildCommandWorld({ configFolder: options.config, dataFolder, nowMs });
  if (!built.ok) {
    io.stderr(`${built.lines.join("\n")}\n`);
    return ExitCode.FAILED;
  }
  const { world } = built;
  for (const warning of world.warnings) io.stderr(`${warning}\n`);
  const name = exchangeOf(options, world);
  const exchange = world.config.exchanges.find((one) => one.name === name) as Exchange;
  const replay = new Replay(world, exchange, io);
  try {
    for await (const { number, bytes, cut } of linesOf(io.stream(file), lineBytesMax)) {
      replay.line(number, bytes, cut);
    }
  } catch (error) {
    io.stderr(`${file}: ${readFailure(error)}\n`);
    return ExitCode.FAILED;
  }
  const report = replay.report();
  io.stdout(options.json === true ? `${JSON.stringify(report)}\n` : replayText(report));
  return report.requests === 0 ? ExitCode.FAILED : ExitCode.OK;
}

/**
 * A bidder over a World without people: an identifier in a request finds nobody. It holds nothing,
 * and its tokens are made with a key that no server knows.
 */
class Replay {
  private readonly bidder: Bidder;
  private readonly exchange: Exchange;
  private readonly io: CommandIo;
  private readonly outcomes = new Map<string, number>();
  private readonly badLineNumbers: number[] = [];
  private badLines = 0;
  private requests = 0;
  private answered = 0;
  private bids = 0;
  private decided = 0;
  private decidedNs = 0;

  constructor({ served }: CommandWorld, exchange: Exchange, io: CommandIo) {
    const index = indexOfNobody(served.world.index.rowWords);
    const clock: Clock = {
      nowMs: io.nowMs,
      monotonicNs: () => io.monotonicNs() as MonotonicNs,
    };
    const parts = {
      clock,
      identifierKey: new SipKey(0, 0, 0, 0),
      tokens: new TokenWriter(tokenKeyFrom({ keyId: 0, secret: new Uint8Array(32) }), 0, 0),
      hold: holdNothing,
      asking: null,
      counters: null,
    };
    this.bidder = new Bidder(parts, { ...served, world: { ...served.world, index } });
    this.exchange = exchange;
    this.io = io;
  }

  /** One line: a bid request, or an object that holds one in `req`. An empty line is skipped. */
  line(number: number, bytes: Uint8Array, cut: boolean): void {
    if (!cut && bytes.every((byte) => byte <= 32)) return;
    const body = cut ? null : requestIn(bytes);
    if (body === null || body.length > gunzipBytesMax) {
      this.badLines++;
      if (this.badLineNumbers.length < badLinesShownMax) this.badLineNumbers.push(number);
      return;
    }
    this.ask(body);
  }

  private ask(body: Uint8Array): void {
    const { bidder, io } = this;
    bidder.bodyBuffer.set(body);
    const started = io.monotonicNs();
    const { status } = bidder.bid(this.exchange, body.length, started);
    const tookNs = io.monotonicNs() - started;
    this.requests++;
    if (status === 400) {
      this.count("bad_request");
      return;
    }
    this.decided++;
    this.decidedNs += tookNs;
    this.count(outcomeLabel(bidder.outcome));
    if (bidder.outcome !== Outcome.BID) return;
    this.answered++;
    this.bids += bidder.offers.count;
  }

  private count(label: string): void {
    this.outcomes.set(label, (this.outcomes.get(label) ?? 0) + 1);
  }

  report(): ReplayReport {
    const { decided, decidedNs } = this;
    return {
      exchange: this.exchange.name,
      requests: this.requests,
      answered: this.answered,
      bids: this.bids,
      outcomes: Object.fromEntries([...this.outcomes].sort((a, b) => b[1] - a[1])),
      meanMicroseconds: decided === 0 ? 0 : Math.round(decidedNs / decided / 100) / 10,
      badLines: this.badLines,
      badLineNumbers: this.badLineNumbers,
    };
  }
}

const utf8 = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The request's bytes; null where the line is no JSON object. A raw request stays byte by byte what
 * it was.
 */
function requestIn(line: Uint8Array): Uint8Array | null {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(line));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { req } = value as { readonly req?: unknown };
  if (req === undefined || Object.hasOwn(value, "imp")) return line;
  return encoder.encode(typeof req === "string" ? req : JSON.stringify(req));
}

/** The report as a table, the most frequent outcome first. */
export function replayText(report: ReplayReport): string {
  const { requests, badLines, badLineNumbers } = report;
  const share = (count: number): string =>
    `${requests === 0 ? 0 : Math.round((1000 * count) / requests) / 10} %`;
  const rows = Object.entries(report.outcomes);
  const nameWidth = Math.max(8, ...rows.map(([name]) => name.length));
  const countWidth = Math.max(8, String(requests).length);
  const lines = [
    `exchange ${report.exchange}: ${requests} requests, ${report.answered} answered with ` +
      `${report.bids} bids, ${report.meanMicroseconds} us a decided request`,
    `${"outcome".padEnd(nameWidth)}  ${"requests".padStart(countWidth)}  share`,
    ...rows.map(
      ([name, count]) =>
        `${name.padEnd(nameWidth)}  ${String(count).padStart(countWidth)}  ${share(count)}`,
    ),
  ];
  if (badLines > 0) {
    const more = badLines > badLineNumbers.length ? ", ..." : "";
    lines.push(`${badLines} lines hold no request: ${badLineNumbers.join(", ")}${more}`);
  }
  return `${lines.join("\n")}\n`;
}
