import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CanarySearch, keyedForms } from "./canary.js";
import { noise, plantedLeaks, plantedMissed } from "./canary-planted.js";
import { markedPerson, markedRequest } from "./canary-requests.js";

const person = markedPerson(7, Date.UTC(2026, 10, 22));
markedRequest(person, 0);
const of = (field: string): string => person.of(field);
const search = new CanarySearch(person.marks);
const hash = (name: string, text: string): string => createHash(name).update(text).digest("hex");

describe("the search for marks", () => {
  it("finds each of 20 planted leaks, in the field it came from", () => {
    expect(plantedLeaks(person)).toHaveLength(20);
    expect(plantedMissed(person, search)).toEqual([]);
    const blind = new CanarySearch(person.marks.filter(({ field }) => field !== "user.yob"));
    expect(plantedMissed(person, blind)).toEqual(["user.yob"]);
  });

  it("finds a keyed hash in both orders, in hex and in digits", () => {
    const keyed = new CanarySearch(person.marks.slice(0, 1), () =>
      keyedForms(0x12345678, 0x9abcdef1),
    );
    for (const { name, bytes } of keyedForms(0x12345678, 0x9abcdef1)) {
      expect(keyed.leaksIn({ name, bytes }), name).not.toEqual([]);
    }
    expect(
      keyed.leaksIn({ name: "other", bytes: keyedForms(1, 2)[0]?.bytes ?? new Uint8Array(8) }),
    ).toEqual([]);
  });

  it("finds an identifier that was packed into its 16 bytes", () => {
    const bytes = Buffer.from(of("device.ifa").replaceAll("-", ""), "hex");
    expect(search.leaksIn({ name: "bytes", bytes })).not.toEqual([]);
  });

  it("takes eight digits of a hash for chance, and twelve for a leak", () => {
    const hex = hash("sha256", of("device.ifa"));
    const leaksOf = (digits: number) =>
      search.leaksIn({ name: "digits", bytes: Buffer.from(`_${hex.slice(9, 9 + digits)}_`) });
    expect(leaksOf(8)).toEqual([]);
    expect(leaksOf(12)).toHaveLength(1);
  });

  it("finds nothing in a megabyte of noise", () => {
    const bytes = new TextEncoder().encode(noise(3, 1_000_000));
    expect(search.leaksIn({ name: "noise", bytes })).toEqual([]);
  });

  it("finds every field of a request in the request itself", () => {
    const bytes = markedRequest(person, 0);
    const fields = new Set(search.leaksIn({ name: "request", bytes }).map(({ field }) => field));
    const hashedThere = ["device.didsha1"];
    const other = markedPerson(7, Date.UTC(2026, 10, 22));
    markedRequest(other, 0);
    for (const { field } of other.marks) {
      if (field === "regs.gpp") continue;
      expect(fields.has(field) || hashedThere.includes(field), field).toBe(true);
    }
  });
});
