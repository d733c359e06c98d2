import type { AgencyId } from "../../base/ids.js";
import { segmentsInSnapshotMax } from "../../base/limits.js";
import { wordPattern } from "../../campaign/schema-market.js";
import type { Buyers } from "./aipl.js";
import { below, type Findings, type Place } from "./findings.js";
import { type Checked, Once } from "./markets.js";
import type { AiplRules, SegmentRule } from "./model.js";
import { type KnownSegments, ruleOf } from "./rule.js";
import type { SegmentForm, SegmentsForm } from "./schema-segments.js";
import { deriveLabels, type PlacedRule } from "./segment-graph.js";
import { stageSegmentNames } from "./segment-names.js";
import {
  checkTemplate,
  filled,
  filledLabel,
  segmentCountOf,
  type Words,
  weightOf,
  wordsOf,
} from "./template.js";

/** As a snapshot's dictionary has them (index/manifest). */
const nameLengthMax = 64;
/** Segments in all, those inside counted: one bit a person each while a build runs. */
const segmentsMax = 16_384;
/** Values in all rules together: bounds memory and time of a config that multiplies. */
const ruleValuesMax = 2 ** 20;

type Template = { readonly form: SegmentForm; readonly place: Place };
type Made = { readonly template: Template; readonly words: Words; readonly name: string };

/** The segments of all files in file order, templates expanded, checked against everything. */
export function resolveSegments(
  files: readonly Checked<SegmentsForm>[],
  known: Omit<KnownSegments, "segments">,
  buyers: Buyers | null,
): readonly SegmentRule[] {
  const { findings, aipl } = known;
  const templates = files.flatMap(({ document, form }) =>
    (form.segments ?? []).map((one, i): Template => {
      return { form: one, place: { document, path: ["segments", i] } };
    }),
  );
  if (!checkCounts(templates, aipl, findings)) return [];
  const stageNames = new Set([...aipl.values()].flatMap(stageSegmentNames).map(({ name }) => name));
  const made = templates.flatMap((template) => madeOf(template, stageNames, findings));
  const once = new Once("segment", findings);
  const kept = made.filter(({ name, template }) => once.take(name, below(template.place, "name")));
  const names = new Set(kept.map(({ name }) => name));
  const rules = kept.map((one) => segmentOf(one, { ...known, segments: names }, buyers));
  return deriveLabels(rules, aipl, findings);
}

/** False where templates multiply beyond what a snapshot, or this machine, can hold. */
function checkCounts(
  templates: readonly Template[],
  aipl: ReadonlyMap<number, AiplRules>,
  findings: Findings,
): boolean {
  let outward = aipl.size * 4;
  let all = outward;
  let values = 0;
  for (const { form, place } of templates) {
    const count = segmentCountOf(form);
    if (form.outward !== false) outward += count;
    all += count;
    values += count * weightOf(form.rule);
    const fault =
      outward > segmentsInSnapshotMax
        ? `makes ${outward} outward segments in all, at most ${segmentsInSnapshotMax} fit ` +
          "a snapshot: write fewer words, or outward: false"
        : all > segmentsMax
          ? `makes ${all} segments in all, at most ${segmentsMax}: write fewer words`
          : values > ruleValuesMax
            ? `makes more than ${ruleValuesMax} values in all rules: write shorter rules`
            : null;
    if (fault === null) continue;
    findings.error(form.each === undefined ? place : below(place, "each"), "many", () => fault);
    return false;
  }
  return true;
}

/** The segments of one template, those with a proper name. */
function madeOf(
  template: Template,
  stageNames: ReadonlySet<string>,
  findings: Findings,
): readonly Made[] {
  const { form, place } = template;
  if (!checkTemplate(form, place, findings)) return [];
  const at = below(place, "name");
  return [...wordsOf(form)].flatMap((words) => {
    const name = filled(form.name, words);
    if (!wordPattern.test(name) || name.length > nameLengthMax) {
      findings.error(at, name, () => {
        const write = `lower-case words with dots and hyphens, at most ${nameLengthMax} characters`;
        return `"${name}" is no name of a segment: write ${write}`;
      });
      return [];
    }
    if (stageNames.has(name)) {
      findings.error(at, name, () => {
        return `"${name}" is a stage's own segment (\`aipl\`): write another name`;
      });
      return [];
    }
    return [{ template, words, name }];
  });
}

function segmentOf(
  { template: { form, place }, words, name }: Made,
  known: KnownSegments,
  buyers: Buyers | null,
): PlacedRule {
  const agencies = [...new Set(form.agencies ?? [])].sort((a, b) => a - b);
  if (buyers !== null) {
    for (const [i, agency] of (form.agencies ?? []).entries()) {
      if (buyers.agencies.has(agency)) continue;
      known.findings.warn(below(place, "agencies", i), "unknown", () => {
        return `no campaign file has the agency ${agency}: correct it, or add the agency`;
      });
    }
  }
  return {
    place,
    sensitive: form.sensitive === true,
    segment: {
      ...{ name, label: filledLabel(form.label, words), source: "mixed", recencyDays: 0 },
      ...{ method: form.method, outward: form.outward ?? form.sensitive !== true },
      agencies: agencies as AgencyId[],
      rule: ruleOf(form.rule, words, below(place, "rule"), known),
    },
  };
}
