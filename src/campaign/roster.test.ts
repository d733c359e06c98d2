import { describe, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import type { AgencyId } from "../base/ids.js";
import { placesFor, type RosterBook, rosterOf, withCertified } from "./roster.js";

const key = sipKeyFrom(new Uint8Array(16).fill(3));
const agency = 7 as AgencyId;
const certified = (...digests: string[]) => digests.map((digest) => ({ agency, digest }));
const six = certified("a", "b", "c", "d", "e", "f");
const digestsOf = (book: RosterBook) => book.agencies.get(agency)?.digests;

describe("a roster of the day", () => {
  test("has room for a quarter more, two at least, and never fewer than five places", () => {
    expect([1, 3, 4, 6, 8, 20, 50].map(placesFor)).toEqual([5, 5, 6, 8, 10, 25, 63]);
  });

  test("takes audiences as long as there are places, and the others the next day", () => {
    const morning = withCertified(null, six, 100);
    const noon = withCertified(morning, [...six, ...certified("z", "y", "x")], 100);
    expect(digestsOf(noon)).toEqual(["a", "b", "c", "d", "e", "f", "x", "y"]);
    expect(noon.agencies.get(agency)?.places).toBe(8);
    const tomorrow = withCertified(noon, [...six, ...certified("z")], 101);
    expect(digestsOf(tomorrow)).toEqual(["a", "b", "c", "d", "e", "f", "z"]);
  });

  test("keeps the place of one that goes, so that none can be tried in its place", () => {
    const morning = withCertified(null, six, 100);
    const gone = withCertified(morning, certified("a"), 100);
    expect(digestsOf(gone)).toEqual(["a", "b", "c", "d", "e", "f"]);
    const more = withCertified(gone, certified("a", "g", "h", "i"), 100);
    expect(digestsOf(more)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
  });

  test("begins with an agency's first audience, not before", () => {
    const empty = withCertified(null, [], 100);
    expect(withCertified(empty, six, 100).agencies.get(agency)?.places).toBe(8);
  });

  test("stays the newer one when the clock goes back", () => {
    const morning = withCertified(null, six, 100);
    expect(withCertified(morning, certified("a"), 99)).toEqual(morning);
  });
});

describe("a circle", () => {
  test("gives each audience a place of its own, and others on other days", () => {
    const book = withCertified(null, six, 100);
    const today = rosterOf(book, key);
    const places = [...today.placeOf.values()];
    expect(new Set(places).size).toBe(6);
    expect(places.every((place) => place >= 0 && place < 8)).toBe(true);
    const tomorrow = rosterOf(withCertified(book, six, 101), key);
    expect([...tomorrow.placeOf.values()]).not.toEqual(places);
    expect(rosterOf(book, key)).toEqual(today);
  });

  test("does not move those that are there when others come", () => {
    const before = rosterOf(withCertified(null, six, 100), key);
    const after = rosterOf(withCertified(withCertified(null, six, 100), certified("0"), 100), key);
    expect([...after.placeOf].slice(0, 6)).toEqual([...before.placeOf]);
  });
});
