import { readConfig } from "../src/runtime/read-config.js";
import { startInProcess } from "../src/testing/in-process.js";
import { workload } from "./workload.js";
import { syntheticModel } from "../src/testing/campaigns.js";
import { demoSegments } from "../src/runtime/demo-segments.js";

const segments = demoSegments.map(({ name }) => name);
const book = syntheticModel(1, 1000, { segments, audienceShare: 0.3 });
const one = await startInProcess({
  configFolder: "config/demo",
  now: Date.now(),
  seed: 1,
  snapshot: { people: [] },
  reading: (reading) => reading.config === null ? reading : ({ ...reading, config: { ...reading.config, book, exchanges: reading.config.exchanges.map((e) => ({ ...e, maxBidsPerImp: 1 })) } }),
});
void readConfig;
const bodies = workload("bid", 4000, 1_000_000);
const exchange = one.bidder.world.world.exchanges[0]!;
const { bidder } = one;
const counts: Record<number, number> = {};
for (let round = 0; round < 6; round++) {
  const t = process.hrtime.bigint();
  for (const body of bodies) {
    bidder.bodyBuffer.set(body);
    const { status } = bidder.bid(exchange, body.length, one.clock.monotonicNs());
    counts[status] = (counts[status] ?? 0) + 1;
  }
  const us = Number(process.hrtime.bigint() - t) / 1000 / bodies.length;
  console.log(us.toFixed(2), "us/bid", JSON.stringify(counts), "candidates", bidder.decision.scratch.candidateCount, "entries", bidder.decision.scratch.entryCount);
}
