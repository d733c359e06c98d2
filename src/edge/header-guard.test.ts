import { expect, test } from "vitest";
import { HeaderGuard, headBytesMax, headersMax } from "./header-guard.js";

type Header = readonly [name: string, value: string];
const host: Header = ["host", "bid.example"];

function verdictOf(isPost: boolean, headers: readonly Header[], path = "/win", query = ""): number {
  const guard = new HeaderGuard();
  for (const [name, value] of headers) guard.see(name, value);
  return guard.verdict(isPost, path, query);
}

test.each<readonly [string, number, boolean, readonly Header[]]>([
  ["a POST with a length", 0, true, [host, ["content-length", "0"]]],
  ["a GET without one", 0, false, [host]],
  ["a GET of length 0", 0, false, [host, ["content-length", "0"]]],
  ["a GET with a body", 400, false, [host, ["content-length", "1"]]],
  ["a POST without a length", 411, true, [host]],
  ["chunks", 411, true, [host, ["transfer-encoding", "chunked"]]],
  ["chunks in a GET", 411, false, [host, ["transfer-encoding", "chunked"]]],
  [
    "chunks and a length",
    400,
    true,
    [host, ["transfer-encoding", "chunked"], ["content-length", "1"]],
  ],
  ["a length of nine digits", 0, true, [host, ["content-length", "999999999"]]],
  ["a length of ten digits", 400, true, [host, ["content-length", "1000000000"]]],
  ["a length of no digit", 400, true, [host, ["content-length", ""]]],
  ["a length with a zero in front", 400, true, [host, ["content-length", "01"]]],
  ["a length with a sign", 400, true, [host, ["content-length", "+1"]]],
  ["a length with a space", 400, true, [host, ["content-length", "1 "]]],
  ["a length in other digits", 400, true, [host, ["content-length", "１"]]],
  ["two lengths", 400, true, [host, ["content-length", "1"], ["content-length", "1"]]],
  ["no host", 400, false, []],
  ["two hosts", 400, false, [host, host]],
  ["an empty host", 400, false, [["host", ""]]],
  ["an empty name", 400, false, [host, ["", "x"]]],
  ["a name with a space", 400, false, [host, ["a b", "x"]]],
  ["a name above ASCII", 400, false, [host, ["é", "x"]]],
])("%s: %i", (_name, verdict, isPost, headers) => {
  expect(verdictOf(isPost, headers)).toBe(verdict);
});

test("paths and queries are printable ASCII", () => {
  expect(verdictOf(false, [host], "/bid/a~b", "t=!")).toBe(0);
  for (const odd of [" ", "\u007f", "\u0000", "é", "\r\n"]) {
    expect(verdictOf(false, [host], `/a${odd}`)).toBe(400);
    expect(verdictOf(false, [host], "/win", `t=${odd}`)).toBe(400);
  }
});

test("headers are bounded in number and in bytes", () => {
  const many = Array.from({ length: headersMax - 1 }, (_, i): Header => [`x${i}`, ""]);
  expect(verdictOf(false, [host, ...many])).toBe(0);
  expect(verdictOf(false, [host, ...many, ["y", ""]])).toBe(400);
  const room = headBytesMax - "host".length - "bid.example".length - "x".length;
  expect(verdictOf(false, [host, ["x", "v".repeat(room)]])).toBe(0);
  expect(verdictOf(false, [host, ["x", "v".repeat(room + 1)]])).toBe(400);
});

test("nothing of one request is left for the next", () => {
  const guard = new HeaderGuard();
  guard.see("x-crowdbid-secret", "a");
  guard.see("content-length", "x");
  guard.see("transfer-encoding", "chunked");
  guard.see("content-type", "a/b");
  guard.see("content-encoding", "gzip");
  guard.reset();
  guard.see(...host);
  expect(guard).toMatchObject({ secret: "", contentType: "", contentEncoding: "" });
  expect([guard.verdict(false, "/", ""), guard.framingIsUnsafe]).toEqual([0, false]);
});
