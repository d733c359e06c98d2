import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { identifierHashOf, Namespace } from "../../src/base/identifier.js";
import { personAnswersMax } from "../../src/base/limits.js";
import { type KeyFiles, openKeyFiles } from "../../src/runtime/key-files.js";
import { CanarySearch, keyedForms, type Leak, type Mark } from "../../src/testing/canary.js";
import {
  echoed,
  type MarkedPerson,
  markedPerson,
  markedRequest,
} from "../../src/testing/canary-requests.js";
import { writePeopleSnapshot } from "../../src/testing/people-snapshot.js";
import { Program, testSecret } from "../../src/testing/program.js";
import { DeskCanary, deskMarks } from "./canary-desk.js";
import type { ProofRow } from "./proof.js";

/** An exchange is told of a person's groups so often a day: of so many people none is past it. */
const peopleFor = (requests: number): number =>
  Math.max(4, Math.ceil(requests / exchanges.length / personAnswersMax));
const exchanges = ["openrtb26", "openrtb25", "onebid"] as const;
type Sink = { readonly name: string; readonly bytes: Uint8Array };

/** Everything that the served program answers, writes, keeps and tells of marked people. */
class ServedCanary {
  readonly program = new Program();
  readonly people: readonly MarkedPerson[];
  readonly sinks: Sink[] = [];
  readonly leaks: Leak[] = [];
  readonly search: CanarySearch;
  bids = 0;
  notices = 0;
  echoes = 0;
  deskAnswers = 0;
  readonly deskRefusals: string[] = [];
  private readonly keys: KeyFiles;

  constructor(requests: number) {
    const { dataFolder } = this.program;
    this.people = Array.from({ length: peopleFor(requests) }, (_, i) =>
      markedPerson(i + 1, Date.now()),
    );
    this.keys = openKeyFiles(dataFolder);
    const idfas = this.people.map(({ of }) => of("device.ifa"));
    writePeopleSnapshot(dataFolder, this.keys, idfas, Date.now());
    for (const person of this.people) {
      for (let kind = 0; kind < 64; kind++) markedRequest(person, kind);
      for (const field of ["header", "query", "path"]) person.of(field);
      for (const field of deskMarks) person.of(`desk.${field}`);
    }
    const marks = this.people.flatMap((person, i) =>
      person.marks.map(({ field, text }) => ({ field: `person ${i}: ${field}`, text })),
    );
    this.search = new CanarySearch(marks, (mark) => this.keyed(mark));
  }

  private keyed({ field, text }: Mark) {
    if (!field.endsWith("device.ifa")) return [];
    const hash = identifierHashOf(Namespace.IDFA, text, 0, this.keys.identifierKey);
    return hash === null ? [] : keyedForms(hash.lo, hash.hi);
  }

  private add(name: string, text: string | Uint8Array): void {
    this.sinks.push({ name, bytes: typeof text === "string" ? Buffer.from(text) : text });
  }

  private url(path: string): string {
    return `http://127.0.0.1:${this.program.bidPort}${path}`;
  }

  /** One request with marks in headers and address as well, then the notices of its bids. */
  async ask(n: number): Promise<void> {
    const i = n % this.people.length;
    const kind = Math.floor(n / this.people.length);
    const person = this.people[i] as MarkedPerson;
    const { of } = person;
    const marked = {
      cookie: `id=${of("header")}`,
      referer: `https://a.example/${of("header")}`,
      "user-agent": of("device.ua"),
      "x-forwarded-for": of("device.ip"),
    };
    const path = `/bid/${exchanges[(kind + i) % exchanges.length]}?u=${of("query")}`;
    const answer = await fetch(this.url(path), {
      method: "POST",
      headers: { ...marked, "content-type": "application/json", "x-crowdbid-secret": testSecret },
      body: new Uint8Array(markedRequest(person, kind)),
    });
    const text = await answer.text();
    this.answered(i, `${JSON.stringify([...answer.headers])}\n${text}`);
    if (answer.status === 200) {
      this.bids++;
      await this.notify(text, of("query"), marked);
    }
    if (n % 20 === 0) {
      const lost = await fetch(this.url(`/${of("path")}`), { headers: marked });
      this.answered(i, `${JSON.stringify([...lost.headers])}\n${await lost.text()}`);
    }
  }

  private answered(person: number, text: string): void {
    for (const leak of this.search.leaksIn({ name: "an answer", bytes: Buffer.from(text) })) {
      const own = `person ${person}: `;
      if (leak.field.startsWith(own) && echoed(leak.field.slice(own.length))) this.echoes++;
      else this.leaks.push(leak);
    }
  }

  private async notify(text: string, query: string, headers: Record<string, string>) {
    const token = /[?&]t=([\w-]{80,100})/.exec(text)?.[1];
    if (token === undefined) return;
    for (const kind of ["win", "bill", "impression", "click"]) {
      const address = this.url(`/${kind}?t=${token}&price=0.9&u=${query}`);
      const answer = await fetch(address, { headers, redirect: "manual" });
      this.notices++;
      this.add(kind, `${JSON.stringify([...answer.headers])}\n${await answer.text()}`);
    }
  }

  async askAdmin(): Promise<void> {
    const { program } = this;
    for (const path of ["/metrics", "/api/v1/status", "/api/v1/spend", "/readyz"]) {
      this.add(path, await (await program.admin(path)).text());
    }
    for (let kind = 0; kind < 8; kind++) {
      const request = this.requestText(kind);
      this.add("explain", await (await program.admin("/api/v1/explain", { request })).text());
    }
  }

  /** The campaign desk: what it is told of the first of them, and what it then shows. */
  async askDesk(): Promise<void> {
    const desk = new DeskCanary(this.program, this.people[0] as MarkedPerson);
    await desk.run();
    if (desk.listTrouble !== "") this.deskRefusals.push(`the list: ${desk.listTrouble}`);
    for (const { name, status, text } of desk.answers) {
      if (status < 300) this.deskAnswers++;
      else this.deskRefusals.push(`${status} ${name} ${text}`);
      this.add(`the desk, ${name}`, text);
    }
  }

  private requestText(kind: number): string {
    return new TextDecoder().decode(markedRequest(this.people[kind % this.people.length]!, kind));
  }

  async command(...args: string[]): Promise<void> {
    const run = promisify(execFile)(process.execPath, ["dist/main.js", ...args]);
    const { stdout, stderr } = await run.catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    this.add(`crowdbid ${args[0]}`, stdout + stderr);
  }

  /** The command line over files of marked requests, and over what the server has left. */
  async commands(): Promise<void> {
    const { folder, configFolder, dataFolder } = this.program;
    const file = join(folder, "requests.ndjson");
    const lines = Array.from({ length: 40 }, (_, kind) => this.requestText(kind));
    writeFileSync(file, lines.join("\n"));
    const one = join(folder, "request.json");
    writeFileSync(one, lines[1] ?? "");
    const data = ["--data", dataFolder];
    const config = ["--config", configFolder];
    // Each reads only, and is a process that mostly starts.
    await Promise.all([
      this.command("replay", file, ...config, ...data, "--json"),
      this.command("explain", one, ...config, ...data, "--all"),
      this.command("report", ...data, ...config, "--by", "exchange,property", "--json"),
      this.command("audit", ...data, "--json"),
      this.command("bank", "inspect", ...data),
    ]);
  }

  /** Ends the server as a broken core would; the parent starts it anew. */
  async crash(): Promise<void> {
    const { program } = this;
    const pid = program.serverPid;
    process.kill(pid, "SIGABRT");
    await program.until("restarted", async () => {
      try {
        return program.serverPid !== pid && (await program.admin("/readyz")).status === 200;
      } catch {
        return false;
      }
    });
  }

  /** What stands on the disk, keys apart, and what was printed. */
  kept(): void {
    for (const path of filesBelow(this.program.dataFolder)) {
      if (!path.includes("/keys/")) this.add(path, readFileSync(path));
    }
    this.add("standard output and error", this.program.written);
    for (const sink of this.sinks) this.leaks.push(...this.search.leaksIn(sink));
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Files that a crash leaves where the program was started. */
const crashFiles = (): string[] =>
  readdirSync(".").filter((name) => /^(core|report\.|Heap\.|.*\.heapsnapshot)/.test(name));

/** The real program over HTTP: notices, its admin side, its commands, a crash and its files. */
export async function servedCanary(requests: number, started: () => void): Promise<ProofRow> {
  const before = crashFiles();
  const served = new ServedCanary(requests);
  const { program } = served;
  try {
    await program.start();
    started();
    for (let n = 0; n < requests; n++) await served.ask(n);
    await served.askAdmin();
    await served.askDesk();
    await served.crash();
    await served.askAdmin();
    await program.stop();
    await served.commands();
    served.kept();
  } finally {
    await program.remove();
  }
  const { leaks, sinks, bids, echoes, notices, deskAnswers, deskRefusals } = served;
  for (const one of deskRefusals) process.stderr.write(`the desk refused: ${one}\n`);
  for (const leak of leaks.slice(0, 5)) process.stderr.write(`leak: ${JSON.stringify(leak)}\n`);
  const left = crashFiles().filter((name) => !before.includes(name));
  const exposures = sinks.filter(({ name }) => name.includes("/exposures/")).length;
  const bytes = sinks.reduce((sum, sink) => sum + sink.bytes.length, 0);
  return {
    promise: "nothing that identifies leaves a served bidder",
    test:
      `${requests} requests and ${notices} notices over HTTP about people it knows, admin side, ` +
      "its desk, commands, a crash, every file but keys",
    figure:
      `${leaks.length} hits in ${sinks.length} sinks (${(bytes / 1e6).toFixed(1)} MB), ` +
      `${echoes} echoes, ${deskAnswers} answers of the desk, ${left.length} files of the crash`,
    holds:
      [leaks, left, deskRefusals].every((found) => found.length === 0) &&
      Math.min(bids, echoes, exposures, deskAnswers) > 0,
  };
}
