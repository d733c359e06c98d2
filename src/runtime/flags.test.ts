import { resolve } from "node:path";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import {
  addServerFlags,
  exitCodeOf,
  type RawFlags,
  type ServerMode,
  type Settings,
  settingsFrom,
  UsageError,
} from "./flags.js";

afterEach(() => vi.unstubAllEnvs());

/** Parses as the program does: `crowdbid demo|serve ARGS`. */
function parsed(mode: ServerMode, ...args: string[]): Settings {
  const command = addServerFlags(new Command(), mode).exitOverride();
  command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  command.parse(args, { from: "user" });
  return settingsFrom(mode, command.opts<RawFlags>());
}

const url = ["--public-url", "https://bid.example.com"];

test("the demo needs no flag", () => {
  expect(parsed("demo")).toMatchObject({
    ...{ mode: "demo", bidPort: 8080, adminPort: 8081, host: "127.0.0.1", edge: "uws" },
    ...{ adminHost: "127.0.0.1", trustedProxies: [] },
    ...{ dataFolder: resolve("data/demo"), configFolder: resolve("config/demo"), publicUrl: "" },
  });
  expect(parsed("demo").workers).toBeGreaterThan(0);
});

test("serve has its own folders, and a public address without its last slash", () => {
  const settings = parsed(
    "serve",
    "--public-url",
    "https://bid.example.com/rtb/",
    "--workers",
    "3",
  );
  expect(settings).toMatchObject({
    ...{ dataFolder: resolve("data"), configFolder: resolve("config"), workers: 3 },
    publicUrl: "https://bid.example.com/rtb",
  });
});

test("each flag can stand in the environment, and the command line wins", () => {
  vi.stubEnv("CROWDBID_BID_PORT", "9000");
  vi.stubEnv("CROWDBID_ADMIN_PORT", "9001");
  vi.stubEnv("CROWDBID_PUBLIC_URL", "https://env.example");
  vi.stubEnv("CROWDBID_WORKERS", "2");
  const settings = parsed("serve", "--admin-port", "9005");
  expect(settings).toMatchObject({ bidPort: 9000, adminPort: 9005, workers: 2 });
  expect(settings.publicUrl).toBe("https://env.example");
});

test("the demo trades unless told not to, serve never does", () => {
  expect(parsed("demo").traffic).toBe(true);
  expect(parsed("demo", "--no-traffic").traffic).toBe(false);
  expect(parsed("serve", ...url).traffic).toBe(false);
  expect(() => parsed("serve", ...url, "--no-traffic")).toThrow(/unknown option/);
  vi.stubEnv("CROWDBID_NO_TRAFFIC", "1");
  expect(parsed("demo").traffic).toBe(false);
});

test("the node driver runs one worker", () => {
  expect(parsed("demo", "--edge", "node").workers).toBe(1);
  expect(() => parsed("demo", "--edge", "node", "--workers", "2")).toThrow("cannot share a port");
});

test.each<readonly [ServerMode, readonly string[], string]>([
  ["demo", ["--bid-port", "x"], "--bid-port x: give a whole number from 0 to 65535"],
  ["demo", ["--bid-port", "65536"], "from 0 to 65535"],
  ["demo", ["--admin-port", "-1"], "--admin-port -1"],
  ["demo", ["--bid-port", "8081"], "give two ports"],
  ["demo", ["--workers", "0"], "--workers 0: give a whole number from 1 to 64"],
  ["demo", ["--workers", "65"], "from 1 to 64"],
  ["demo", ["--workers", "1.5"], "--workers 1.5"],
  ["demo", ["--edge", "fast"], "--edge fast: give uws or node"],
  ["demo", ["--host", "0.0.0.0"], "loopback only"],
  ["demo", ["--host", "bid.example.com"], "loopback only"],
  ["demo", ["--host", "a b"], "give an address or a host name"],
  ["demo", ["--public-url", "ftp://a"], "starts with https://"],
  ["serve", [], "--public-url is missing"],
  ["serve", ["--public-url", "http://bid.example.com"], "starts with https://"],
  ["serve", ["--public-url", "bid.example.com"], "starts with https://"],
  ["serve", ["--public-url", "https://u:p@bid.example.com"], "give no user"],
  ["serve", ["--public-url", "https://bid.example.com/?a=1"], "give no user, query"],
  ["serve", ["--public-url", `https://bid.example.com/${"a".repeat(200)}`], "at most 200"],
  ["serve", [...url, "--data", ""], "give a folder"],
])("%s with %j is refused as %j, exit code 2", (mode, args, message) => {
  let thrown: unknown;
  try {
    parsed(mode, ...args);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UsageError);
  expect(String(thrown)).toContain(message);
  expect(String(thrown)).not.toContain("u:p@");
  expect(exitCodeOf(thrown)).toBe(2);
});

test("an unknown flag ends with 2, help with 0, a failure with 1", () => {
  const codeOf = (...args: string[]): number => {
    try {
      parsed("demo", ...args);
      return -1;
    } catch (error) {
      return exitCodeOf(error);
    }
  };
  expect(codeOf("--nonsense")).toBe(2);
  expect(codeOf("--bid-port")).toBe(2);
  expect(codeOf("--help")).toBe(0);
  expect(exitCodeOf(new Error("x"))).toBe(1);
});
