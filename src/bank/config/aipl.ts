import type { AdvertiserId, AgencyId } from "../../base/ids.js";
import { segmentsInSnapshotMax } from "../../base/limits.js";
import { suggestion } from "../../campaign/issue.js";
import { behaviourOf, type Known } from "./behaviour.js";
import { below, Findings, type Place } from "./findings.js";
import { type Checked, Once } from "./markets.js";
import { type AiplRules, type Behaviour, type Stage, stages } from "./model.js";
import type { AiplForm, SegmentsForm, StageRuleForm } from "./schema-segments.js";
import { sensitiveTopicOf } from "./sensitive.js";

/** DESIGN section 6: awareness and interest pass soon, a purchase counts for a year. */
const windowDays: Readonly<Record<Stage, number>> = {
  ...{ awareness: 15, interest: 15, purchase: 365, loyalty: 365 },
};

const orders = { did: ["commerce", "payment", "store"], behaviour: "order" };
/** Where an advertiser says nothing else; the brand comes on top. */
const defaultRules: Readonly<Record<Stage, readonly StageRuleForm[]>> = {
  awareness: [
    { did: "ad", behaviour: "exposure" },
    { did: "search", behaviour: "categorySearch" },
  ],
  interest: [
    { did: "ad", behaviour: "click" },
    { did: "commerce", behaviour: ["view", "favourite", "cart"] },
  ],
  purchase: [orders],
  loyalty: [{ ...orders, count: 2 }],
};

/** Who may own stages: the advertisers of the campaign files with their agencies. */
export type Buyers = {
  readonly agencies: ReadonlySet<number>;
  readonly agencyOf: ReadonlyMap<number, number>;
};

/** The stages of advertisers, by advertiser. */
export function resolveAipl(
  files: readonly Checked<SegmentsForm>[],
  known: Known,
  buyers: Buyers | null,
): ReadonlyMap<number, AiplRules> {
  const found = new Map<number, AiplRules>();
  const advertisers = new Once("advertiser", known.findings);
  const words = new Once("word", known.findings);
  for (const { document, form } of files) {
    for (const [i, entry] of (form.aipl ?? []).entries()) {
      const place: Place = { document, path: ["aipl", i] };
      const isNew = advertisers.take(String(entry.advertiser), below(place, "advertiser"));
      words.take(entry.word, below(place, "word"));
      if (buyers !== null) checkBuyer(entry, buyers, place, known.findings);
      const rules = rulesOf(entry, place, known);
      checkSensitive(rules, place, known.findings);
      if (isNew) found.set(entry.advertiser, rules);
      if (found.size * stages.length <= segmentsInSnapshotMax) continue;
      known.findings.error(place, "many", () => {
        return `more stages than the ${segmentsInSnapshotMax} segments of a snapshot: drop some`;
      });
      return found;
    }
  }
  return found;
}

/** Stages always leave the bank, if for their agency alone. */
function checkSensitive(
  { word, label, stages }: AiplRules,
  place: Place,
  findings: Findings,
): void {
  const categories = Object.values(stages).flatMap((rules) => rules.flatMap((r) => r.categories));
  for (const text of [word, label, ...categories]) {
    const topic = sensitiveTopicOf(text);
    if (topic === null) continue;
    findings.error(place, text, () => {
      return `"${text}" tells of ${topic}, and stages leave the bank: write other words`;
    });
  }
}

function checkBuyer(
  { advertiser, agency }: AiplForm,
  { agencyOf }: Buyers,
  place: Place,
  findings: Findings,
): void {
  const owner = agencyOf.get(advertiser);
  if (owner === agency) return;
  if (owner === undefined) {
    findings.warn(below(place, "advertiser"), "unknown", () => {
      const near = suggestion(String(advertiser), [...agencyOf.keys()].map(String));
      return `no campaign file has the advertiser ${advertiser}: ${near}`;
    });
  } else {
    findings.error(below(place, "agency"), "other", () => {
      return `advertiser ${advertiser} belongs to agency ${owner}: write ${owner}`;
    });
  }
}

function rulesOf(entry: AiplForm, place: Place, known: Known): AiplRules {
  const ofStage = (stage: Stage): readonly Behaviour[] => {
    const own = entry.stages?.[stage];
    if (own === undefined) return defaultsOf(entry, stage, place, known);
    return own.map((form, i) => {
      const brand = form.brand ?? entry.brands;
      const within = form.within ?? windowDays[stage];
      return behaviourOf({ ...form, brand, within }, {}, below(place, "stages", stage, i), known);
    });
  };
  return {
    advertiser: entry.advertiser as AdvertiserId,
    agency: entry.agency as AgencyId,
    word: entry.word,
    label: entry.label,
    stages: {
      awareness: ofStage("awareness"),
      interest: ofStage("interest"),
      purchase: ofStage("purchase"),
      loyalty: ofStage("loyalty"),
    },
  };
}

/** The rules above, which a bank with other touch-points cannot use. */
function defaultsOf(
  { brands }: AiplForm,
  stage: Stage,
  place: Place,
  known: Known,
): readonly Behaviour[] {
  const findings = new Findings();
  const rules = defaultRules[stage].map((form) =>
    behaviourOf({ ...form, brand: brands, within: windowDays[stage] }, {}, place, {
      ...known,
      findings,
    }),
  );
  const [first] = findings.issues;
  if (first !== undefined) {
    known.findings.error(place, stage, () => {
      return `the default of ${stage} does not fit (${first.message}): write \`stages.${stage}\``;
    });
  }
  return rules;
}
