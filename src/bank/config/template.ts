import { suggestion } from "../../campaign/issue.js";
import { below, type Findings, type Place } from "./findings.js";
import type { RuleForm, SegmentForm } from "./schema-segments.js";

/** The words of one segment of a template, by key of `each`. */
export type Words = Readonly<Record<string, string>>;

const placeholder = /\{([^{}]*)\}/g;

/** Text with its `{key}`s filled in; unknown ones stay. */
export const filled = (text: string, words: Words): string =>
  text.includes("{")
    ? text.replace(placeholder, (whole, key: string) =>
        Object.hasOwn(words, key) ? words[key]! : whole,
      )
    : text;

/** As `filled`, as people read it: the hyphens of a word are spaces. */
export const filledLabel = (text: string, words: Words): string =>
  text.replace(placeholder, (whole, key: string) =>
    Object.hasOwn(words, key) ? words[key]!.replaceAll("-", " ") : whole,
  );

/** How many segments a template makes. */
export const segmentCountOf = ({ each = {} }: SegmentForm): number =>
  Object.values(each).reduce((product, words) => product * words.length, 1);

/** Every combination of the words, the last key changing first; one without `each`. */
export function* wordsOf({ each = {} }: SegmentForm): Generator<Words> {
  const keys = Object.keys(each);
  const lists = Object.values(each);
  const count = segmentCountOf({ each } as SegmentForm);
  for (let number = 0; number < count; number++) {
    const words: Record<string, string> = {};
    let rest = number;
    for (let k = keys.length - 1; k >= 0; k--) {
      const list = lists[k]!;
      words[keys[k]!] = list[rest % list.length]!;
      rest = Math.floor(rest / list.length);
    }
    yield words;
  }
}

/** False, with findings, where a template's `{key}`s and its `each` do not fit. */
export function checkTemplate(form: SegmentForm, place: Place, findings: Findings): boolean {
  const keys = Object.keys(form.each ?? {});
  let sound = true;
  const texts: [string, Place][] = [
    [form.name, below(place, "name")],
    [form.label, below(place, "label")],
    ...textsOf(form.rule, below(place, "rule")),
  ];
  for (const [text, at] of texts) {
    for (const [, key = ""] of text.matchAll(placeholder)) {
      if (keys.includes(key)) continue;
      sound = false;
      findings.error(at, key, () =>
        keys.length === 0
          ? `{${key}} is filled from \`each\`: write each: {${key}: [...]} too`
          : `{${key}} is no key of \`each\`: ${suggestion(key, keys)}`,
      );
    }
  }
  for (const key of keys) {
    if (form.name.includes(`{${key}}`)) continue;
    sound = false;
    findings.error(below(place, "each", key), "unused", () => {
      return `{${key}} does not stand in the name, so that all would have one name: put it there`;
    });
  }
  return sound;
}

/** Every text of a rule with its place. */
function* textsOf(value: unknown, place: Place): Generator<[string, Place]> {
  if (typeof value === "string") yield [value, place];
  else if (typeof value === "object" && value !== null) {
    const steps = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [step, inner] of steps) yield* textsOf(inner, below(place, step));
  }
}

/** Values in a rule: what one segment of it costs. */
export function weightOf(value: RuleForm): number {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    weight++;
    if (typeof next === "object" && next !== null) open.push(...(Object.values(next) as unknown[]));
  }
  return weight;
}
