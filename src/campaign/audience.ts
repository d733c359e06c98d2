import { createHash } from "node:crypto";
import type { AgencyId } from "../base/ids.js";
import { audienceTermsMax } from "../base/limits.js";
import type { AudienceExpression, AudienceForm } from "./model.js";

/**
 * One "and" of the normal form: people in every segment of `all` and in none of `none`, at home in
 * one of `areas` (absent = anywhere). All sorted.
 */
export type AudienceTerm = {
  readonly all: readonly string[];
  readonly none: readonly string[];
  readonly areas?: readonly string[];
};

/**
 * A disjunctive normal form: people of any term. Canonical for certificates: terms without
 * contradictions, none implied by another (absorption), names and terms sorted. No term at all:
 * nobody.
 */
export type CanonicalAudience = { readonly terms: readonly AudienceTerm[] };

export type Normalised =
  | { readonly ok: true; readonly audience: CanonicalAudience }
  | { readonly ok: false; readonly why: string };

/**
 * A literal is a segment's place in `names` times two, plus one when negated. A term is sorted
 * literals.
 */
type Term = readonly number[];
/** Terms while multiplying out, before absorption has the last word. */
const workingTermsMax = 4096;
const depthMax = 32;

class TooMany extends Error {}

/**
 * Multiplies an expression out. Fails with a sentence when it has more than 64 terms or is too
 * deep.
 */
export function normalise(expression: AudienceExpression): Normalised {
  const names = [...segmentsOf(expression)].sort();
  const placeOf = new Map(names.map((name, i) => [name, i]));
  try {
    const terms = expand(expression, false, placeOf, 0);
    if (terms.length > audienceTermsMax) return tooMany(terms.length);
    return { ok: true, audience: { terms: terms.map((term) => namedTerm(term, names)) } };
  } catch (error) {
    if (error instanceof TooMany) return tooMany(workingTermsMax);
    throw error;
  }
}

const tooMany = (count: number): Normalised => ({
  ok: false,
  why:
    `the audience multiplies out to ${count >= workingTermsMax ? "thousands of" : count} ` +
    `combinations of segments, at most ${audienceTermsMax} are allowed: ` +
    "put fewer `any` groups beside each other in one `all`, or split the line item",
});

/** Every segment name in an expression, negated ones too. */
export function segmentsOf(
  expression: AudienceExpression,
  into: Set<string> = new Set(),
): Set<string> {
  if (typeof expression === "string") return into.add(expression);
  for (const part of partsOf(expression)) segmentsOf(part, into);
  return into;
}

/** How deep an expression nests; normal forms of deeper ones are refused by the schema. */
export function depthOf(expression: AudienceForm): number {
  if (typeof expression === "string" || "saved" in expression) return 0;
  return 1 + Math.max(0, ...formParts(expression).map(depthOf));
}
export const audienceDepthMax = depthMax;

const formParts = (
  expression: Exclude<AudienceForm, string | { saved: number }>,
): readonly AudienceForm[] => {
  if ("all" in expression) return expression.all;
  return "any" in expression ? expression.any : expression.none;
};

function partsOf(expression: Exclude<AudienceExpression, string>): readonly AudienceExpression[] {
  if ("all" in expression) return expression.all;
  return "any" in expression ? expression.any : expression.none;
}

/** Ids of the saved audiences that a form names, each with the way to it. */
export function savedIn(
  form: AudienceForm,
  path: readonly (string | number)[] = [],
): readonly { readonly id: number; readonly path: readonly (string | number)[] }[] {
  if (typeof form === "string") return [];
  if ("saved" in form) return [{ id: form.saved, path: [...path, "saved"] }];
  const [word = ""] = Object.keys(form);
  return formParts(form).flatMap((part, i) => savedIn(part, [...path, word, i]));
}

/**
 * The form with each saved audience's own expression in its place: the same object where it names
 * none. An id that `savedOf` does not know (null) makes the whole null.
 */
export function withSaved(
  form: AudienceForm,
  savedOf: (id: number) => AudienceExpression | null,
): AudienceExpression | null {
  if (savedIn(form).length === 0) return form as AudienceExpression;
  if (typeof form === "string") return form;
  if ("saved" in form) return savedOf(form.saved);
  const parts = formParts(form).map((part) => withSaved(part, savedOf));
  if (parts.some((part) => part === null)) return null;
  const [word = ""] = Object.keys(form);
  return { [word]: parts } as unknown as AudienceExpression;
}

/**
 * The terms of the expression, or of its negation: `none` and De Morgan push negation to the
 * leaves.
 */
function expand(
  expression: AudienceExpression,
  negated: boolean,
  placeOf: ReadonlyMap<string, number>,
  depth: number,
): Term[] {
  if (depth > depthMax) throw new TooMany();
  if (typeof expression === "string") {
    return [[(placeOf.get(expression) ?? 0) * 2 + (negated ? 1 : 0)]];
  }
  const isNone = "none" in expression;
  const isConjunction = ("all" in expression && !negated) || ("any" in expression && negated);
  const conjunction = isConjunction || (isNone && !negated);
  const partNegated = isNone ? !negated : negated;
  let terms: Term[] = conjunction ? [[]] : [];
  for (const part of partsOf(expression)) {
    const more = expand(part, partNegated, placeOf, depth + 1);
    terms = absorb(conjunction ? product(terms, more) : [...terms, ...more]);
  }
  return terms;
}

function product(left: readonly Term[], right: readonly Term[]): Term[] {
  if (left.length * right.length > workingTermsMax) throw new TooMany();
  const out: Term[] = [];
  for (const a of left) {
    for (const b of right) {
      const term = merge(a, b);
      if (term !== null) out.push(term);
    }
  }
  return out;
}

/** The union of two sorted terms; null when it holds a segment and its negation. */
function merge(a: Term, b: Term): Term | null {
  const out = [...new Set([...a, ...b])].sort((x, y) => x - y);
  for (let i = 1; i < out.length; i++) if (out[i]! >> 1 === out[i - 1]! >> 1) return null;
  return out;
}

/** Drops every term that another one implies, and sorts: shorter first, then by literal. */
function absorb(terms: Term[]): Term[] {
  if (terms.length > workingTermsMax) throw new TooMany();
  const sorted = terms.sort(compareTerms);
  const kept: Term[] = [];
  for (const term of sorted) {
    if (!kept.some((smaller) => includesAll(term, smaller))) kept.push(term);
  }
  return kept;
}

function includesAll(term: Term, smaller: Term): boolean {
  let at = 0;
  for (const literal of smaller) {
    while (at < term.length && term[at]! < literal) at++;
    if (term[at] !== literal) return false;
  }
  return true;
}

function compareTerms(a: Term, b: Term): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

function namedTerm(term: Term, names: readonly string[]): AudienceTerm {
  const pick = (sign: number) =>
    term.filter((literal) => (literal & 1) === sign).map((literal) => names[literal >> 1] ?? "");
  return { all: pick(0), none: pick(1) };
}

/** A term as one line: what tells a set of people from every other one. */
export const termText = ({ all, none, areas }: AudienceTerm): string => {
  const segments = [...all, ...none.map((name) => `!${name}`)].join(" & ") || "anyone";
  return areas === undefined ? segments : `${segments} @ ${areas.join()}`;
};

/** The same people, but those at home in these areas alone; null = all of them. */
export const atHomeIn = (
  audience: CanonicalAudience,
  areas: readonly string[] | null,
): CanonicalAudience =>
  areas === null ? audience : { terms: audience.terms.map((term) => ({ ...term, areas })) };

/** The canonical form as one line; segment names hold no spaces, so it has one reading. */
export const canonicalText = (audience: CanonicalAudience): string =>
  audience.terms.map(termText).join(" | ");

/** What a certificate speaks of: sha-256 (hex) of the agency and the canonical form. */
export const audienceDigest = (agency: AgencyId, audience: CanonicalAudience): string =>
  createHash("sha256")
    .update(`${agency}\n${canonicalText(audience)}`)
    .digest("hex");
