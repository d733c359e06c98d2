import { expect, test } from "vitest";
import type { AgencyId, LineItemId } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { AudienceTerm } from "../campaign/audience.js";
import { Audiences } from "../campaign/compile-audiences.js";
import type { CampaignBook } from "../campaign/model.js";
import { packTable, tableFrom } from "../campaign/table.js";
import { emptyColumns } from "../campaign/table-columns.js";
import { placesIn } from "../index/projection.js";
import { everybodys } from "../testing/small-snapshot.js";
import { meetsAudience } from "./audience.js";

const noBook: CampaignBook = {
  ...{ agencies: [], advertisers: [], campaigns: [] },
  ...{ lineItems: [], creatives: [], deals: [] },
};

const names = Array.from({ length: 70 }, (_, i) => `group.s${i}`);

test("an audience is met by whom any of its terms describes, over one word and over several", () => {
  const random = new SeededRandom(4);
  const some = (max: number): string[] =>
    Array.from({ length: random.below(max + 1) }, () => names[random.below(names.length)]!);
  const termLists: AudienceTerm[][] = [[{ all: [], none: [] }]];
  for (let i = 0; i < 60; i++) {
    const terms = Array.from({ length: 1 + random.below(4) }, () => ({
      all: some(3),
      none: some(2),
    }));
    termLists.push(terms);
  }
  // Wanted and unwanted at once, in one word: never.
  termLists.push([{ all: ["group.s3", "group.s5"], none: ["group.s5"] }]);
  const audiences = new Audiences();
  const added = termLists.map((terms) => audiences.add(1 as AgencyId, { terms }, 1 as LineItemId));
  const columns = emptyColumns();
  const { places } = placesIn(everybodys(names), [0, 1, 2]);
  const certificates = new Set(added.map(({ digest }) => digest));
  audiences.writeTo(columns, { book: noBook, projection: places, certificates });
  const table = tableFrom(packTable(columns));
  let met = 0;
  for (let person = 0; person < 200; person++) {
    // Few bits missing or few bits set, so that terms hold and fail alike.
    const dense = person % 2 === 0;
    const row = Uint32Array.from([0, 0, 0], () => {
      const [a, b] = [random.nextU32(), random.nextU32()];
      return dense ? a | b : a & b;
    });
    const has = (name: string): boolean => {
      const s = names.indexOf(name);
      return ((row[s >>> 5]! >>> (s & 31)) & 1) === 1;
    };
    for (const [a, terms] of termLists.entries()) {
      const truth = terms.some(({ all, none }) => all.every(has) && !none.some(has));
      expect(meetsAudience(table, row, added[a]!.index), JSON.stringify(terms)).toBe(truth ? 1 : 0);
      met += truth ? 1 : 0;
    }
  }
  expect(met).toBeGreaterThan(1000);
});
