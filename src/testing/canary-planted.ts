import { createHash } from "node:crypto";
import { SeededRandom } from "../base/random.js";
import type { CanarySearch } from "./canary.js";
import type { MarkedPerson } from "./canary-requests.js";

/** Innocent text without any mark. */
export const noise = (seed: number, length: number): string => {
  const random = new SeededRandom(seed);
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_%. \n{}:,";
  return Array.from({ length }, () => letters.charAt(random.below(letters.length))).join("");
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hash = (name: string, text: string): string => createHash(name).update(text).digest("hex");
const percent = (text: string): string =>
  [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");

/** Twenty ways in which something could leave, each with another field. */
export const plantedLeaks = ({ of }: MarkedPerson): (readonly [field: string, leak: string])[] => [
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

/** Fields of the planted leaks that the search did not find, or not where they are. */
export function plantedMissed(person: MarkedPerson, search: CanarySearch): string[] {
  return plantedLeaks(person).flatMap(([field, leak]) => {
    const text = noise(1, 5000) + leak + noise(2, 5000);
    const leaks = search.leaksIn({ name: "planted", bytes: new TextEncoder().encode(text) });
    const found = leaks.some((one) => one.field === field) && (leaks[0]?.at ?? 0) > 4990;
    return found ? [] : [field];
  });
}
