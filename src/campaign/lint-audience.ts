import { armsOf } from "./arms.js";
import { normalise, segmentsOf } from "./audience.js";
import type { DocumentPath, PathStep } from "./document.js";
import { noHomeAreas } from "./home-areas.js";
import { suggestion } from "./issue.js";
import type { LintContext } from "./lint-context.js";
import type { AudienceExpression, LineItem } from "./model.js";

/**
 * Audiences that no person can be in, that are too wide to certify, or that name what the snapshot
 * lacks.
 */
export function lintAudience(context: LintContext, lineItem: LineItem): void {
  const { audience, price } = lineItem;
  let sound = true;
  if (audience !== null) sound = lintExpression(context, lineItem, audience, ["audience"]);
  const paths = modifierPaths(lineItem);
  price.personModifiers.forEach(({ when }, i) => {
    const path = paths[i] ?? ["price", "modifiers"];
    if (!lintExpression(context, lineItem, when, path)) sound = false;
    else if (sound) lintReached(context, lineItem, i, path);
  });
  const clause = (context.book.homeAreas ?? noHomeAreas).clauseOf(lineItem);
  if (!clause.ok) context.error("lineItem", lineItem.id, clause.path, clause.why);
  if (!sound) return;
  const arms = armsOf(lineItem, null);
  if (!arms.ok) context.error("lineItem", lineItem.id, ["price", "modifiers"], arms.why);
}

/**
 * The model keeps context and person modifiers apart; in the file they stand in one list. Without
 * the file's order the place is that of the list.
 */
const modifierPaths = (lineItem: LineItem): readonly DocumentPath[] =>
  lineItem.price.contextModifiers.length > 0
    ? []
    : lineItem.price.personModifiers.map((_, i) => ["price", "modifiers", i, "when", "segments"]);

/** False when the expression cannot be used at all. */
function lintExpression(
  context: LintContext,
  lineItem: LineItem,
  expression: AudienceExpression,
  path: DocumentPath,
): boolean {
  lintNames(context, lineItem, expression, path);
  const normal = normalise(expression);
  if (!normal.ok) {
    context.error("lineItem", lineItem.id, path, normal.why);
    return false;
  }
  if (normal.audience.terms.length > 0) return true;
  const message =
    "nobody can ever be in this audience: it asks for a segment and for its opposite: drop one";
  context.error("lineItem", lineItem.id, path, message);
  return false;
}

/** A modifier whose people an earlier one always takes, or whom the audience leaves out. */
function lintReached(
  context: LintContext,
  lineItem: LineItem,
  index: number,
  path: DocumentPath,
): void {
  const { audience, price } = lineItem;
  const before = price.personModifiers.slice(0, index).map(({ when }) => when);
  const own = price.personModifiers[index]!.when;
  const all = [
    own,
    ...(audience === null ? [] : [audience]),
    ...(before.length === 0 ? [] : [{ none: before }]),
  ];
  const normal = normalise({ all });
  if (!normal.ok || normal.audience.terms.length > 0) return;
  const message =
    "never applies: an earlier modifier takes all of these people, or the audience leaves them " +
    "out: move it up, or drop it";
  context.warn("lineItem", lineItem.id, path, message);
}

function lintNames(
  context: LintContext,
  lineItem: LineItem,
  expression: AudienceExpression,
  path: DocumentPath,
): void {
  const { unknownSegment = "error" } = context.options;
  const segments = context.segmentsFor(lineItem);
  if (segments === null) return;
  for (const name of segmentsOf(expression)) {
    if (segments.has(name)) continue;
    const at = pathOf(expression, name) ?? [];
    const message = `there is no segment "${name}": ${suggestion(name, segments)}`;
    context.report(unknownSegment, lineItem, [...path, ...at], message);
  }
}

/** Where a segment stands inside an expression. */
function pathOf(expression: AudienceExpression, name: string): PathStep[] | null {
  if (typeof expression === "string") return expression === name ? [] : null;
  for (const [key, parts] of Object.entries(expression) as [string, AudienceExpression[]][]) {
    for (const [i, part] of parts.entries()) {
      const below = pathOf(part, name);
      if (below !== null) return [key, i, ...below];
    }
  }
  return null;
}
