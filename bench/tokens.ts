import { forgeries, TokenForger } from "../src/testing/token-forger.js";
import { machineOf } from "./machine.js";
import { numberAfter } from "./simulator.js";

/** `--count N` (1,100,000) tokens that must change nothing; genuine ones between must count. */
export function printTokens(args: readonly string[], write: (line: string) => void): boolean {
  const count = numberAfter(args, "--count", 1_100_000);
  const startedMs = performance.now();
  const result = new TokenForger(numberAfter(args, "--seed", 1)).run(count);
  const elapsedSec = (performance.now() - startedMs) / 1000;
  write(`\ntokens: ${count} in ${elapsedSec.toFixed(1)} s`);
  let accepted = 0;
  for (const name of forgeries) {
    accepted += result.accepted[name];
    write(`${name.padEnd(28)} ${result.tried[name]} tried, ${result.accepted[name]} accepted`);
  }
  write(`genuine                      ${result.genuine} sent, ${result.genuineTaken} counted`);
  write(`accepted in all: ${accepted} (figure: 0)`);
  write(JSON.stringify({ name: "tokens", count, accepted, elapsedSec, ...machineOf() }));
  return accepted === 0 && result.genuine === result.genuineTaken;
}
