import { suggestion } from "../../campaign/issue.js";
import { below, type Findings, type Place } from "./findings.js";
import { type Checked, Once } from "./markets.js";
import type { IdentifierColumn, Link, Market, SourceColumns, Touchpoint } from "./model.js";
import type { TouchpointForm } from "./schema-touchpoint.js";

/** The touch-point whose rows say what a person agreed to. */
export const consentName = "consent";
const consentBehaviours = ["granted", "withdrawn"];
/** Rows about people, not by them: our own ads, and what somebody says was agreed to. */
const noEvidence = ["ad", consentName];

/** The touch-points by name, in file order, each with its defaults. */
export function resolveTouchpoints(
  files: readonly Checked<TouchpointForm>[],
  markets: ReadonlyMap<string, Market>,
  findings: Findings,
): ReadonlyMap<string, Touchpoint> {
  const touchpoints = new Map<string, Touchpoint>();
  const names = new Once("touch-point", findings);
  for (const { document, form } of files) {
    const place: Place = { document, path: [] };
    checkMarkets(form, markets, place, findings);
    const columns = columnsOf(form);
    checkColumns(form, columns, place, findings);
    const identifiers = identifiersOf(form, place, findings);
    const links = linksOf(form, place, findings);
    if (!names.take(form.touchpoint, below(place, "touchpoint"))) continue;
    touchpoints.set(form.touchpoint, {
      ...{ name: form.touchpoint, label: form.label, purpose: form.purpose },
      ...{ retentionDays: form.retentionDays, markets: form.markets, columns },
      ...{ behaviours: form.behaviours, identifiers, links },
      homeArea: form.homeArea ?? false,
      evidence: form.evidence ?? !noEvidence.includes(form.touchpoint),
    });
  }
  return touchpoints;
}

function checkMarkets(
  form: TouchpointForm,
  markets: ReadonlyMap<string, Market>,
  place: Place,
  findings: Findings,
): void {
  const once = new Once("market", findings);
  form.markets.forEach((name, i) => {
    const at = below(place, "markets", i);
    if (!once.take(name, at) || markets.has(name)) return;
    findings.error(at, name, () => {
      return `no file in markets/ is of the market "${name}": ${suggestion(name, markets.keys())}`;
    });
  });
}

function columnsOf({ columns = {} }: TouchpointForm): SourceColumns {
  const { market = "market", behaviour = "behaviour" } = columns;
  return {
    eventId: columns.eventId ?? "event_id",
    time: { column: columns.time?.column ?? "time", as: columns.time?.as ?? "timestamp" },
    market: typeof market === "string" ? { column: market } : market,
    behaviour: typeof behaviour === "string" ? { column: behaviour } : behaviour,
    category: columns.category ?? "category",
    brand: columns.brand ?? "brand",
    source: columns.source ?? "source",
    amount: columns.amount ?? "amount",
    area: columns.area ?? "area",
  };
}

function checkColumns(
  form: TouchpointForm,
  { market, behaviour, area, category }: SourceColumns,
  place: Place,
  findings: Findings,
): void {
  const columns = below(place, "columns");
  if ("always" in market && !form.markets.includes(market.always)) {
    const message = `"${market.always}" is not under \`markets\`: add it there`;
    findings.error(below(columns, "market"), "market", () => message);
  }
  if ("always" in behaviour && !form.behaviours.includes(behaviour.always)) {
    const message = `"${behaviour.always}" is not under \`behaviours\`: add it there`;
    findings.error(below(columns, "behaviour"), "behaviour", () => message);
  }
  const behaviours = new Once("behaviour", findings);
  form.behaviours.forEach((name, i) => {
    behaviours.take(name, below(place, "behaviours", i));
  });
  if (form.homeArea === true && area === "") {
    const message = "rows without an area say no home: name the column under `columns.area`";
    findings.error(below(place, "homeArea"), "area", () => message);
  }
  if (form.touchpoint !== consentName) return;
  form.behaviours.forEach((name, i) => {
    if (consentBehaviours.includes(name)) return;
    findings.error(below(place, "behaviours", i), "consent", () => {
      return `"${name}" is nothing that a consent does: write granted and withdrawn`;
    });
  });
  if (category === "") {
    const message = "a consent is for a purpose: name the column that holds it";
    findings.error(below(columns, "category"), "purpose", () => message);
  }
}

function identifiersOf(
  form: TouchpointForm,
  place: Place,
  findings: Findings,
): readonly IdentifierColumn[] {
  const once = new Once("column", findings);
  return form.identifiers.map(({ column, kind, scope }, i) => {
    const at = below(place, "identifiers", i);
    once.take(column, below(at, "column"));
    const kinds = typeof kind === "string" ? [kind] : Object.values(kind.values);
    if (kinds.length === 0) {
      const message = "no value is named: write the column's values with their kinds";
      findings.error(below(at, "kind", "values"), "none", () => message);
    }
    const scoped = kinds.find((name) => name === "buyerUid" || name === "eid");
    if (scoped !== undefined && scope === undefined) {
      const whose = scoped === "eid" ? "source (its number in privacy.yaml)" : "exchange (its id)";
      const message = `${scoped} is of one ${whose}: write \`scope\``;
      findings.error(at, "scope", () => message);
    }
    if (scoped === undefined && scope !== undefined) {
      const message = "only buyerUid and eid have a scope: drop the key";
      findings.error(below(at, "scope"), "scope", () => message);
    }
    return {
      column,
      kind:
        typeof kind === "string"
          ? { always: kind }
          : { column: kind.column, values: new Map(Object.entries(kind.values)) },
      scope:
        scope === undefined || typeof scope === "number"
          ? { always: scope ?? 0 }
          : { column: scope.column, values: new Map(Object.entries(scope.values)) },
    };
  });
}

function linksOf(form: TouchpointForm, place: Place, findings: Findings): readonly Link[] {
  const kindOf = new Map(form.identifiers.map(({ column, kind }) => [column, kind]));
  const pairs = new Once("link", findings);
  return (form.links ?? []).map(({ between: [a, b], mm }, i) => {
    const at = below(place, "links", i, "between");
    for (const [end, column] of [a, b].entries()) {
      const kind = kindOf.get(column);
      if (kind === undefined) {
        findings.error(below(at, end), column, () => {
          const known = suggestion(column, kindOf.keys());
          return `"${column}" is no column of \`identifiers\`: ${known}`;
        });
      } else if (kind === "person") {
        const message = "a person's own number is no evidence: link identifiers only";
        findings.error(below(at, end), column, () => message);
      }
    }
    if (a === b) {
      findings.error(at, "itself", () => `"${a}" is linked to itself: name two columns`);
    } else {
      pairs.take([a, b].sort().join(" - "), at);
    }
    return { a, b, mm };
  });
}
