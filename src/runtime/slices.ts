import type { Steps } from "../base/steps.js";

/** A World of 10,000 line items takes 140 ms to build: main answers others in between. */
const sliceMs = 10;

export const giveWay = (): Promise<void> => new Promise((done) => setImmediate(done));

/**
 * Runs steps to their end, giving the thread back whenever a slice of time is over, and before the
 * first: who calls has had the thread for a while, and several runs in a row are one turn else.
 */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  await giveWay();
  let begunMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - begunMs < sliceMs) continue;
    await giveWay();
    begunMs = performance.now();
  }
}
