/**
 * Prints `N passed, N failed` from vitest's own JSON report, and ends with 1 where anything failed
 * or nothing passed. A test file that could not be loaded counts as one failure.
 *
 * Use: node config/tools/test-totals.mjs REPORT.json
 */
import { readFileSync } from "node:fs";

const [reportPath] = process.argv.slice(2);
if (reportPath === undefined) {
  console.error("test-totals: which report? Use: node config/tools/test-totals.mjs REPORT.json");
  process.exit(2);
}

let report;
try {
  report = JSON.parse(readFileSync(reportPath, "utf8"));
} catch (error) {
  console.error(`test-totals: no report to read at ${reportPath} (${error.message})`);
  process.exit(1);
}

const passed = report.numPassedTests;
const unloaded = report.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((a) => a.status === "failed"),
);
for (const file of unloaded) console.log(`did not load: ${file.name}: ${file.message}`);
const failed = report.numFailedTests + unloaded.length;
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped > 0) console.log(`skipped: ${skipped} (each says why in the list above)`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0 || report.success !== true) process.exitCode = 1;
