import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { curlOf } from "./exchange-curl.js";

test("a shell reads the command as one, quotes and dollars in the body too", () => {
  const body = `{"id":"it's $HOME \`x\`","a":"\\\\"}\n`;
  const headers = [
    { name: "x-a", value: "2.6" },
    { name: "content-encoding", value: "gzip" },
    { name: "(address)", value: "10.0.0.1" },
  ];
  const command = curlOf("http://127.0.0.1:8080/bid/a", headers, body);
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
  expect(words).toEqual([
    ...["-sS", "-i", "http://127.0.0.1:8080/bid/a", "-H", "x-a: 2.6", "--data-binary", body],
  ]);
});
