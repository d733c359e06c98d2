import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { detachOnce } from "./detach-once.js";

/** Whether code over typed arrays outlives the first piece of a body, in a thread of its own. */
async function staysCompiled(before: string): Promise<boolean> {
  const thread = new Worker(
    `
    require("node:v8").setFlagsFromString("--allow-natives-syntax");
    ${before}
    const bytes = new Uint8Array(8);
    const sum = new Function("bytes", "let s = 0; for (const b of bytes) s += b; return s;");
    new Function("sum", "bytes", \`
      %PrepareFunctionForOptimization(sum);
      sum(bytes);
      sum(bytes);
      %OptimizeFunctionOnNextCall(sum);
      sum(bytes);
    \`)(sum, bytes);
    const status = new Function("sum", "return %GetOptimizationStatus(sum);");
    const isOptimized = () => (status(sum) & 16) !== 0;
    const at = [isOptimized()];
    const piece = new ArrayBuffer(8);
    structuredClone(piece, { transfer: [piece] });
    sum(bytes);
    at.push(isOptimized());
    require("node:worker_threads").parentPort.postMessage(at);
    `,
    { eval: true },
  );
  const [[compiled, stays]] = (await once(thread, "message")) as [[boolean, boolean]];
  expect(compiled).toBe(true);
  return stays;
}

test("what is compiled after it outlives pieces of bodies, what was before does not", async () => {
  expect(await staysCompiled("")).toBe(false);
  expect(await staysCompiled(`(${detachOnce.toString()})();`)).toBe(true);
});
