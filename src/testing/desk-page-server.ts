import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Answers } from "./desk-page-answers.js";

/**
 * dist/ui under the policy that the program sends with it, and canned answers of /api/v1: what
 * tests of the page run against when the program itself is not what they are about.
 */
export type DeskPage = {
  readonly url: string;
  /** Every call of the API as `METHOD /path?query`, in order. */
  readonly calls: readonly string[];
  readonly close: () => Promise<void>;
};

const usualFolder = fileURLToPath(new URL("../../dist/ui/", import.meta.url));
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:",
  "connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'",
  "frame-ancestors 'none'; require-trusted-types-for 'script'",
].join("; ");

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

async function fileFor(folder: string, path: string): Promise<{ type: string; body: Buffer }> {
  const type = types[extname(path)];
  const name = type === undefined ? "index.html" : normalize(path);
  return { type: type ?? types[".html"] ?? "", body: await readFile(join(folder, name)) };
}

/** Listens on a free port. Answers 404 in the API's form where `answers` knows nothing. */
export async function startDeskPage(
  answers: Answers,
  folder: string = usualFolder,
): Promise<DeskPage> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://desk");
    const respond = async (): Promise<void> => {
      if (!url.pathname.startsWith("/api/v1/")) {
        const { type, body } = await fileFor(folder, url.pathname);
        response.writeHead(200, { "content-type": type, "content-security-policy": policy });
        response.end(body);
        return;
      }
      const path = url.pathname.slice("/api/v1".length);
      calls.push(`${request.method} ${path}${url.search}`);
      const text = await bodyOf(request);
      const answer = answers({
        ...{ method: request.method ?? "GET", path, query: url.searchParams },
        body: request.headers["content-type"]?.includes("json") ? JSON.parse(text || "null") : text,
        version: Number(/\d+/.exec(request.headers["if-match"] ?? "")?.[0] ?? 0),
      });
      const type = answer.status >= 400 ? "application/problem+json" : "application/json";
      response.writeHead(answer.status, { "content-type": answer.type ?? type });
      response.end(answer.type === undefined ? JSON.stringify(answer.body) : String(answer.body));
    };
    respond().catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
