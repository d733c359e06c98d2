import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OpaqueKind, opaqueIdOf } from "../wire/opaque-id.js";
import type { Plain } from "./oracle/plain.js";
import { isPlain, objectsAt, parsed, textAt } from "./oracle/plain.js";

/**
 * Pairs of a request and its expected answer: fixtures/exemplary and fixtures/hostile, one file
 * each, against the worlds of fixtures/worlds (config folders). See fixtures/README.md for their
 * form.
 */
export type Fixture = {
  readonly name: string;
  readonly description: string;
  readonly world: string;
  readonly exchange: string;
  readonly body: Uint8Array;
  /** What the clock shows. */
  readonly nowMs: number;
  readonly person: DeclaredPerson | undefined;
  readonly expect: Expected;
};

/** A person whom the world's index knows, by the identifier of an iOS device. */
export type DeclaredPerson = { readonly idfa: string; readonly segments: readonly string[] };

export type Expected = {
  readonly status: number;
  readonly cur?: string;
  readonly bids: readonly ExpectedBid[];
  /** An outcome's label, where a rule has one of its own. */
  readonly noBidReason?: string;
};

/**
 * `creative` and `campaign` are numbers of the world's files; a key that is not given is not
 * compared.
 */
export type ExpectedBid = {
  readonly impid: string;
  readonly creative: number;
  readonly campaign: number;
  /** Exact decimal text. */
  readonly price: string;
  readonly mtype: number;
  readonly adomain: readonly string[];
  readonly w?: number;
  readonly h?: number;
  readonly dur?: number;
  readonly dealid?: string;
  readonly seat?: string;
  readonly dsa?: boolean;
  readonly native?: { readonly wrapped: boolean; readonly assets: readonly number[] };
};

export const fixturesFolder = "fixtures";
export const worldFolder = (world: string): string => join(fixturesFolder, "worlds", world);

/** A Monday, noon in Shanghai. */
const defaultNow = "2026-11-23T04:00:00Z";

export function readFixtures(kind: "exemplary" | "hostile"): Fixture[] {
  const folder = join(fixturesFolder, kind);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => fixtureFrom(join(folder, file), `${kind}/${file.replace(/\.json$/, "")}`));
}

function fixtureFrom(path: string, name: string): Fixture {
  const value = parsed(readFileSync(path))?.value;
  if (!isPlain(value) || !isPlain(value["expect"]))
    throw new Error(`${path}: no request and answer`);
  return {
    name,
    description: textAt(value, "description") ?? "",
    world: textAt(value, "world") ?? "demo",
    exchange: textAt(value, "exchange") ?? "",
    body: bodyOf(value, path),
    nowMs: Date.parse(textAt(value, "now") ?? defaultNow),
    person: value["person"] as DeclaredPerson | undefined,
    expect: value["expect"] as Expected,
  };
}

/** The request as an object, as raw text, or as bytes in base64. */
function bodyOf(value: Plain, path: string): Uint8Array {
  const raw = textAt(value, "raw");
  if (raw !== undefined) return new TextEncoder().encode(raw);
  const base64 = textAt(value, "base64");
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  if (!isPlain(value["request"])) throw new Error(`${path}: write request, raw or base64`);
  return new TextEncoder().encode(JSON.stringify(value["request"]));
}

/** Every person of a world's fixtures, each once: what its index must know. */
export function peopleOf(fixtures: readonly Fixture[], world: string): DeclaredPerson[] {
  const byId = new Map<string, DeclaredPerson>();
  for (const { person, world: own } of fixtures) {
    if (person !== undefined && own === world) byId.set(person.idfa, person);
  }
  return [...byId.values()];
}

/**
 * An answer in the words of `Expected`: ids of our own turned back into numbers, tokens and bid ids
 * left out. A key that the expected bid does not have is left out too, but a deal is always named.
 */
export function seenIn(
  body: Uint8Array,
  expected: Expected,
  creatives: readonly number[],
): Plain[] {
  const seen: Plain[] = [];
  for (const seat of objectsAt(parsed(body)?.value, "seatbid")) {
    for (const bid of objectsAt(seat, "bid")) {
      const creative = creatives.find((id) => opaqueIdOf(OpaqueKind.CREATIVE, id) === bid["crid"]);
      const like = expected.bids.find(
        (one) => one.impid === bid["impid"] && one.creative === creative,
      );
      seen.push(seenBid(bid, textAt(seat, "seat"), creative, like));
    }
  }
  return seen.sort(byPlace);
}

function seenBid(
  bid: Plain,
  seat: string | undefined,
  creative: number | undefined,
  like: ExpectedBid | undefined,
): Plain {
  const campaigns = Array.from({ length: 100 }, (_, id) => id);
  const campaign = campaigns.find((id) => opaqueIdOf(OpaqueKind.CAMPAIGN, id) === bid["cid"]);
  const all: Record<string, unknown> = {
    ...{ impid: bid["impid"], creative, campaign, price: String(bid["price"]) },
    ...{ mtype: bid["mtype"], adomain: bid["adomain"], dealid: bid["dealid"] },
    ...{ w: bid["w"], h: bid["h"], dur: bid["dur"], seat },
    dsa: isPlain(bid["ext"]) && isPlain(bid["ext"]["dsa"]),
    native: nativeShape(textAt(bid, "adm") ?? ""),
  };
  const kept = Object.entries(all).filter(
    ([key, value]) =>
      value !== undefined && (key === "dealid" || like === undefined || Object.hasOwn(like, key)),
  );
  return Object.fromEntries(kept);
}

/** A native answer's form: wrapped or bare, and the ids of its assets. */
function nativeShape(adm: string): ExpectedBid["native"] | undefined {
  const value = parsed(adm)?.value;
  if (!isPlain(value)) return undefined;
  const wrapped = isPlain(value["native"]);
  const assets = objectsAt(wrapped ? value["native"] : value, "assets");
  return { wrapped, assets: assets.map(({ id }) => Number(id)) };
}

export const wantedOf = (expected: Expected): Plain[] =>
  expected.bids.map((bid): Plain => ({ ...bid })).sort(byPlace);

function byPlace(a: Plain, b: Plain): number {
  const place = (bid: Plain): string =>
    `${String(bid["impid"])} ${String(bid["creative"])} ${String(bid["dealid"])}`;
  return place(a) < place(b) ? -1 : 1;
}
