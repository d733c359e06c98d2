import { expect, it } from "vitest";
import { CanarySearch } from "../testing/canary.js";
import { echoed, markedPerson, markedRequest } from "../testing/canary-requests.js";
import { explainNow, explainWorld } from "../testing/explain-world.js";
import { explain } from "./explain.js";
import { explainText } from "./explain-text.js";

it.each(["config/demo", "fixtures/worlds/rules"])(
  "no mark planted in any field of a request is in what explain tells (%s)",
  async (folder) => {
    const world = await explainWorld(folder);
    let told = 0;
    for (let kind = 0; kind < 20; kind++) {
      const person = markedPerson(kind, explainNow);
      const body = markedRequest(person, kind);
      const result = explain({ ...world.input("openrtb26", body, []), now: explainNow });
      const search = new CanarySearch(person.marks);
      const bytes = Buffer.from(JSON.stringify(result) + explainText(result));
      expect(search.leaksIn({ name: `kind ${kind}`, bytes }), `kind ${kind}`).toEqual([]);
      told += result.status === 200 && result.imps.length > 0 ? 1 : 0;
      expect(person.marks.some(({ field }) => echoed(field))).toBe(true);
    }
    expect(told).toBeGreaterThan(8);
  },
);
