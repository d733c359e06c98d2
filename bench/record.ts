import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineOf } from "./machine.js";

const results = "bench/results";
const schema = 1;

/**
 * Adds a line to `bench/results/<file>.jsonl`: what was measured, its settings, and on what. Null
 * as folder: nothing is kept (tiny sizes measure nothing).
 */
export function record(file: string, row: object, folder: string | null = results): void {
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  const line = { schema, at: new Date().toISOString(), ...machineOf(), ...row };
  appendFileSync(join(folder, `${file}.jsonl`), `${JSON.stringify(line)}\n`);
}

/** A picture or a percentile text beside them; only the last one is kept. */
export function keep(file: string, text: string, folder: string | null = results): void {
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
}
