import { connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { get, post, readAnswers, talk, verdictOf } from "../testing/raw-http.js";
import { steadyLoad } from "../testing/steady-load.js";
import { Workers, type WorkersOptions } from "./workers.js";

const entry = new URL("../../dist/testing/echo-worker.js", import.meta.url);
const started: Workers[] = [];

afterEach(async () => {
  for (const workers of started.splice(0)) await workers.drain(0);
});

async function start(changes: Partial<WorkersOptions> = {}): Promise<Workers> {
  const options: WorkersOptions = {
    ...{ entry, count: 2, edge: "uws", host: "127.0.0.1", port: 0 },
    own: (index) => ({ name: `w${index}` }),
    onCrash: (reason) => expect.fail(reason),
    ...changes,
  };
  const workers = await Workers.start(options, { generation: 1, payload: null });
  started.push(workers);
  return workers;
}

async function generationSeen(port: number): Promise<number> {
  const talked = await talk({ port, parts: [post("/bid/echo", "generation")], expected: 1 });
  return Number(talked.answers[0]?.body);
}

test("workers share a port, and an answer comes from the World that all have adopted", async () => {
  const workers = await start();
  expect(await generationSeen(workers.port)).toBe(1);
  for (let generation = 2; generation <= 20; generation++) {
    await workers.publish({ generation, payload: null });
    expect(workers.adoptedGenerations()).toEqual([generation, generation]);
    const seen = await Promise.all([1, 2, 3, 4].map(() => generationSeen(workers.port)));
    expect(seen).toEqual([generation, generation, generation, generation]);
  }
});

test("100 Worlds are published under load and no request is lost", async () => {
  const workers = await start();
  const { record, over } = steadyLoad(workers.port, 20);
  for (let generation = 2; generation <= 101; generation++) {
    await workers.publish({ generation, payload: new Uint8Array(1000) });
  }
  expect(workers.adoptedGenerations()).toEqual([101, 101]);
  const during = record.answered;
  expect(await workers.drain(5000)).toBe(true);
  await over;
  expect(during).toBeGreaterThan(100);
  expect(record).toMatchObject({ lost: 0, ended: 20 });
});

test("publications that overlap are adopted in their order", async () => {
  const workers = await start();
  const all = [2, 3, 4, 5].map((generation) => workers.publish({ generation, payload: null }));
  await Promise.all(all);
  expect(workers.adoptedGenerations()).toEqual([5, 5]);
});

test("a worker that does not adopt a World in time ends the process", async () => {
  // Adopts the first World alone.
  const script = `
    import { parentPort, workerData } from "node:worker_threads";
    const cells = new Int32Array(workerData.generations);
    parentPort.on("message", ({ kind, generation, port }) => {
      if (kind === "world" && generation === 1) {
        cells[workerData.index] = 1;
        parentPort.postMessage({ kind: "adopted", generation });
      } else if (kind === "listen") parentPort.postMessage({ kind: "listening", port });
      else if (kind === "drain") {
        parentPort.postMessage({ kind: "drained" });
        parentPort.close();
      }
    });`;
  const reasons: string[] = [];
  const workers = await start({
    ...{ entry: new URL(`data:text/javascript,${encodeURIComponent(script)}`) },
    ...{ count: 1, adoptMs: 50, onCrash: (reason) => reasons.push(reason) },
  });
  const published = workers.publish({ generation: 2, payload: null });
  await expect(published).rejects.toThrow("adopting generation 2 took over 50 ms");
  expect(reasons).toEqual(["adopting generation 2 took over 50 ms"]);
});

test("messages go to one worker and come back with its own data", async () => {
  const seen: unknown[] = [];
  let arrived = (): void => {};
  const came = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const workers = await start({
    onMessage: (index, payload) => {
      seen.push([index, payload]);
      arrived();
    },
  });
  workers.post(1, "hello");
  await came;
  expect(seen).toEqual([[1, { own: { name: "w1" }, payload: "hello" }]]);
});

describe.each(["uws", "node"] as const)("with the %s driver", (edge) => {
  test("a drain with idle connections open ends every thread", async () => {
    const workers = await start({ edge, count: 1 });
    const idle = connect(workers.port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => idle.once("close", () => resolve()));
    idle.write(get("/healthz"));
    idle.resume();
    await new Promise((resolve) => idle.once("data", resolve));
    expect(await workers.drain(5000)).toBe(true);
    await closed;
    expect(verdictOf(await talk({ port: workers.port, parts: [get("/healthz")] }))).toBe("close");
  });

  test.each(["throw", "exit"])("a worker that fails by %s is reported once", async (how) => {
    const reasons: string[] = [];
    let failed = (): void => {};
    const crashed = new Promise<void>((resolve) => {
      failed = resolve;
    });
    const workers = await start({
      ...{ edge, count: 1 },
      onCrash: (reason) => {
        reasons.push(reason);
        failed();
      },
    });
    workers.post(0, how);
    await crashed;
    await workers.drain(0);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(
      how === "throw" ? /^worker 0: Error: the worker broke/ : /ended with 7$/,
    );
  });
});

test("a port that another program holds is refused, shared port or not", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  await expect(start({ port })).rejects.toThrow(`port ${port}: it is in use`);
  other.close();
  const workers = await start();
  await expect(start({ port: workers.port })).rejects.toThrow("it is in use");
});

test("several workers on node:http are a broken invariant", async () => {
  await expect(start({ edge: "node", count: 2 })).rejects.toThrow("node:http shares no port");
});

test("a connection in use is closed by its next answer, which is whole", async () => {
  const workers = await start({ count: 1 });
  const socket = connect(workers.port, "127.0.0.1");
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(post("/bid/echo", "{}"));
  await new Promise((resolve) => socket.once("data", resolve));
  const drained = workers.drain(5000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.write(post("/bid/echo", '{"n":2}'));
  await closed;
  expect(await drained).toBe(true);
  const [, last] = readAnswers(text);
  expect(last).toMatchObject({ status: 200, body: '{"n":2}' });
  expect(last?.headers.get("connection")).toBe("close");
});
