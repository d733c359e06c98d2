import { machineOf } from "../machine.js";
import type { ProofRow, ProofSize } from "./proof.js";
import { proofs } from "./proofs.js";

/**
 * `npm run prove [-- --full] [--only a,b] [--json]`: tries every promise about people and prints
 * promise | test | figure | verdict. Exit 1 when one does not hold, 2 for an unknown name.
 */
const args = process.argv.slice(2);
const size: ProofSize = args.includes("--full") ? "full" : "small";
const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "").split(",") : null;
const unknown = only?.filter((name) => !proofs.some((proof) => proof.name === name)) ?? [];
if (unknown.length > 0) {
  const names = proofs.map(({ name }) => name).join(", ");
  process.stderr.write(`prove: no proof ${unknown.join(", ")}; there are ${names}\n`);
  process.exit(2);
}

const rows: ProofRow[] = [];
console.log("| promise | test | figure | verdict |\n| --- | --- | --- | --- |");
for (const proof of proofs) {
  if (only !== null && !only.includes(proof.name)) continue;
  const startedMs = performance.now();
  for (const row of await proof.run(size)) {
    rows.push(row);
    const verdict = row.holds ? "holds" : "DOES NOT HOLD";
    console.log(`| ${row.promise} | ${row.test} | ${row.figure} | ${verdict} |`);
  }
  process.stderr.write(
    `prove: ${proof.name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
}
if (args.includes("--json")) console.log(JSON.stringify({ size, rows, ...machineOf() }));
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
