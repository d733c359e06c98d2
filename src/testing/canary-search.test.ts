import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../base/random.js";
import { CanarySearch } from "./canary.js";
import { markedPerson, markedRequest } from "./canary-requests.js";

const person = markedPerson(7, Date.UTC(2026, 10, 22));
markedRequest(person, 0);
const of = (field: string): string => person.of(field);
const search = new CanarySearch(person.marks);

const noise = (seed: number, length: number): string => {
  const random = new SeededRandom(seed);
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_%. \n{}:,";
  return Array.from({ length }, () => letters.charAt(random.below(letters.length))).join("");
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hash = (name: string, text: string): string => createHash(name).update(text).digest("hex");
const percent = (text: string): string =>
  [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");

/** Twenty ways in which something could leave, each with another field. */
const planted: readonly (readonly [field: string, leak: string])[] = [
  ["device.ifa", of("device.ifa")],
  ["device.ip", of("device.ip")],
  ["device.ipv6", of("device.ipv6").toUpperCase()],
  ["device.ua", of("device.ua").toLowerCase()],
  ["user.id", hash("md5", of("user.id"))],
  ["user.buyeruid", hash("sha1", of("user.buyeruid"))],
  ["user.eids.uid", hash("sha256", of("user.eids.uid").toLowerCase())],
  ["user.consent", of("user.consent")],
  ["device.geo.lat", of("device.geo.lat")],
  ["device.geo.lon", of("device.geo.lon").slice(3, 12)],
  ["device.geo.zip", percent(of("device.geo.zip"))],
  ["user.keywords", base64(of("user.keywords"))],
  ["user.customdata", base64(`x${of("user.customdata")}`)],
  ["user.data.segment", base64(`xy${of("user.data.segment")}`)],
  ["device.model", Buffer.from(of("device.model")).toString("hex")],
  ["device.dpidmd5", [...of("device.dpidmd5")].reverse().join("")],
  ["user.yob", of("user.yob")],
  ["user.ext.any", of("user.ext.any").slice(5, 13)],
  ["site.page.query", Buffer.from(of("site.page.query")).toString("base64url")],
  ["request.ext.key", hash("md5", of("request.ext.key")).toUpperCase()],
];

describe("the search for marks", () => {
  it("finds each of 20 planted leaks, in the field it came from", () => {
    expect(planted).toHaveLength(20);
    for (const [field, leak] of planted) {
      const text = noise(1, 5000) + leak + noise(2, 5000);
      const leaks = search.leaksIn({ name: "planted", bytes: new TextEncoder().encode(text) });
      expect(
        leaks.map((found) => found.field),
        field,
      ).toContain(field);
      expect(leaks[0]?.at).toBeGreaterThan(4990);
    }
  });

  it("finds an identifier that was packed into its 16 bytes", () => {
    const bytes = Buffer.from(of("device.ifa").replaceAll("-", ""), "hex");
    expect(search.leaksIn({ name: "bytes", bytes })).not.toEqual([]);
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
