import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, inspect } from "node:util";
import { afterAll, expect, test, vi } from "vitest";
import type { AdminFacts } from "../admin/admin-facts.js";
import { adminServer } from "../admin/server.js";
import { assert } from "../base/assert.js";
import { Hash64, SipKey } from "../base/hash.js";
import type { Ordinal } from "../base/ids.js";
import { Unprintable, withhold } from "../base/unprintable.js";
import { Identified } from "../bid/identify.js";
import { BidRequest } from "../bid/request.js";
import { Scratch } from "../bid/scratch.js";
import { SegmentIndex } from "../index/segment-index.js";
import { emptyTable } from "../testing/empty-table.js";
import { peopleOf } from "../testing/in-process.js";
import { ConsentCache } from "../wire/consent-cache.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { openKeyFiles } from "./key-files.js";
import { createLog } from "./log.js";
import { lookingFlags } from "./process.js";
import { reasonOf } from "./worker-messages.js";

const folder = mkdtempSync(join(tmpdir(), "crowdbid-unprintable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 0x6b6f7aXX: as a decimal number it stands nowhere by chance. */
const mark = 1_802_460_000;
const shows = /18024\d{5}|6b6f|secretsecret|: ?115/i;

function identified(): Identified {
  const found = new Identified();
  found.ordinal = mark as Ordinal;
  Object.assign(found.hash, { lo: mark + 1, hi: mark + 2 });
  return found;
}

function request(): BidRequest {
  const one = new BidRequest();
  one.bytes.set(Buffer.from("secretsecret"));
  Object.assign(one.seed, { lo: mark, hi: mark });
  return one;
}

function scratch(): Scratch {
  const one = new Scratch(emptyTable(), 4);
  one.row.fill(mark);
  return one;
}

function consentCache(): ConsentCache {
  const cache = new ConsentCache();
  const bytes = Buffer.from("secretsecretsecret");
  cache.tcfOf(bytes, 0, bytes.length);
  return cache;
}

const secret = new Uint8Array(32).fill(0x73);
const keys = openKeyFiles(folder);
const idfa = "5a4ca1af-5694-4b34-9871-3dbf544ea839";
const marked: readonly (readonly [name: string, value: object])[] = [
  ["an identifier's hash", Object.assign(new Hash64(), { lo: mark, hi: mark + 1 })],
  ["a key", new SipKey(mark, mark + 1, mark + 2, mark + 3)],
  ["who a request is about", identified()],
  ["a request", request()],
  ["a person's row", scratch()],
  ["the index", SegmentIndex.from(peopleOf(["a"], [{ idfa, segments: ["a"] }]).parts)],
  ["consent strings", consentCache()],
  ["a token's key", { mac: tokenKeyFrom({ keyId: 115, secret }).mac }],
  ["a secret's bytes", withhold(Uint8Array.from(secret))],
  ["a text", new Unprintable("secretsecret")],
  ["the key files", keys],
  ["a key file", keys.token],
];
/** What the key files hold, which no test chose. */
const held = [
  keys.adminToken.reveal(),
  String(keys.identifierKey.k0lo),
  String(keys.crowdKey.k1hi),
  keys.token.secret.subarray(0, 6).join(","),
  [...keys.token.secret.subarray(0, 6)].join(", "),
];

function expectNothing(name: string, texts: readonly string[]): void {
  for (const text of texts) {
    expect(text, name).not.toBe("");
    expect(text, name).not.toMatch(shows);
    for (const one of held) expect(text.includes(one), name).toBe(false);
  }
}

class Telling extends Error {
  readonly value: object;
  constructor(value: object) {
    super(`about ${value}`);
    this.value = value;
  }
}

test.each(marked)("%s shows in no text, JSON, inspection or console", (name, value) => {
  const written: string[] = [];
  const spy = vi
    .spyOn(console, "log")
    .mockImplementation((...args) => void written.push(format(...args)));
  console.log(value);
  console.log("%s %o %j", value, [value], { value });
  spy.mockRestore();
  expectNothing(name, [
    ...[String(value), `${value}`, JSON.stringify(value), JSON.stringify({ deep: [value] })],
    ...[inspect(value, { depth: 9, showHidden: true }), inspect(new Map([[value, value]]))],
    ...written,
  ]);
});

test.each(marked)(
  "%s shows in no log line, error, assertion or worker's last word",
  (name, value) => {
    const lines: string[] = [];
    const log = createLog({ part: "test", write: (line) => lines.push(line) });
    log.error({ value, deep: { value: [value] }, error: new Telling(value) }, `about ${value}`);
    const failed = new Telling(value);
    let asserted: unknown;
    try {
      assert(false, `about ${value}`);
    } catch (error) {
      asserted = error;
    }
    expectNothing(name, [
      ...lines,
      ...[inspect(failed), reasonOf(failed), reasonOf(asserted), String(failed.stack)],
    ]);
  },
);

test("an admin route that fails over one of them answers and logs nothing of it", async () => {
  for (const [name, value] of marked) {
    const lines: string[] = [];
    const facts = {
      status: () => {
        throw new Telling(value);
      },
      forget: { open: false, kinds: [], words: "" },
    } as unknown as AdminFacts;
    const log = createLog({ part: "admin", write: (line) => lines.push(line) });
    const server = adminServer({ token: "t", facts, log });
    const answer = await server.inject({
      ...{ method: "GET", url: "/api/v1/status", headers: { authorization: "Bearer t" } },
    });
    await server.close();
    expect(answer.statusCode).toBe(500);
    expectNothing(name, [answer.body, ...lines]);
  }
});

test("what is not withheld would be found by these tests", () => {
  const open = { lo: mark, bytes: Buffer.from("secret").toString("latin1") };
  expect(inspect(open)).toMatch(shows);
  expect(inspect(Uint8Array.from(secret))).toMatch(/115,/);
  expect(JSON.stringify(Uint8Array.from(secret))).toMatch(shows);
});

test("node's flags that open the memory are seen, wherever they are given", () => {
  const looking = [
    "--inspect --inspect-brk=0.0.0.0:9229 --heapsnapshot-signal=SIGUSR2 --heap-prof",
    "--heapsnapshot_near_heap_limit=3 --report-on-fatalerror --abort-on-uncaught-exception",
    "--cpu-prof --report-uncaught-exception --prof",
  ];
  for (const flags of looking) {
    expect(lookingFlags([], flags)).toHaveLength(flags.split(" ").length);
    expect(lookingFlags(flags.split(" "), "")).toHaveLength(flags.split(" ").length);
  }
  const harmless = "--max-old-space-size=512 --require ./x.js --enable-source-maps --no-warnings";
  expect(lookingFlags(harmless.split(" "), harmless)).toEqual([]);
});
