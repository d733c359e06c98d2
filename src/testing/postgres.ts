import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A PostgreSQL of the test's own: in a temporary folder, reached by a socket in it alone. */
export type TestPostgres = {
  /** Of a new, empty database. */
  readonly freshUrl: () => string;
  /** Takes it away at once, as a crash does; it can come back with what it held. */
  readonly crash: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts one; null: none is installed, or it does not start here (`why` says it). */
export async function startPostgres(): Promise<TestPostgres | { readonly why: string }> {
  const bin = binaries();
  if (bin === null) return { why: "no PostgreSQL is installed" };
  const user = unprivileged();
  if (user === null) return { why: "PostgreSQL does not run as root, and there is no other user" };
  const folder = mkdtempSync(join(tmpdir(), "crowdbid-postgres-"));
  chmodSync(folder, 0o700);
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  const data = join(folder, "data");
  const options = { ...user, cwd: folder, encoding: "utf8" } as const;
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "crowdbid", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
    options,
  );
  if (made.status !== 0) return { why: `initdb failed: ${made.stderr}` };
  const launch = (): ChildProcess =>
    spawn(
      join(bin, "postgres"),
      ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
      { ...user, cwd: folder, stdio: "ignore" },
    );
  let server = launch();
  const sql = (text: string): boolean => {
    const args = ["-h", folder, "-U", "crowdbid", "-d", "postgres", "-qc", text];
    return spawnSync(join(bin, "psql"), args, options).status === 0;
  };
  const answers = async (): Promise<boolean> => {
    for (let tries = 0; tries < 100 && server.exitCode === null; tries++) {
      if (sql("select 1")) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  };
  const stop = async (): Promise<void> => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await answers())) {
    await stop();
    return { why: "PostgreSQL does not answer" };
  }
  let databases = 0;
  return {
    freshUrl: () => {
      const name = `desk${++databases}`;
      sql(`create database ${name}`);
      return `postgres://crowdbid@/${name}?host=${encodeURIComponent(folder)}`;
    },
    crash: () => end(server),
    comeBack: async () => {
      server = launch();
      await answers();
    },
    stop,
  };
}

/** Immediate: nothing is put away. */
function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once("exit", () => resolve());
    server.kill("SIGQUIT");
  });
}

function binaries(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  const folders = [
    ...(process.env["PATH"] ?? "").split(":").filter((folder) => folder !== ""),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  const whole = (folder: string): boolean =>
    ["initdb", "postgres", "psql"].every((name) => existsSync(join(folder, name)));
  return folders.find(whole) ?? null;
}

/** PostgreSQL refuses root; null: we are root, and there is nobody else. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } | null {
  if (process.getuid?.() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const uid = Number(spawnSync("id", ["-u", name], { encoding: "utf8" }).stdout);
    const gid = Number(spawnSync("id", ["-g", name], { encoding: "utf8" }).stdout);
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  return null;
}
