import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plain } from "./oracle/plain.js";
import { isPlain, objectAt, parsed } from "./oracle/plain.js";

/** Public test data, read where it lies beside the project and never copied into it. */
export const corporaFolder = resolve("../shared/corpora");
export const schemasFolder = resolve("../shared/schemas");

export const corporaPresent = (): boolean =>
  existsSync(join(corporaFolder, "misc-requests.ndjson")) && existsSync(schemasFolder);

export const corporaMissing = `no public corpora at ${corporaFolder}: the fixtures carry the suite`;

/** A title for a block of tests that says why it is skipped where it is. */
export const corporaTitle = (title: string): string =>
  corporaPresent() ? title : `${title} (skipped: ${corporaMissing})`;

/** One body to send. `group` names the row of the report. */
export type CorpusCase = {
  readonly group: string;
  readonly name: string;
  readonly body: Uint8Array;
};

const encoder = new TextEncoder();
const bytesOf = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** None where the corpora are missing: the block that asks is skipped, but runs. */
function lines(file: string): Plain[] {
  if (!corporaPresent()) return [];
  const text = readFileSync(join(corporaFolder, file), "utf8");
  return text
    .split("\n")
    .map((line) => (line === "" ? undefined : parsed(line)?.value))
    .filter(isPlain);
}

/**
 * Every request of the corpora: 2.x and 3.0 lines, samples of the specification, native, validator
 * fixtures.
 */
export function requestCases(): CorpusCase[] {
  const cases: CorpusCase[] = [];
  const add = (group: string, line: Plain, request: unknown): void => {
    const name = `${String(line["n"])} ${String(line["src"])}`;
    cases.push({ group, name, body: bytesOf(request) });
  };
  for (const line of lines("misc-requests.ndjson")) {
    add(line["kind"] === "2.x" ? "requests 2.x" : "requests 3.0", line, line["req"]);
  }
  for (const line of lines("iab-samples.ndjson")) {
    if (line["kind"] === "req") add("specification samples", line, line["req"]);
  }
  for (const line of lines("native.ndjson")) {
    if (line["kind"] === "request") add("native requests", line, nativeHost(line["native"]));
  }
  for (const line of lines("rtblint-fixtures.ndjson")) {
    if (line["side"] === "request") add("validator fixtures", line, line["body"]);
  }
  return cases;
}

/** Broken JSON that people published. */
export function malformedCases(): CorpusCase[] {
  return lines("misc-malformed.ndjson").map((line) => ({
    group: "malformed",
    name: `${String(line["n"])} ${String(line["src"])}`,
    body: encoder.encode(String(line["raw"])),
  }));
}

const nativeHost = (native: unknown): Plain => ({
  id: "native-host",
  imp: [{ id: "1", secure: 1, native: { ver: "1.2", request: JSON.stringify(native) } }],
  site: { id: "s", domain: "news.example" },
});

/** A request that any bidder of the demo must answer, as text around a hole for any JSON text. */
const carrier =
  '{"id":"carrier","imp":[{"id":"1","banner":{"w":300,"h":250},"bidfloor":0.1}],' +
  '"site":{"id":"s","domain":"news.example"},"unheard_of":';

const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts));

/** A JSON text put into a field that no specification knows. */
export const carried = (text: Uint8Array): Uint8Array =>
  joined(encoder.encode(carrier), text, encoder.encode("}"));

export type JsonTest = {
  readonly name: string;
  /** y must be accepted, n refused, i either. */
  readonly sort: "y" | "n" | "i";
  readonly text: Uint8Array;
};

/** The files of JSONTestSuite; those of test_transform are all `i`. */
export function jsonTests(): JsonTest[] {
  if (!corporaPresent()) return [];
  const suite = join(corporaFolder, "jsontestsuite");
  return ["test_parsing", "test_transform"].flatMap((folder) =>
    readdirSync(join(suite, folder))
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => ({
        name,
        sort: folder === "test_parsing" ? (name.charAt(0) as JsonTest["sort"]) : ("i" as const),
        text: readFileSync(join(suite, folder, name)),
      })),
  );
}

/**
 * The big list of naughty strings, each as the id, the imp's id and the site's name of a request.
 */
export function naughtyCases(): CorpusCase[] {
  const list = parsed(readFileSync(join(corporaFolder, "blns.json")))?.value;
  const texts = (Array.isArray(list) ? list : []).filter((text) => typeof text === "string");
  return texts.map((text: string, i) => ({
    group: "naughty strings",
    name: String(i),
    body: bytesOf({
      ...objectAt({ top: parsed(carried(encoder.encode("0")))?.value }, "top"),
      id: text,
      imp: [{ id: text, tagid: text, banner: { w: 300, h: 250 } }],
      site: { id: text, name: text, domain: "news.example", page: text },
    }),
  }));
}

/** The big list of naughty strings; a few of each sort where the corpora are not there. */
export function naughtyTexts(): readonly string[] {
  if (!corporaPresent()) return fewNaughtyTexts;
  const list = parsed(readFileSync(join(corporaFolder, "blns.json")))?.value;
  const texts = Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  return [...texts, ...fewNaughtyTexts];
}

const fewNaughtyTexts: readonly string[] = [
  ...["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\t=1", "＝1+1", "'=1", '"', ",", "\n"],
  ...["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)//"],
  ...[
    "</title><svg/onload=alert(1)>",
    ["$", "{constructor.constructor('x')()}"].join(""),
    "{{7*7}}{{secret}}",
  ],
  ...["' OR 1=1 -- x", "a'; DROP TABLE users; --", "../../../etc/passwd\u0000", "\u202Eevil"],
];
