import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { CurrencyCode, Micros, UnixSec } from "../src/base/units.js";
import { openKeyFiles } from "../src/runtime/key-files.js";
import { TokenFields, tokenChars } from "../src/wire/token-format.js";
import { tokenKeyFrom } from "../src/wire/token-key.js";
import { TokenWriter } from "../src/wire/token-writer.js";
import { ask, message, start, stop } from "./child.js";
import { machineOf } from "./machine.js";
import type { NoticesOrder, NoticesResult } from "./notices-process.js";
import type { ServerMessage, ServerOrder } from "./server-process.js";
import { numberAfter } from "./simulator.js";

const connections = 64;
/** Not one of the server's workers: its nonces are the bench's own. */
const worker = 60;
const wantedPerSec = 50_000;

/** `--count N` (1,000,000) notices of a kind through the ring, and a tenth of it over HTTP. */
export async function printNotices(
  args: readonly string[],
  write: (line: string) => void,
): Promise<boolean> {
  const count = numberAfter(args, "--count", 1_000_000);
  // The system's folder for what is temporary may be no disk.
  const folder = mkdtempSync(join(process.cwd(), ".bench", "notices-"));
  try {
    const order: NoticesOrder = { folder, count };
    const ring = await ask<NoticesResult>("notices-process", order, () => undefined);
    const http = await httpRate(join(folder, "server"), Math.ceil(count / 10));
    write(`\nnotices from the ring to fdatasync, ${count} of a kind:`);
    write(`bills   ${ring.billsPerSec.toFixed(0)} a second (figure: >= ${wantedPerSec})`);
    write(`wins    ${ring.winsPerSec.toFixed(0)} a second`);
    write(`blocks  ${ring.blocks}; the disk alone syncs ${ring.syncsPerSec.toFixed(0)} a second`);
    write(`HTTP    ${http.toFixed(0)} a second, ${connections} connections (generator-bound)`);
    write(JSON.stringify({ name: "notices", count, ...ring, httpPerSec: http, ...machineOf() }));
    return ring.billsPerSec >= wantedPerSec;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bills over HTTP to the real server with one worker, each answered 204 once it is durable. */
async function httpRate(dataFolder: string, count: number): Promise<number> {
  const server = start("server-process");
  try {
    const order: ServerOrder = { dataFolder, people: 1000, lineItems: 10, book: "synthetic" };
    server.send(order);
    const { port } = await message<ServerMessage>(server);
    const paths = tokens(dataFolder, count).map((token) => `/bill?t=${token}&p=0.5`);
    const startedMs = performance.now();
    const share = Math.ceil(count / connections);
    await Promise.all(
      Array.from({ length: connections }, (_, n) =>
        oneConnection(port, paths.slice(n * share, (n + 1) * share)),
      ),
    );
    return count / ((performance.now() - startedMs) / 1000);
  } finally {
    await stop(server);
  }
}

function tokens(dataFolder: string, count: number): string[] {
  const writer = new TokenWriter(tokenKeyFrom(openKeyFiles(dataFolder).token), worker, 1);
  const fields = new TokenFields();
  const timeSec = Math.floor(Date.now() / 1000) as UnixSec;
  const [priceMicros, reservedMicros] = [1_000_000 as Micros, 1_000_000 as Micros];
  Object.assign(fields, { exchange: 1, lineItem: 1, timeSec, expirySec: timeSec + 600 });
  Object.assign(fields, { priceMicros, reservedMicros, currency: 0 as CurrencyCode });
  const characters = Buffer.alloc(tokenChars);
  return Array.from({ length: count }, () => {
    writer.writeInto(fields, characters, 0);
    return characters.toString("latin1");
  });
}

/** One after the other on a connection that stays open; rejects on any other answer than 204. */
function oneConnection(port: number, paths: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let next = 0;
    let text = "";
    const send = (): void => {
      const path = paths[next++];
      if (path === undefined) {
        socket.destroy();
        resolve();
      } else socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    };
    socket.on("connect", send);
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      if (!text.startsWith("HTTP/1.1 204")) reject(new Error(`a notice got ${text.slice(0, 40)}`));
      text = "";
      send();
    });
    socket.on("error", reject);
  });
}
