import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { PrivacySettings } from "../bid/consent.js";
import { type PrivacyPlan, privacySettingsOf } from "../bid/privacy-settings.js";

/** Purposes above 11 do not exist yet; a TC string has room for 24. */
const purposes = z.array(z.int().min(1).max(24));
const market = z.strictObject({
  countries: z
    .array(z.string().regex(/^[A-Z]{3}$/, "write three capital letters (ISO 3166 alpha-3), as DEU"))
    .optional(),
  regime: z.enum(["tcf", "us", "local"]),
  gdprWhenUnstated: z.boolean(),
  gdprWhenDenied: z.boolean(),
  withoutSignal: z.enum(["none", "contextual", "granted"]),
});

const privacyFile = z.strictObject({
  tcf: z.strictObject({
    vendorId: z.int().min(1).max(65_535).nullable(),
    vendorList: z.string().min(1).optional(),
    declared: z.strictObject({
      consent: purposes,
      legitimateInterest: purposes,
      flexible: purposes,
    }),
    contextualPurposes: purposes,
    tagPurposes: purposes.refine((list) => [1, 3, 4].every((purpose) => list.includes(purpose)), {
      error: "must hold 1, 3 and 4: reading tags stores, profiles and selects",
    }),
    disclosureRequired: z.boolean(),
    maxAgeDays: z.int().min(1).max(3_650),
  }),
  us: z.strictObject({ noticeRequired: z.boolean() }),
  markets: z.record(z.string(), market),
  otherMarket: market.omit({ countries: true }),
  eidSources: z.array(
    z.strictObject({ source: z.string().min(1).max(255), number: z.int().min(1).max(65_535) }),
  ),
  thirdPartyHosts: z
    .array(
      z.string().regex(/^(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$/, {
        error: "write a host in small letters without https:// and port, as cdn.brand.example",
      }),
    )
    .max(10_000),
});
type PrivacyFile = z.infer<typeof privacyFile>;

/** The part of a global vendor list (version 3) that tells what a vendor declared. */
const vendorListFile = z.object({
  vendors: z.record(
    z.string(),
    z.object({
      purposes,
      legIntPurposes: purposes,
      flexiblePurposes: purposes,
      deletedDate: z.string().optional(),
    }),
  ),
});

export type PrivacyConfig =
  /** The settings, and the checked plan that they were compiled from. */
  | { readonly ok: true; readonly settings: PrivacySettings; readonly plan: PrivacyPlan }
  /** One line each: file, line, column, what is wrong and what to write. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the file and the vendor list that it may name. Throws only where a file cannot be read at
 * all.
 */
export function loadPrivacyConfig(path: string): PrivacyConfig {
  return readPrivacyConfig(readFileSync(path, "utf8"), path, (name) =>
    readFileSync(join(dirname(path), name), "utf8"),
  );
}

/**
 * Checks and compiles the text of `path`; `readBeside` gives the text of a file in the same folder.
 */
export function readPrivacyConfig(
  text: string,
  path: string,
  readBeside: (name: string) => string,
): PrivacyConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) {
    return {
      ok: false,
      problems: [`${at(broken.pos[0])}: ${broken.message.split("\n")[0] ?? ""}`],
    };
  }
  const offsetOf = (keys: readonly PropertyKey[]): number => {
    for (let depth = keys.length; depth > 0; depth--) {
      const node: unknown = document.getIn(keys.slice(0, depth), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range?.[0] !== undefined) return range[0];
    }
    return 0;
  };
  const checked = privacyFile.safeParse(document.toJS());
  if (!checked.success) {
    const problems = checked.error.issues.map(
      ({ path: keys, message }) => `${at(offsetOf(keys))}: ${keys.join(".") || "file"}: ${message}`,
    );
    return { ok: false, problems };
  }
  const problems = contradictions(checked.data).map(
    ({ keys, what }) => `${at(offsetOf(keys))}: ${keys.join(".")}: ${what}`,
  );
  if (problems.length > 0) return { ok: false, problems };
  const declared = declaredOf(checked.data, readBeside);
  if (typeof declared === "string") {
    return { ok: false, problems: [`${at(offsetOf(["tcf", "vendorList"]))}: ${declared}`] };
  }
  const plan: PrivacyPlan = { ...checked.data, tcf: { ...checked.data.tcf, declared } };
  return { ok: true, settings: privacySettingsOf(plan), plan };
}

type Contradiction = { readonly keys: readonly (string | number)[]; readonly what: string };

/** What each field allows alone and the file as a whole does not. */
function contradictions(file: PrivacyFile): Contradiction[] {
  const found: Contradiction[] = [];
  const marketOf = new Map<string, string>();
  for (const [name, { countries }] of Object.entries(file.markets)) {
    if (countries === undefined || countries.length === 0) {
      found.push({ keys: ["markets", name], what: "names no country: add `countries`" });
    }
    for (const [i, country] of (countries ?? []).entries()) {
      const other = marketOf.get(country);
      if (other !== undefined) {
        const what = `${country} is already in market ${other}: leave it in one`;
        found.push({ keys: ["markets", name, "countries", i], what });
      }
      marketOf.set(country, name);
    }
  }
  found.push(...declarationsAtOdds(file.tcf.declared));
  const seen = new Set<string | number>();
  for (const [i, { source, number }] of file.eidSources.entries()) {
    for (const value of [source.toLowerCase(), number]) {
      if (seen.has(value)) {
        const what = `${value} is given twice: each source has one number of its own`;
        found.push({ keys: ["eidSources", i], what });
      }
      seen.add(value);
    }
  }
  return found;
}

/** The vendor list takes a purpose on one basis, and only then as flexible. */
function declarationsAtOdds({
  consent,
  legitimateInterest,
  flexible,
}: PrivacyFile["tcf"]["declared"]): Contradiction[] {
  const found: Contradiction[] = [];
  for (const [i, purpose] of legitimateInterest.entries()) {
    if (!consent.includes(purpose)) continue;
    const what = `purpose ${purpose} is in \`consent\` too: declare it on one basis`;
    found.push({ keys: ["tcf", "declared", "legitimateInterest", i], what });
  }
  for (const [i, purpose] of flexible.entries()) {
    if (consent.includes(purpose) || legitimateInterest.includes(purpose)) continue;
    const what = `purpose ${purpose} is declared on no basis: add it to \`consent\` or the other`;
    found.push({ keys: ["tcf", "declared", "flexible", i], what });
  }
  return found;
}

/**
 * What we declared: from the vendor list where one is named, else from the file. A string tells
 * what is wrong.
 */
function declaredOf(
  file: PrivacyFile,
  readBeside: (name: string) => string,
): PrivacyFile["tcf"]["declared"] | string {
  const { vendorId, vendorList, declared } = file.tcf;
  if (vendorList === undefined) return declared;
  if (vendorId === null) return "a vendor list without tcf.vendorId: write your number there";
  let list: z.infer<typeof vendorListFile>;
  try {
    list = vendorListFile.parse(JSON.parse(readBeside(vendorList)));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return `${vendorList} is not readable as a global vendor list (version 3): ${reason ?? ""}`;
  }
  const vendor = list.vendors[String(vendorId)];
  if (vendor === undefined || vendor.deletedDate !== undefined) {
    const state = vendor === undefined ? "not on" : "deleted from";
    return `vendor ${vendorId} is ${state} ${vendorList}: no TC string can allow it anything`;
  }
  return {
    consent: vendor.purposes,
    legitimateInterest: vendor.legIntPurposes,
    flexible: vendor.flexiblePurposes,
  };
}
