import { isIP } from "node:net";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type Command, CommanderError, Option } from "commander";
import { workersMax } from "../base/limits.js";

export type EdgeKind = "uws" | "node";
export type ServerMode = "demo" | "serve";

/** The settings of `demo` and `serve`. Folders are absolute. */
export type Settings = {
  readonly mode: ServerMode;
  /** 0 = any free port. */
  readonly bidPort: number;
  readonly adminPort: number;
  readonly host: string;
  /** Loopback unless it is named: /metrics there asks for no token. */
  readonly adminHost: string;
  /** In front of the desk: their X-Forwarded-For and -Proto are believed. */
  readonly trustedProxies: readonly string[];
  readonly dataFolder: string;
  readonly configFolder: string;
  readonly workers: number;
  readonly edge: EdgeKind;
  /** Where exchanges reach us, without a slash at its end; "" = http://host:bidPort (demo only). */
  readonly publicUrl: string;
  /** `postgres://...` of the campaign store; "" or absent = store.db of the data folder. */
  readonly storeUrl?: string;
  /** How long a worker may warm up before its port opens; 0 = not, absent = `warmUpMsUsual`. */
  readonly warmUpMs?: number;
  /** Only of the demo: the fake exchange trades. */
  readonly traffic: boolean;
};

/** Flags as text, by commander's names. */
export type RawFlags = {
  readonly bidPort: string;
  readonly adminPort: string;
  readonly host: string;
  readonly adminHost?: string | undefined;
  readonly trustedProxy?: string | undefined;
  readonly data: string;
  readonly config: string;
  readonly workers?: string | undefined;
  readonly edge: string;
  readonly publicUrl?: string | undefined;
  readonly store?: string | undefined;
  readonly warmUpMs?: string | undefined;
  readonly traffic?: boolean | undefined;
};

/** A flag that cannot be meant: the process prints its message and ends with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usageExitCode = 2;
const publicUrlBytesMax = 200;
/** Main waits for 30 s until a port is open. */
const warmUpMsMax = 20_000;
/**
 * How long a start may take for its warm-up unless it says otherwise. Most is gained in the first
 * second; the demo's guest waits for a page, and its fake exchange asks little.
 */
export const warmUpMsUsual: Readonly<Record<ServerMode, number>> = { serve: 1500, demo: 200 };

const noTraffic = ["--no-traffic", "without the fake exchange's requests", undefined] as const;

const flagRows = (mode: ServerMode): readonly (readonly [string, string, string | undefined])[] => [
  ["--bid-port <port>", "port for bid requests and notices, 0 = any", "8080"],
  ["--admin-port <port>", "port for health, metrics and the admin API", "8081"],
  ["--host <address>", "address to listen on for exchanges", "127.0.0.1"],
  ["--admin-host <address>", "address of the admin port: the desk, /metrics", "127.0.0.1"],
  ["--trusted-proxy <addresses>", "proxies whose X-Forwarded-... the desk believes", undefined],
  ["--data <folder>", "keys, snapshots, journal", mode === "demo" ? "data/demo" : "data"],
  ["--config <folder>", "exchanges, campaigns, rates", mode === "demo" ? "config/demo" : "config"],
  ["--workers <count>", "edge threads (default: one less than cores, at least 1)", undefined],
  ["--edge <driver>", "HTTP driver: uws or node", "uws"],
  [
    "--warm-up-ms <ms>",
    `how long a start may warm up, 0: not (default: ${warmUpMsUsual[mode]})`,
    undefined,
  ],
  ["--public-url <url>", "where exchanges reach us (https outside the demo)", undefined],
  ["--store <url>", "campaign store, postgres://... (default: store.db in --data)", undefined],
  ...(mode === "demo" ? [noTraffic] : []),
];

/** Adds the server's flags, each of which can also stand in the environment as CROWDBID_... */
export function addServerFlags(command: Command, mode: ServerMode): Command {
  for (const [flags, description, fallback] of flagRows(mode)) {
    const option = new Option(flags, description);
    option.env(`CROWDBID_${option.name().toUpperCase().replaceAll("-", "_")}`);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  return command;
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} ${text}: give a whole number from ${min} to ${max}`);
}

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

function hostOf(mode: ServerMode, host: string): string {
  if (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host)) {
    throw new UsageError(`--host ${host}: give an address or a host name, such as 127.0.0.1`);
  }
  if (mode === "demo" && !isLoopback(host)) {
    throw new UsageError(
      `--host ${host}: the demo answers without credentials, so it listens on loopback only. ` +
        "Leave --host out, or use `crowdbid serve`.",
    );
  }
  return host;
}

function proxiesOf(text = ""): readonly string[] {
  const addresses = text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  for (const address of addresses) {
    const [ip = "", bits = "0"] = address.split("/");
    if (isIP(ip) !== 0 && /^\d{1,3}$/.test(bits)) continue;
    throw new UsageError(`--trusted-proxy ${address}: give addresses such as 10.0.0.1,10.1.0.0/16`);
  }
  return addresses;
}

function edgeOf(edge: string): EdgeKind {
  if (edge === "uws" || edge === "node") return edge;
  throw new UsageError(`--edge ${edge}: give uws or node`);
}

function workersOf(edge: EdgeKind, text: string | undefined): number {
  if (text === undefined) return edge === "node" ? 1 : Math.max(1, availableParallelism() - 1);
  const workers = wholeNumber("--workers", text, 1, workersMax);
  if (edge === "node" && workers > 1) {
    throw new UsageError(
      `--edge node --workers ${workers}: node:http cannot share a port between threads. ` +
        "Use --workers 1, or --edge uws.",
    );
  }
  return workers;
}

function publicUrlOf(mode: ServerMode, text: string | undefined): string {
  if (text === undefined || text === "") {
    if (mode === "demo") return "";
    throw new UsageError(
      "--public-url is missing: give the https address under which exchanges reach this bidder, " +
        "such as https://bid.example.com (notice addresses are made from it)",
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  const schemes = mode === "demo" ? ["https:", "http:"] : ["https:"];
  if (url === null || !schemes.includes(url.protocol)) {
    throw new UsageError(`--public-url ${text}: give an address that starts with https://`);
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw new UsageError(`--public-url ${url.origin}: give no user, query or fragment`);
  }
  const plain = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  if (plain.length > publicUrlBytesMax) {
    throw new UsageError(`--public-url: at most ${publicUrlBytesMax} characters`);
  }
  return plain;
}

/** Checks and completes the flags; throws a UsageError that says what to write instead. */
export function settingsFrom(mode: ServerMode, flags: RawFlags): Settings {
  const bidPort = wholeNumber("--bid-port", flags.bidPort, 0, 65_535);
  const adminPort = wholeNumber("--admin-port", flags.adminPort, 0, 65_535);
  if (bidPort === adminPort && bidPort !== 0) {
    throw new UsageError(`--bid-port and --admin-port are both ${bidPort}: give two ports`);
  }
  const edge = edgeOf(flags.edge);
  if (flags.data === "" || flags.config === "") {
    throw new UsageError("--data and --config: give a folder");
  }
  return {
    mode,
    bidPort,
    adminPort,
    host: hostOf(mode, flags.host),
    adminHost: hostOf(mode, flags.adminHost ?? "127.0.0.1"),
    trustedProxies: proxiesOf(flags.trustedProxy),
    dataFolder: resolve(flags.data),
    configFolder: resolve(flags.config),
    workers: workersOf(edge, flags.workers),
    edge,
    publicUrl: publicUrlOf(mode, flags.publicUrl),
    ...(flags.store === undefined || flags.store === "" ? {} : { storeUrl: flags.store }),
    ...(flags.warmUpMs === undefined
      ? {}
      : { warmUpMs: wholeNumber("--warm-up-ms", flags.warmUpMs, 0, warmUpMsMax) }),
    traffic: mode === "demo" && flags.traffic !== false,
  };
}

/**
 * The exit code of what parsing or running threw: 0 after --help or --version, 2 for usage, 1 for
 * the rest. Commander prints its own messages; a UsageError's is left to the caller.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
  return error instanceof UsageError ? usageExitCode : 1;
}
