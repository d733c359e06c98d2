import { expect, test } from "vitest";
import { SipKey } from "../base/hash.js";
import { identifierHashOf } from "../base/identifier.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { partsOfImage } from "../index/index-parts.js";
import { placesIn } from "../index/projection.js";
import { SegmentIndex } from "../index/segment-index.js";
import { everybodys, testShifts } from "./small-snapshot.js";
import { buildSyntheticIndex, syntheticPerson, syntheticSeed } from "./synthetic-index.js";

const identifierKey = new SipKey(1, 2, 3, 4);
const people = 20_000;
// 1 in 20, as 100,000 are of the demo's 2 million.
const options = {
  ...{ seed: syntheticSeed, people, epoch: 1 as Epoch, identifierKey, crowdMinimum: people / 20 },
  shifts: { lines: 8, people: testShifts.people + 6 },
};
const built = buildSyntheticIndex(options);
const names = built.segments.map(({ name }) => name);

test("the index knows of every person what syntheticPerson says", () => {
  const planes = built.image.planes.map((_, p) => p);
  const facts = { createdMs: 0 as UnixMs, notAfterMs: 1 as UnixMs, dictionaryKey: 0 };
  const index = SegmentIndex.from(partsOfImage(built.image, planes, facts));
  const { places } = placesIn(everybodys(names), planes);
  const row = new Uint32Array(planes.length);
  for (let n = 1; n <= people; n += 13) {
    const person = syntheticPerson(n);
    for (const { namespace, value } of person.identifiers) {
      const hash = identifierHashOf(namespace, value, 0, identifierKey);
      expect(index.ordinalOf(hash?.lo ?? 0, hash?.hi ?? 0)).toBe(n);
    }
    index.rowInto(n as Ordinal, row);
    const found = names.filter((name) => {
      const { word, bit } = places.get(name)!;
      return ((row[word]! >>> bit) & 1) === 1;
    });
    expect(found).toEqual(person.segments.filter((name) => names.includes(name)));
    expect(built.areas[index.homeAreaOf(n as Ordinal) - 1]).toBe(person.homeArea);
  }
});

test("at least 40 segments are live; those below the crowd minimum are left out and named", () => {
  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(names).toContain("premium.luxury-pavilion");
  for (const brand of ["northwind", "halden", "mirado"]) {
    expect(names.filter((name) => name.startsWith(`aipl.${brand}.`)).length).toBe(4);
  }
  expect(built.dropped).toEqual([
    ...["interest.falconry", "interest.bell-ringing", "life.lighthouse-dwellers"],
  ]);
});

test("nobody is in two stages of one brand, and everyone has one to three identifiers", () => {
  const counts = [0, 0, 0, 0];
  for (let n = 1; n <= 2000; n++) {
    const person = syntheticPerson(n);
    const stages = person.segments.filter((name) => name.startsWith("aipl.halden."));
    expect(stages.length).toBeLessThanOrEqual(1);
    counts[person.identifiers.length]!++;
  }
  expect(counts[0]).toBe(0);
  for (const count of counts.slice(1)) expect(count).toBeGreaterThan(300);
});

test("the wished audiences are crowds or not, scaled to the demo's 2 million", () => {
  const persons = Array.from(
    { length: people },
    (_, i) => new Set(syntheticPerson(i + 1).segments),
  );
  const shareOf = (...wanted: string[]): number =>
    persons.filter((segments) => wanted.every((name) => segments.has(name))).length / people;
  // A sixth above the twentieth: no luck of the draw decides at 2 million.
  const crowd = (1 / 20) * (7 / 6);
  expect(shareOf("aipl.northwind.interest", "interest.sports")).toBeGreaterThan(crowd);
  expect(shareOf("aipl.halden.awareness", "interest.home")).toBeGreaterThan(crowd);
  expect(shareOf("aipl.mirado.purchase")).toBeGreaterThan(crowd);
  expect(shareOf("aipl.mirado.loyalty")).toBeGreaterThan(crowd);
  const luxury = ["premium.luxury-pavilion", "aipl.northwind.loyalty", "interest.pets"];
  expect(shareOf(...luxury)).toBeLessThan(0.01);
  expect(shareOf("aipl.halden.loyalty", "life.newlyweds", "shop.gift-buyers")).toBeLessThan(0.01);
  expect(shareOf("aipl.mirado.loyalty", "interest.gardening", "life.students")).toBeLessThan(0.01);
});

test("a known person stays the same from version to version", () => {
  expect(syntheticPerson(4).identifiers[0]?.value).toBe("ADA015FC-B7FF-4608-97B7-5B790CCEAB39");
  expect(syntheticPerson(4).homeArea).toBe("DE-BY");
  expect(syntheticPerson(4, 8).identifiers[0]?.value).not.toBe(
    syntheticPerson(4).identifiers[0]?.value,
  );
});
