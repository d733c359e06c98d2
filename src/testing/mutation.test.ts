import { describe, expect, it } from "vitest";
import { bodyBytesMax } from "../base/limits.js";
import { SeededRandom } from "../base/random.js";
import { readFixtures, worldFolder } from "./fixtures.js";
import { startInProcess } from "./in-process.js";
import { mutated } from "./mutations.js";
import { answerFaults, carriesBid } from "./oracle/answer-checks.js";
import { hasDuplicateKeys } from "./oracle/duplicate-keys.js";
import { depthOf } from "./oracle/judge.js";
import { isPlain, parsed } from "./oracle/plain.js";
import { readFacts } from "./oracle/read-facts.js";
import type { ExchangeFacts, WorldFacts } from "./oracle/world-facts.js";
import { runSize } from "./run-size.js";

/** Another seed: CROWDBID_SEED=7 npx vitest run mutation. */
const seed = Number(process.env["CROWDBID_SEED"] ?? 1);
const mutations = runSize(40_000, 100_000);
const controlEvery = 500;
const failuresMax = 20;

const nowMs = Date.UTC(2026, 10, 23, 4);
const world = worldFolder("rules");
const bodies = readFixtures("exemplary")
  .filter((fixture) => fixture.nowMs === nowMs && fixture.expect.bids.length > 0)
  .map(({ body }) => body);
const values = bodies.map((body) => parsed(body)?.value);

/** Why an answer is no right one to a mutated body; null = it is. */
function faultOf(
  body: Uint8Array,
  answer: { readonly status: number; readonly body: Uint8Array },
  exchange: ExchangeFacts,
  facts: WorldFacts,
): string | null {
  const { status } = answer;
  if (status === 413 && body.length > bodyBytesMax) return null;
  if (status !== 200 && status !== 204 && status !== 400) return `status ${status}`;
  if (status !== 200 && answer.body.length > 0) return `a body with status ${status}`;
  const request = parsed(body)?.value;
  if (!isPlain(request))
    return status === 400 ? null : `status ${status} for what is no JSON object`;
  if (status !== 200) return null;
  if (!carriesBid(answer.body)) return "a 200 without a bid";
  if (depthOf(request) > 32) return "a bid on what is too deep";
  const faults = answerFaults(request, answer.body, exchange, facts);
  if (faults.length === 0) return null;
  const text = new TextDecoder().decode(body);
  return text.includes("\ufffd") || hasDuplicateKeys(text) ? null : faults.join("; ");
}

describe("seeded mutations of valid requests", () => {
  it(`survives ${mutations} of them and answers each rightly`, { timeout: 120_000 }, async () => {
    expect(bodies.length).toBeGreaterThan(50);
    const facts = readFacts(world, nowMs);
    const bidder = await startInProcess({ configFolder: world, now: nowMs, seed: 1 });
    const random = new SeededRandom(seed);
    const statuses = new Map<number, number>();
    const failures: string[] = [];
    const control = bodies[0] ?? new Uint8Array();
    for (let n = 0; n < mutations; n++) {
      const body = mutated(bodies, values, random);
      const exchange = facts.exchanges[n % 2] ?? facts.exchanges[0];
      if (exchange === undefined) throw new Error("the world has no exchange");
      const answer = bidder.ask(exchange.name, body);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault = faultOf(body, answer, exchange, facts);
      if (fault !== null) {
        const base64 = Buffer.from(body).toString("base64");
        failures.push(`seed ${seed}, mutation ${n}, ${exchange.name}: ${fault}\nbody ${base64}`);
        if (failures.length === failuresMax) break;
      }
      if (n % controlEvery === 0) {
        const still = bidder.ask("openrtb26", control);
        expect(still.status, `seed ${seed}, after mutation ${n}`).toBe(200);
      }
    }
    expect(failures).toEqual([]);
    for (const status of [200, 204, 400]) expect(statuses.get(status) ?? 0).toBeGreaterThan(1000);
  });
});
