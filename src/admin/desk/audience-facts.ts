import type { AgencyId } from "../../base/ids.js";
import { crowdMinimumPeople } from "../../base/limits.js";
import {
  audienceDigest,
  type CanonicalAudience,
  normalise,
  segmentsOf,
} from "../../campaign/audience.js";
import { nearestName } from "../../campaign/issue.js";
import type { AudienceExpression } from "../../campaign/model.js";
import { boundedAudience } from "../../campaign/schema-targeting.js";
import type { SegmentEntry } from "../../index/manifest.js";
import { isAbsentFor } from "../../index/projection.js";
import type { JsonObject } from "../store/desk-store.js";
import { bandBoundsOf, boundsOf, segmentsFor, shownBounds } from "./audience-estimate.js";
import type { AudienceEstimate, AudienceFacts, SegmentFact } from "./desk.js";

export type AudienceQuestion = {
  readonly agency: AgencyId;
  readonly digest: string;
  readonly audience: CanonicalAudience;
};
export type CheckAnswer = "certified" | "refused" | "waiting" | "no check left";

export type AudienceSources = {
  /** The dictionary of the served epoch; empty on epoch 0. */
  readonly dictionary: () => readonly SegmentEntry[];
  readonly absent: () => ReadonlyMap<string, readonly number[]>;
  readonly checksLeft: (agency: number) => number;
  /** Has the audience judged over the served epoch, or tells what was judged before. */
  readonly judge: (question: AudienceQuestion) => Promise<CheckAnswer>;
  /** The form of a saved audience that the agency may use; null = there is none. */
  readonly saved: (agency: string, id: number) => JsonObject | string | null;
};

type Issue = AudienceEstimate["issues"][number];
type Read = { readonly expression: AudienceExpression | null; readonly issues: readonly Issue[] };

const ignores = [
  "how far the segments overlap: both numbers are bounds of the published bands",
  "consent, and who was seen lately: fewer people count than are members",
  "targeting, frequency caps and the 2 % control group",
  "that a person is asked about five of an agency's audiences a day",
];

const depthMax = 8;

export function audienceFacts(sources: AudienceSources): AudienceFacts {
  const checksLeft = (agency: string): number => sources.checksLeft(Number(agency));
  const read = (agency: string, audience: JsonObject | string): Read => {
    const unfolded = unfold(sources, agency, audience, 0);
    const parsed = boundedAudience.safeParse(unfolded);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => ({
        ...{ path: path.join("."), message },
      }));
      return { expression: null, issues };
    }
    return { expression: parsed.data, issues: namesMissing(sources, agency, parsed.data) };
  };
  return {
    checksLeft,
    segments: (agency) => {
      const absent = sources.absent();
      return segmentsFor(sources.dictionary(), agency).map((entry) =>
        factOf(entry, agency, absent),
      );
    },
    estimate: (agency, audience) => {
      const { expression, issues } = read(agency, audience);
      if (expression === null) return { low: null, high: null, ignores, issues };
      const bands = new Map(
        segmentsFor(sources.dictionary(), agency).map((one) => [one.name, bandBoundsOf(one)]),
      );
      const bounds = boundsOf(expression, (name) => bands.get(name) ?? null);
      return { ...shownBounds(bounds, crowdMinimumPeople), ignores, issues };
    },
    check: async (agency, audience) => {
      const { expression, issues } = read(agency, audience);
      const id = Number(agency) as AgencyId;
      const normal = expression === null ? null : normalise(expression);
      // Costs nothing: nobody was counted.
      if (issues.length > 0 || normal === null || !normal.ok || id === 0) {
        return { verdict: "unknown segment", checksLeft: checksLeft(agency) };
      }
      const question = { agency: id, audience: normal.audience };
      const digest = audienceDigest(id, normal.audience);
      const verdict =
        normal.audience.terms.length === 0
          ? ("refused" as const)
          : await sources.judge({ ...question, digest });
      return { verdict, checksLeft: checksLeft(agency) };
    },
  };
}

/** Saved audiences in the place of their numbers. */
function unfold(
  sources: AudienceSources,
  agency: string,
  audience: unknown,
  depth: number,
): unknown {
  if (typeof audience !== "object" || audience === null || depth > depthMax * 8) return audience;
  if (Array.isArray(audience)) {
    return audience.map((part) => unfold(sources, agency, part, depth + 1));
  }
  const { saved } = audience as { readonly saved?: unknown };
  if (typeof saved === "number") {
    const form = sources.saved(agency, saved);
    return form === null ? audience : unfold(sources, agency, form, depth + depthMax);
  }
  return Object.fromEntries(
    Object.entries(audience).map(([key, part]) => [key, unfold(sources, agency, part, depth + 1)]),
  );
}

/** Another agency's own segments do not exist. */
function namesMissing(
  sources: AudienceSources,
  agency: string,
  expression: AudienceExpression,
): readonly Issue[] {
  const names = segmentsFor(sources.dictionary(), agency).map(({ name }) => name);
  const known = new Set(names);
  return [...segmentsOf(expression)].flatMap((name) => {
    if (known.has(name)) return [];
    const near = nearestName(name, names);
    const hint = near === "" ? "" : `; did you mean ${near}?`;
    return [{ path: name, message: `this epoch holds no segment "${name}"${hint}` }];
  });
}

function factOf(
  entry: SegmentEntry,
  agency: string,
  absent: ReadonlyMap<string, readonly number[]>,
): SegmentFact {
  const band = bandBoundsOf(entry);
  const isAway =
    agency === "" ? absent.has(entry.name) : isAbsentFor(absent, entry.name, Number(agency));
  return {
    ...{ name: entry.name, label: entry.label, category: entry.source },
    bandLow: band?.low ?? null,
    bandHigh: band?.high ?? null,
    resident: !isAway,
    private: entry.agencies.length > 0,
  };
}
