import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bidPath, headersOf } from "./closed-loop.js";
import { pinTo, threadCpuNs } from "./cpu.js";
import type { Load, Target } from "./scenarios/target.js";
import type { BenchRequest } from "./scenarios/workloads.js";

/** As many requests as a core answers, asked by wrk from the other. */
export type Saturation = {
  readonly perSec: number;
  /** CPU of a core, 0..1: of the server's process and of the client's. */
  readonly serverCpu: number;
  readonly clientCpu: number;
  /** The client had no time left and the server had: the figure is the client's. */
  readonly generatorBound: boolean;
};

export const hasWrk = (): boolean => spawnSync("wrk", ["--version"]).error === undefined;

const bodiesMax = 512;
const busy = 0.9;

/** By the shares of a core that both had, 0..1. */
export const isGeneratorBound = (serverCpu: number, clientCpu: number): boolean =>
  clientCpu >= busy && serverCpu < busy;

/**
 * Each request is built before the run: wrk only takes the next one. All bodies are in one file: to
 * write one each took 0.3 s a run on a busy machine.
 */
function scriptOf(folder: string, requests: readonly BenchRequest[]): string {
  const few = requests.slice(0, bodiesMax);
  writeFileSync(join(folder, "bodies"), Buffer.concat(few.map(({ body }) => body)));
  const sizes = few.map(({ body }) => body.length).join(",");
  const zipped = few.map(({ gzip }) => (gzip ? "true" : "false")).join(",");
  const [plain] = few;
  const headers = Object.entries(plain === undefined ? {} : headersOf({ ...plain, gzip: false }));
  const script = `
local zipped = {${zipped}}
local sizes = {${sizes}}
local built, turn = {}, 0
function init()
  local file = io.open("${folder}/bodies", "rb")
  for i = 1, #zipped do
    local headers = {${headers.map(([name, value]) => `["${name}"]="${value}"`).join(",")}}
    if zipped[i] then headers["content-encoding"] = "gzip" end
    built[i] = wrk.format("POST", "${bidPath}", headers, file:read(sizes[i]))
  end
  file:close()
end
function request()
  turn = turn % #built + 1
  return built[turn]
end
`;
  const path = join(folder, "script.lua");
  writeFileSync(path, script);
  return path;
}

/** Throws when an answer had another status than 2xx, or none came. */
export async function saturate(target: Target, load: Load, seconds: number): Promise<Saturation> {
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-wrk-"));
  try {
    const script = scriptOf(folder, load.requests);
    const url = `http://127.0.0.1:${target.port}`;
    const args = ["-t1", `-c${load.connections}`, `-d${seconds}s`, "-s", script, url];
    const wrk = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
    pinTo(wrk.pid ?? 0, "client");
    let text = "";
    wrk.stdout.on("data", (piece) => {
      text += String(piece);
    });
    const before = threadCpuNs(target.pid);
    const startedMs = performance.now();
    let clientNs = 0;
    const watch = setInterval(() => {
      clientNs = Math.max(clientNs, threadCpuNs(wrk.pid ?? 0));
    }, 50);
    await new Promise((resolve) => wrk.once("close", resolve));
    clearInterval(watch);
    const elapsedNs = (performance.now() - startedMs) * 1e6;
    return figuresOf(text, (threadCpuNs(target.pid) - before) / elapsedNs, clientNs / elapsedNs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From what wrk printed. */
export function figuresOf(text: string, serverCpu: number, clientCpu: number): Saturation {
  const perSec = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  const socket = /Socket errors: .*/.exec(text)?.[0];
  if (perSec === 0 || bad > 0) throw new Error(`wrk: ${bad} other answers\n${text}`);
  if (socket !== undefined) throw new Error(`wrk: ${socket}`);
  const generatorBound = isGeneratorBound(serverCpu, clientCpu);
  return { perSec, serverCpu, clientCpu, generatorBound };
}
