import { Program, testSecret } from "../src/testing/program.js";
import { post } from "../src/testing/raw-http.js";
import { steadyLoad } from "../src/testing/steady-load.js";

const connections = 32;
const body = JSON.stringify({
  id: "change",
  imp: [{ id: "1", banner: { w: 300, h: 250 } }],
  site: { domain: "news.example" },
  device: { geo: { country: "USA" } },
});

/**
 * The real program under load while `swaps` Worlds are published by price edits of its config
 * folder, then ended by SIGTERM with the load still on. Prints what was lost: nothing may be. True
 * = nothing was.
 */
export async function printChanges(swaps: number, write: (line: string) => void): Promise<boolean> {
  const program = new Program();
  try {
    await program.start();
    const request = post("/bid/openrtb26", body, `x-crowdbid-secret: ${testSecret}`);
    const load = steadyLoad(program.bidPort, connections, request);
    let slowestMs = 0;
    for (let swap = 1; swap <= swaps; swap++) {
      slowestMs = Math.max(slowestMs, await swapOnce(program, swap));
    }
    const { answered, lost } = load.record;
    write(`${swaps} World swaps under load: ${answered} answered, ${lost} lost`);
    write(`price edit to live: slowest ${slowestMs.toFixed(0)} ms`);
    const [code] = await Promise.all([program.stop(), load.over]);
    write(`SIGTERM under load: exit code ${code}, ${load.record.lost} lost`);
    return code === 0 && load.record.lost === 0;
  } finally {
    await program.remove();
  }
}

/** Milliseconds from the edit to the World in which every worker has it. */
async function swapOnce(program: Program, swap: number): Promise<number> {
  const before = await generationOf(program);
  const price = (2 + (swap % 90) / 100).toFixed(2);
  const startedMs = performance.now();
  program.edit("campaigns/contextual.yaml", (text) =>
    text.replace(/cpm: [\d.]+/g, `cpm: ${price}`),
  );
  await program.until("swapped", async () => (await generationOf(program)) > before);
  return performance.now() - startedMs;
}

async function generationOf(program: Program): Promise<number> {
  const ready = (await (await program.admin("/readyz")).json()) as { generation: number };
  return ready.generation;
}
