import { renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Libsql from "libsql";
import { Client } from "pg";
import { startPostgres, type TestPostgres } from "../src/testing/postgres.js";
import { Program } from "../src/testing/program.js";

const stopMsMax = 1000;
const recoverMsMax = 30_000;
const bidsEach = 40;
const site = "outage.example";

/** A way to take the store from the program while it works; gives the way to give it back. */
type Outage = {
  readonly name: string;
  readonly begin: (program: Program) => Promise<() => Promise<void>>;
};

const fileOf = ({ dataFolder }: Program): string => join(dataFolder, "store.db");

const fileLocked: Outage = {
  name: "store.db locked by another program",
  begin: (program) => {
    const lock = new Libsql(fileOf(program));
    lock.exec("begin exclusive");
    return Promise.resolve(() => {
      lock.exec("rollback");
      lock.close();
      return Promise.resolve();
    });
  },
};
const fileGone: Outage = {
  name: "store.db taken away",
  begin: (program) => {
    const path = fileOf(program);
    renameSync(path, `${path}.away`);
    return Promise.resolve(() => {
      renameSync(`${path}.away`, path);
      return Promise.resolve();
    });
  },
};
const tablesLocked = (url: string): Outage => ({
  name: "PostgreSQL's tables locked by another program",
  begin: async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("begin");
    const { rows } = await client.query<{ name: string }>(
      "select quote_ident(tablename) as name from pg_tables where schemaname = 'public'",
    );
    for (const { name } of rows) await client.query(`lock table ${name} in access exclusive mode`);
    return () => client.end();
  },
});
const serverGone = (postgres: TestPostgres): Outage => ({
  name: "PostgreSQL killed",
  begin: async () => {
    await postgres.crash();
    return () => postgres.comeBack();
  },
});

/**
 * The real program loses its store while it works: saving is refused with what to do, bids go on,
 * a stop is in force within a second, and when the store is back it is used again. True = all so.
 */
export async function printDeskOutage(write: (line: string) => void): Promise<boolean> {
  let good = await lives("", [fileLocked, fileGone], write);
  const postgres = await startPostgres();
  if ("why" in postgres) {
    write(`without PostgreSQL: ${postgres.why}`);
    return false;
  }
  try {
    const url = postgres.freshUrl();
    good = (await lives(url, [tablesLocked(url), serverGone(postgres)], write)) && good;
  } finally {
    await postgres.stop();
  }
  return good;
}

async function lives(
  storeUrl: string,
  outages: readonly Outage[],
  write: (line: string) => void,
): Promise<boolean> {
  const program = new Program();
  try {
    await program.start({ CROWDBID_STORE: storeUrl });
    const desk = new Desk(program);
    await desk.begin();
    let good = true;
    for (const outage of outages) good = (await live(desk, program, outage, write)) && good;
    return good;
  } finally {
    await program.remove();
  }
}

async function live(
  desk: Desk,
  program: Program,
  { name, begin }: Outage,
  write: (line: string) => void,
): Promise<boolean> {
  const end = await begin(program);
  const { saved, saveMs, bids, slowestMs, stopMs } = await desk.during().catch(async (error) => {
    await end();
    throw error;
  });
  const endedMs = performance.now();
  await end();
  const recoverMs = await desk.recovers(endedMs);
  const refused = saved.status === 503 && saved.type.startsWith("application/problem+json");
  write(`${name}:`);
  write(`  saving: ${saved.status} after ${saveMs.toFixed(0)} ms: ${saved.detail}`);
  write(`  bids meanwhile: ${bids} of ${bidsEach}, slowest ${slowestMs.toFixed(0)} ms`);
  write(`  stop to the last bid: ${stopMs.toFixed(0)} ms (<= ${stopMsMax})`);
  write(`  saved again ${recoverMs.toFixed(0)} ms after it was back (<= ${recoverMsMax})`);
  return refused && bids === bidsEach && stopMs <= stopMsMax && recoverMs <= recoverMsMax;
}

type Answered = { readonly status: number; readonly type: string; readonly body: never };

/** One line item seen from the desk and from the exchange, where its odd price tells it apart. */
class Desk {
  private readonly program: Program;
  private key = "";
  private cpmCents = 1437;

  constructor(program: Program) {
    this.program = program;
  }

  private get cpm(): number {
    return this.cpmCents / 100;
  }

  private async ask(method: string, path: string, body?: object, version = 0): Promise<Answered> {
    const { adminPort, adminToken } = this.program;
    const answer = await fetch(`http://127.0.0.1:${adminPort}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(version === 0 ? {} : { "if-match": `"${version}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    return { status: answer.status, type, body: (text === "" ? null : JSON.parse(text)) as never };
  }

  async begin(): Promise<void> {
    const form = {
      ...{ campaign: 310, name: "Outage", withoutId: "contextual", price: { cpm: this.cpm } },
      ...{ targeting: { include: { sites: [site] } }, creatives: [{ id: 3101 }] },
    };
    const made = await this.ask("POST", "/line-items", { form });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    this.key = (made.body as { key: string }).key;
    await this.program.until("its bid", () => this.bidsAt(this.cpm));
  }

  /** Whether there is a bid of this price. */
  private async bidsAt(cpm: number): Promise<boolean> {
    const answer = await this.program.bid(
      JSON.stringify({
        ...{ id: "outage", imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
        ...{ site: { domain: site, page: `https://${site}/` } },
        device: { geo: { country: "NZL" } },
      }),
    );
    if (answer.status !== 200) return false;
    const { seatbid } = (await answer.json()) as { seatbid: { bid: { price: number }[] }[] };
    return seatbid.some(({ bid }) => bid.some(({ price }) => price === cpm));
  }

  private async save(cpmCents: number): Promise<Answered> {
    const now = await this.ask("GET", `/line-items/${this.key}`);
    const { form, version } = now.body as { form: object; version: number };
    return this.ask(
      "PUT",
      `/line-items/${this.key}`,
      { form: { ...form, price: { cpm: cpmCents / 100 } } },
      version,
    );
  }

  async during() {
    const startedMs = performance.now();
    const { status, type, body } = await this.save(this.cpmCents + 100);
    const saveMs = performance.now() - startedMs;
    const detail = String((body as { detail?: string } | null)?.detail ?? "");
    let [bids, slowestMs] = [0, 0];
    for (let i = 0; i < bidsEach; i++) {
      const sentMs = performance.now();
      if (await this.bidsAt(this.cpm)) bids++;
      slowestMs = Math.max(slowestMs, performance.now() - sentMs);
      await pause(10);
    }
    const stopMs = await this.stopped();
    return { saved: { status, type, detail }, saveMs, bids, slowestMs, stopMs };
  }

  /** Milliseconds from the press to the first request without a bid; the stop is released again. */
  private async stopped(): Promise<number> {
    const startedMs = performance.now();
    const stop = this.ask("POST", "/stops", { kind: "lineItem", key: this.key });
    await this.program.until("the stop", async () => !(await this.bidsAt(this.cpm)));
    const stopMs = performance.now() - startedMs;
    const { status } = await stop;
    if (status !== 201) throw new Error(`the stop was answered ${status}`);
    await this.ask("DELETE", `/stops/lineItem/${this.key}`);
    await this.program.until("the release", () => this.bidsAt(this.cpm));
    return stopMs;
  }

  /** Milliseconds since `fromMs` until a price is saved and in a bid. */
  async recovers(fromMs: number): Promise<number> {
    const next = this.cpmCents + 100;
    await this.program.until("its saving", async () => (await this.save(next)).status === 200);
    const tookMs = performance.now() - fromMs;
    this.cpmCents = next;
    await this.program.until("the new price", () => this.bidsAt(this.cpm));
    return tookMs;
  }
}
