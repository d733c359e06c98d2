import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { get, post, talk, verdictOf } from "../testing/raw-http.js";
import { steadyLoad } from "../testing/steady-load.js";
import { freePort } from "./workers.js";

const entry = fileURLToPath(new URL("../../dist/testing/echo-process.js", import.meta.url));
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

type Ready = { readonly port: number; readonly pid: number };
type Started = {
  readonly parent: ChildProcess;
  /** The next ready line. */
  readonly ready: () => Promise<Ready>;
  readonly exit: Promise<readonly [code: number | null, signal: string | null]>;
  readonly errors: () => string;
};

function start(...args: string[]): Started {
  const parent = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(parent);
  let errors = "";
  parent.stderr.on("data", (piece: Buffer) => {
    errors += piece.toString();
  });
  const lines = createInterface(parent.stdout)[Symbol.asyncIterator]();
  const ready = async (): Promise<Ready> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the process ended: ${errors}`);
    return JSON.parse(line.value) as Ready;
  };
  const exit = once(parent, "exit") as Promise<[number | null, string | null]>;
  return { parent, ready, exit, errors: () => errors };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function serves(port: number): Promise<boolean> {
  const talked = await talk({ port, parts: [post("/bid/echo", "{}")], expected: 1, waitMs: 1000 });
  return verdictOf(talked) === "200";
}

async function idleConnections(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1"));
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.write(get("/healthz"));
    await once(socket, "data");
  }
  return sockets;
}

describe.each([
  ["uws", "2"],
  ["node", "1"],
])("with the %s driver", (edge, count) => {
  test("SIGTERM under load with idle connections open exits 0 and loses no request", async () => {
    const { parent, ready, exit, errors } = start(edge, count);
    const { port, pid } = await ready();
    await idleConnections(port, 20);
    const { record, over } = steadyLoad(port, 40);
    await expect.poll(() => record.answered, { timeout: 30_000 }).toBeGreaterThan(1000);
    parent.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    await over;
    expect(record).toMatchObject({ lost: 0, ended: 40 });
    expect(isAlive(pid)).toBe(false);
    expect(errors()).toBe("");
  });

  test("a killed server is started again on its port", async () => {
    const wanted = await freePort("127.0.0.1", 0);
    const { parent, ready, exit } = start(edge, count, String(wanted));
    const first = await ready();
    expect(first.port).toBe(wanted);
    await idleConnections(wanted, 3);
    process.kill(first.pid, "SIGKILL");
    const second = await ready();
    expect(second.pid).not.toBe(first.pid);
    expect(await serves(wanted)).toBe(true);
    parent.kill("SIGINT");
    expect(await exit).toEqual([0, null]);
  });
});

test("a server that keeps crashing is given up with 1", async () => {
  const { exit, errors } = start("crash");
  expect(await exit).toEqual([1, null]);
  expect(errors().match(/the server crashed/g)).toHaveLength(4);
  expect(errors()).toContain("giving up");
});

test("a start that fails ends with its own code, at once", async () => {
  const { exit, errors } = start("fail");
  expect(await exit).toEqual([3, null]);
  expect(errors()).toBe("");
});

test("a port in use ends the start with 1 and says so", async () => {
  const { ready } = start("uws", "1");
  const { port } = await ready();
  const second = start("uws", "1", String(port));
  expect(await second.exit).toEqual([1, null]);
  expect(second.errors()).toContain("it is in use");
});

test("a server whose parent is gone ends by itself", async () => {
  const { parent, ready } = start("uws", "1");
  const { pid } = await ready();
  parent.kill("SIGKILL");
  for (let i = 0; i < 100 && isAlive(pid); i++) await delay(50);
  expect(isAlive(pid)).toBe(false);
});

test("a second signal ends a server that does not drain", async () => {
  const { parent, ready, exit } = start("uws", "1");
  const { port } = await ready();
  const slow = connect(port, "127.0.0.1");
  slow.on("error", () => {});
  slow.write(post("/bid/echo", "12345").subarray(0, -1));
  await delay(100);
  parent.kill("SIGTERM");
  await delay(300);
  parent.kill("SIGTERM");
  expect(await exit).toEqual([1, null]);
});

test("SIGUSR1 opens no inspector, and the server dumps no core", async () => {
  const { parent, ready, exit, errors } = start("uws", "1");
  const { pid, port } = await ready();
  process.kill(pid, "SIGUSR1");
  parent.kill("SIGUSR1");
  await delay(300);
  expect(errors()).not.toContain("Debugger");
  expect(await serves(port)).toBe(true);
  const limits = `/proc/${pid}/limits`;
  if (existsSync(limits)) {
    expect(readFileSync(limits, "utf8")).toMatch(/^Max core file size +0 /m);
  }
  parent.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
});
