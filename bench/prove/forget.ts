import { writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { addList } from "../../src/bank/lists.js";
import type { AgencyId } from "../../src/base/ids.js";
import { openKeyFiles } from "../../src/runtime/key-files.js";
import { ForgettableWorld } from "../../src/testing/forgettable-world.js";
import { Program, testSecret } from "../../src/testing/program.js";
import type { Proof, ProofRow } from "./proof.js";

const workers = 2;
/** Bids a round: fresh connections, so that the kernel gives some to each worker. */
const bidsInRound = 12;
const bidTriesMax = 20;
const bidAgainMs = 100;
const victim = 1;
const bystander = 2;
const promiseMs = 5000;
/** Rows of the exposure log are on the disk after a second. */
const flushMs = 1400;

/** A served world that knows both, and asks and bills until the victim leaves no trace any more. */
class ServedForget {
  readonly program = new Program();
  private readonly world: ForgettableWorld;

  private constructor(program: Program, world: ForgettableWorld) {
    this.program = program;
    this.world = world;
  }

  static async open(): Promise<ServedForget> {
    const program = new Program();
    const world = await ForgettableWorld.open(program.dataFolder, openKeyFiles(program.dataFolder));
    await world.build();
    const file = join(program.folder, "list.txt");
    writeFileSync(file, [1, 2, 3, 4].map((n) => world.device(n)).join("\n"));
    await addList(world.bank, { agency: 1 as AgencyId, name: "friends", kind: "idfa", file });
    return new ServedForget(program, world);
  }

  private body(device: number): string {
    const id = Math.random().toString(36);
    return JSON.stringify({
      ...{ id, imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.1, exp: 3600 }] },
      site: { domain: "news.example" },
      device: { os: "iOS", ifa: this.world.device(device), geo: { country: "USA" } },
    });
  }

  /**
   * A bid's token; its bill makes an exposure where the person is known. The first bids that live
   * longer than any before wait until their lease is durable: some ms after a start.
   */
  async token(device: number): Promise<string> {
    for (let tries = 0; tries < bidTriesMax; tries++) {
      const answer = await send(this.program.bidPort, "/bid/openrtb26", this.body(device));
      const token = /[?&]t=([\w-]{80,100})/.exec(answer)?.[1];
      if (token !== undefined) return token;
      await pause(bidAgainMs);
    }
    throw new Error("no bid");
  }

  async bill(token: string): Promise<void> {
    await send(this.program.bidPort, `/bill?t=${token}&price=0.1`);
  }

  async bidAndBill(device: number): Promise<void> {
    for (let i = 0; i < bidsInRound; i++) await this.bill(await this.token(device));
  }

  rowsOf(person: number): number {
    return this.world.exposed().filter((ordinal) => ordinal === person).length;
  }

  /** Files with any identifier of the victim. */
  async stores(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { key } of this.world.identifiersOf(victim)) {
      for (const path of await this.world.residueOf(key)) found.add(path);
    }
    return found;
  }

  async close(): Promise<void> {
    this.world.bank.duck.close();
    await this.program.remove();
  }
}

/** On a connection of its own. */
function send(port: number, path: string, body?: string): Promise<string> {
  const headers = { "content-type": "application/json", "x-crowdbid-secret": testSecret };
  const options = { ...{ host: "127.0.0.1", port, path, agent: false }, headers };
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...options, method }, (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece.toString("latin1");
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function forgotten(served: ServedForget): Promise<ProofRow[]> {
  const { program } = served;
  await program.start({}, workers);
  for (let round = 0; round < 2; round++) await served.bidAndBill(victim);
  await served.bidAndBill(bystander);
  await program.until("exposed", async () => served.rowsOf(victim) >= 2 * bidsInRound);
  const storesBefore = (await served.stores()).size;
  const exposedBefore = served.rowsOf(victim);
  const inFlight = await served.token(victim);

  const startedMs = performance.now();
  const wish = { identifiers: [{ kind: "account", value: `account-${victim}` }] };
  const answer = await program.admin("/api/v1/forget", wish);
  const { id } = (await answer.json()) as { id: string };
  const unknownMs = await untilUnknown(served, startedMs);
  await program.until("forgotten", async () => {
    const state = await (await program.admin(`/api/v1/forget/${id}`)).text();
    return (JSON.parse(state) as { state: string }).state === "done";
  });
  await served.bill(inFlight);
  const others = served.rowsOf(bystander);
  await served.bidAndBill(victim);
  await served.bidAndBill(bystander);
  await program.until("billed", async () => served.rowsOf(bystander) > others);
  await pause(flushMs);
  const storesAfter = [...(await served.stores())];
  const exposedAfter = served.rowsOf(victim);
  for (const path of storesAfter) process.stderr.write(`residue: ${path}\n`);
  return [
    {
      promise: "an opt-out reaches the last worker within 5 s",
      test:
        `served with ${workers} workers: bids on another device of the person, billed, until no ` +
        "exposure is theirs",
      figure: `unknown at latest ${(unknownMs / 1000).toFixed(1)} s after the wish`,
      holds: answer.status === 202 && unknownMs <= promiseMs,
    },
    {
      promise: "forgotten leaves no residue in any store",
      test: "bank, lists, snapshot, exposure log, journal, logs, with a bid in flight billed after",
      figure:
        `${storesBefore} files and ${exposedBefore} exposures before, ` +
        `${storesAfter.length} and ${exposedAfter} after`,
      holds: storesBefore >= 4 && exposedBefore > 0 && storesAfter.length + exposedAfter === 0,
    },
  ];
}

/**
 * Milliseconds from the wish to the beginning of a round of bids that left no exposure of the
 * victim: by then every worker takes the device for a stranger's.
 */
async function untilUnknown(served: ServedForget, startedMs: number): Promise<number> {
  for (;;) {
    const beganMs = performance.now() - startedMs;
    const before = served.rowsOf(victim);
    await served.bidAndBill(3002);
    await pause(flushMs);
    const after = served.rowsOf(victim);
    // In between the log may have been rewritten: fewer rows, but some, prove nothing.
    if (after === before || after === 0 || beganMs > 4 * promiseMs) return beganMs;
  }
}

/** One person forgotten in a small served world. */
export const forget: Proof = {
  name: "forget",
  run: async () => {
    const served = await ServedForget.open();
    try {
      return await forgotten(served);
    } finally {
      await served.close();
    }
  },
};
