import { SeededRandom } from "../src/base/random.js";
import { base64Fault, decimalText, priceFault } from "../src/testing/price-oracle.js";
import { machineOf } from "./machine.js";
import { numberAfter } from "./simulator.js";

/** `--count N` (10,000,000) decimals of up to 9 places, read by the product and by the oracle. */
export function printPrices(args: readonly string[], write: (line: string) => void): boolean {
  const count = numberAfter(args, "--count", 10_000_000);
  const random = new SeededRandom(numberAfter(args, "--seed", 1));
  const bytes = new Uint8Array(32);
  const startedMs = performance.now();
  const faults: string[] = [];
  for (let n = 0; n < count; n++) {
    const text = decimalText(random);
    const fault = priceFault(text, bytes) || (n % 16 === 0 ? base64Fault(text) : "");
    if (fault !== "") faults.push(fault);
  }
  const elapsedSec = (performance.now() - startedMs) / 1000;
  write(`\nprices: ${count} decimals as notice, floor and maximum in ${elapsedSec.toFixed(1)} s`);
  write(`read otherwise than by the oracle: ${faults.length} (figure: 0)`);
  for (const fault of faults.slice(0, 10)) write(`  ${fault}`);
  write(JSON.stringify({ name: "prices", count, wrong: faults.length, ...machineOf() }));
  return faults.length === 0;
}
