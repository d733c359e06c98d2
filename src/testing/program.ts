import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leash } from "./leash.js";

/** The secret of every exchange in a test's config folder. */
export const testSecret = "the-secret-of-the-test-exchange";
/** Below what a test has: a start took over 30 s where the load was 38 on two cores. */
const waitMsMax = 110_000;

/** The real program, `dist/main.js serve`, on a copy of config/ whose exchanges have a secret. */
export class Program {
  readonly folder: string;
  readonly configFolder: string;
  readonly dataFolder: string;
  bidPort = 0;
  adminPort = 0;
  private child: ChildProcess | null = null;
  private output = "";

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "crowdbid-program-"));
    cpSync("config", join(this.folder, "config"), { recursive: true });
    this.configFolder = join(this.folder, "config", "demo");
    this.dataFolder = join(this.folder, "data");
    const digest = createHash("sha256").update(testSecret).digest("hex");
    const exchanges = join(this.configFolder, "exchanges");
    for (const name of readdirSync(exchanges)) {
      const path = join(exchanges, name);
      writeFileSync(path, `${readFileSync(path, "utf8")}\nsecretSha256: "${digest}"\n`);
    }
  }

  /** Starts it and waits until it is ready. */
  async start(environment: Readonly<Record<string, string>> = {}, workers = 1): Promise<void> {
    await this.spawn(environment, workers);
    await this.until("ready", async () => (await this.ready()) === 200);
  }

  /** A start that must fail: gives the exit code; the words are in `written`. */
  async startRefused(environment: Readonly<Record<string, string>> = {}): Promise<number | null> {
    const child = await this.spawn(environment);
    return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  }

  private async spawn(
    environment: Readonly<Record<string, string>>,
    workers = 1,
  ): Promise<ChildProcess> {
    this.bidPort = await freePort();
    this.adminPort = await freePort();
    const flags = {
      "--bid-port": String(this.bidPort),
      "--admin-port": String(this.adminPort),
      "--config": this.configFolder,
      "--data": this.dataFolder,
      "--public-url": "https://bid.test.example",
      "--workers": String(workers),
    };
    const serve = ["dist/main.js", "serve", ...Object.entries(flags).flat()];
    const args = [...leash("SIGTERM"), ...serve];
    // What is tested here is not how fast the first bids are, and there are many starts.
    const env = { CROWDBID_WARM_UP_MS: "50", ...process.env, ...environment };
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (piece: Buffer) => {
        this.output += piece.toString("utf8");
      });
    }
    this.child = child;
    return child;
  }

  /** The process under the parent, which does the work. */
  get serverPid(): number {
    const parent = String(this.child?.pid);
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const found = pids.find((pid) => parentOf(pid) === parent);
    if (found === undefined) throw new Error("the parent has no child");
    return Number(found);
  }

  /** All that it has written to its standard output and error. */
  get written(): string {
    return this.output;
  }

  private async ready(): Promise<number> {
    try {
      return (await fetch(`http://127.0.0.1:${this.adminPort}/readyz`)).status;
    } catch {
      return 0;
    }
  }

  bid(body: string | Uint8Array, secret = testSecret): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.bidPort}/bid/openrtb26`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-crowdbid-secret": secret },
      body: typeof body === "string" ? body : new Uint8Array(body),
    });
  }

  get adminToken(): string {
    return readFileSync(join(this.dataFolder, "admin.token"), "utf8").trim();
  }

  admin(path: string, body?: object): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.adminToken}`,
      "content-type": "application/json",
    };
    const url = `http://127.0.0.1:${this.adminPort}${path}`;
    return body === undefined
      ? fetch(url, { headers })
      : fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Changes a file of the config folder. */
  edit(name: string, change: (text: string) => string): void {
    const path = join(this.configFolder, name);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const giveUpMs = performance.now() + waitMsMax;
    while (!(await holds())) {
      if (this.child?.exitCode !== null) throw new Error(`ended before ${what}: ${this.output}`);
      if (performance.now() > giveUpMs) throw new Error(`never ${what}: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null> {
    const { child } = this;
    if (child === null || child.exitCode !== null) return Promise.resolve(child?.exitCode ?? null);
    return new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
      child.kill("SIGTERM");
    });
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** "" for a process that has ended since. */
function parentOf(pid: string): string {
  try {
    return /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
