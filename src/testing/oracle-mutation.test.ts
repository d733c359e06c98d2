import { expect, it } from "vitest";
import { SeededRandom } from "../base/random.js";
import { readFixtures, worldFolder } from "./fixtures.js";
import { startInProcess } from "./in-process.js";
import { mutated } from "./mutations.js";
import { carriesBid } from "./oracle/answer-checks.js";
import { hasDuplicateKeys } from "./oracle/duplicate-keys.js";
import type { Verdict } from "./oracle/judge.js";
import { judge } from "./oracle/judge.js";
import { parsed } from "./oracle/plain.js";
import { readFacts } from "./oracle/read-facts.js";
import { runSize } from "./run-size.js";

/** Another seed: CROWDBID_SEED=7 npx vitest run oracle-mutation. */
const seed = Number(process.env["CROWDBID_SEED"] ?? 99);
const mutations = runSize(8000, 15_000);
const failuresMax = 20;
const nowMs = Date.UTC(2026, 10, 23, 4);
const world = worldFolder("rules");
const bodies = readFixtures("exemplary")
  .filter((fixture) => fixture.nowMs === nowMs)
  .map(({ body }) => body);
const values = bodies.map((body) => parsed(body)?.value);

/** Texts that two right readers may read differently are left to the other mutation test. */
function isPlainText(body: Uint8Array): boolean {
  const text = new TextDecoder().decode(body);
  const underflows = /e-\d{3}/i.test(text);
  if (text.includes("\ufffd") || underflows || body.length > 120_000) return false;
  return parsed(body) === undefined || !hasDuplicateKeys(text);
}

it("the bidder and the oracle agree on mutated requests, bid for bid", async () => {
  const facts = readFacts(world, nowMs);
  const bidder = await startInProcess({ configFolder: world, now: nowMs, seed: 1 });
  const random = new SeededRandom(seed);
  const verdicts: Record<Verdict, number> = { must: 0, "may-not": 0, may: 0 };
  const failures: string[] = [];
  for (let n = 0; n < mutations && failures.length < failuresMax; n++) {
    const body = mutated(bodies, values, random);
    if (!isPlainText(body)) continue;
    const exchange = facts.exchanges[n % 2];
    if (exchange === undefined) throw new Error("the world has no exchange");
    const { verdict, statuses, reasons } = judge(body, exchange, facts);
    verdicts[verdict]++;
    const answer = bidder.ask(exchange.name, body);
    const bid = answer.status === 200 && carriesBid(answer.body);
    const wrong = verdict === "must" ? !bid : verdict === "may-not" && bid;
    if (!wrong && statuses.includes(answer.status)) continue;
    const text = new TextDecoder().decode(body).slice(0, 2000);
    const seen = `status ${answer.status}, ${answer.outcome}`;
    failures.push(
      `seed ${seed}, mutation ${n}: ${verdict} (${reasons.join("; ")}), ${seen}\n${text}`,
    );
  }
  expect(failures).toEqual([]);
  expect(verdicts.must).toBeGreaterThan(200);
  expect(verdicts["may-not"]).toBeGreaterThan(1000);
  expect(verdicts.may).toBeLessThan(mutations / 5);
}, 60_000);
