import type { z } from "zod";
import {
  checkForm,
  parseSource,
  type SourceDocument,
  type SourceFile,
} from "../../campaign/document.js";
import { hasErrors, type Issue, sortIssues } from "../../campaign/issue.js";
import { isBankFile } from "../../campaign/load.js";
import { type MarketForm, marketFile } from "../../campaign/schema-market.js";
import { type Buyers, resolveAipl } from "./aipl.js";
import type { Known } from "./behaviour.js";
import { below, Findings } from "./findings.js";
import { type Checked, resolveMarkets } from "./markets.js";
import type { BankConfig, IdentitySettings } from "./model.js";
import { type BankForm, bankFile } from "./schema-bank.js";
import { type SegmentsForm, segmentsFile } from "./schema-segments.js";
import { type TouchpointForm, touchpointFile } from "./schema-touchpoint.js";
import { resolveSegments } from "./segments.js";
import { consentName, resolveTouchpoints } from "./touchpoints.js";

/** Issues are sorted; `config` is null when one of them is an error. */
export type BankOutcome = {
  readonly config: BankConfig | null;
  readonly issues: readonly Issue[];
};

type Forms = {
  readonly bank: Checked<BankForm>[];
  readonly markets: Checked<MarketForm>[];
  readonly touchpoints: Checked<TouchpointForm>[];
  readonly segments: Checked<SegmentsForm>[];
};

/**
 * The bank's part of a config folder as one checked whole: bank.yaml and what stands below
 * markets/, touchpoints/ and segments/; other files are not looked at. With `buyers`, owners of
 * stages and segments are looked up too. Never throws for any text: what is wrong is an issue.
 */
export function loadBankConfig(
  files: readonly SourceFile[],
  buyers: Buyers | null = null,
): BankOutcome {
  const findings = new Findings();
  const forms: Forms = { bank: [], markets: [], touchpoints: [], segments: [] };
  const own = files.filter(({ name }) => isBankFile(name));
  const issues: Issue[] = [];
  for (const file of own.sort((a, b) => (a.name < b.name ? -1 : 1))) readForm(file, forms, issues);
  // References are followed only when every file is there to be referred to.
  if (issues.length > 0) return { config: null, issues: sortIssues(issues) };
  const [second] = forms.bank.slice(1);
  if (second !== undefined) {
    const message = "bank.yaml and bank.yml are there: keep one of them";
    findings.error({ document: second.document, path: [] }, "twice", () => message);
  }
  const smallAreas = new Set<string>();
  const markets = resolveMarkets(forms.markets, smallAreas, findings);
  const touchpoints = resolveTouchpoints(forms.touchpoints, markets, findings);
  const areas = [...markets.values()].flatMap((market) => market.areas.map(({ name }) => name));
  const categories = [...markets].map(([name, market]) => {
    return [name, new Set(market.categories)] as const;
  });
  const known: Known = {
    ...{ markets, touchpoints, areas: new Set(areas), smallAreas, findings },
    categories: new Map(categories),
  };
  warnWithoutConsent(forms.markets, known);
  const aipl = resolveAipl(forms.segments, known, buyers);
  const segments = resolveSegments(forms.segments, { ...known, aipl }, buyers);
  const all = sortIssues([...findings.issues, ...emptiness(known)]);
  const identity = identityOf(forms.bank[0]?.form);
  const config = { markets, areas, touchpoints, identity, aipl: [...aipl.values()], segments };
  return { config: hasErrors(all) ? null : config, issues: all };
}

function readForm(file: SourceFile, forms: Forms, issues: Issue[]): void {
  const document = parseSource(file);
  issues.push(...document.issues);
  if (document.issues.length > 0) return;
  const folder = file.name.split("/")[0];
  const take = <Form>(form: z.ZodType<Form>, into: Checked<Form>[]): void => {
    const checked = checkFlat(document, form);
    if (checked.ok) into.push({ document, form: checked.value });
    else issues.push(...checked.issues);
  };
  if (folder === "markets") take(marketFile, forms.markets);
  else if (folder === "touchpoints") take(touchpointFile, forms.touchpoints);
  else if (folder === "segments") take(segmentsFile, forms.segments);
  else take(bankFile, forms.bank);
}

/** Rules nest: YAML whose aliases lead in a circle would nest them without end. */
const depthMax = 64;

function checkFlat<T>(
  document: SourceDocument,
  form: z.ZodType<T>,
): ReturnType<typeof checkForm<T>> {
  if (isFlat(document.value, depthMax)) return checkForm(document, form);
  const message = `nests deeper than ${depthMax} levels: write it flatter, without circles`;
  const where = document.positionOf([]);
  return { ok: false, issues: [{ severity: "error", ...where, message }] };
}

const isFlat = (value: unknown, depth: number): boolean =>
  typeof value !== "object" ||
  value === null ||
  (depth > 0 && Object.values(value).every((inner) => isFlat(inner, depth - 1)));

/** A new bank's settings: one account a device, and no crowd behind one person. */
const identityOf = (form: BankForm | undefined): IdentitySettings => ({
  ...{ accountsPerEmailMax: 1, accountsPerDeviceMax: 1 },
  ...{ devicesPerAccountMax: 20, componentIdentifiersMax: 50 },
  ...Object.fromEntries(
    Object.entries(form?.identity ?? {}).filter(([, value]) => value !== undefined),
  ),
  stopList: form?.identity?.stopList ?? [],
});

/** Where consent is asked for and none can come in, nobody ever counts. */
function warnWithoutConsent(files: readonly Checked<MarketForm>[], known: Known): void {
  const covered = known.touchpoints.get(consentName)?.markets ?? [];
  for (const { document, form } of files) {
    if (form.consent === "optOut" || covered.includes(form.market)) continue;
    known.findings.warn(below({ document, path: [] }, "consent"), "none", () => {
      return `no touch-point "consent" has rows of ${form.market}, so nobody there counts: add it`;
    });
  }
}

/** A bank without markets or touch-points can take nothing in. */
function emptiness({ markets, touchpoints }: Known): readonly Issue[] {
  const lacks = (file: string, what: string): Issue => {
    const message = `the bank has no ${what}: write one such as ${file}`;
    return { severity: "error", file, line: 1, column: 1, message };
  };
  return [
    ...(markets.size === 0 ? [lacks("markets/us.yaml", "market")] : []),
    ...(touchpoints.size === 0 ? [lacks("touchpoints/commerce.yaml", "touch-point")] : []),
  ];
}
