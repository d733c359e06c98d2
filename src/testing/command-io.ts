import type { CommandIo } from "../runtime/command-io.js";

/** A command's world in memory: files by name, and what it printed. */
export type TestIo = CommandIo & { readonly out: () => string; readonly err: () => string };

export function testIo(files: Readonly<Record<string, string>>, nowMs: number): TestIo {
  const out: string[] = [];
  const err: string[] = [];
  let ns = 0;
  const bytesOf = (path: string): Buffer => {
    const text = files[path];
    if (text === undefined) throw new Error("ENOENT: no such file");
    return Buffer.from(text);
  };
  return {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    read: async (path) => bytesOf(path),
    stream: async function* (path) {
      const bytes = bytesOf(path);
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    },
    nowMs: () => nowMs as never,
    monotonicNs: () => {
      ns += 2000;
      return ns;
    },
    monotonicMs: () => ns / 1e6,
    isTerminal: false,
    out: () => out.join(""),
    err: () => err.join(""),
  };
}
