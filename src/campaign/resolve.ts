import type { DocumentPath, SourceDocument } from "./document.js";
import type { Exchange } from "./exchange.js";
import type { Issue } from "./issue.js";
import type { CampaignBook, LineItem } from "./model.js";
import type { EntityKind, Places } from "./places.js";
import { placeText } from "./places.js";
import { EntityResolver, kindWords, nothingKnown } from "./resolve-entity.js";
import type { CampaignFile, DealForm } from "./schema-campaign.js";

/** The lists of a campaign file that have ids, with the word for one of each. */
export const kindsOfLists = {
  agencies: "agency",
  advertisers: "advertiser",
  campaigns: "campaign",
  creatives: "creative",
  audiences: "audience",
  lineItems: "lineItem",
} as const satisfies Record<string, EntityKind>;
type Lists = keyof typeof kindsOfLists;

export type CheckedFile = { readonly document: SourceDocument; readonly file: CampaignFile };

/** All forms of all files together, with every reference followed. Findings go to `issues`. */
export function resolveBook(
  files: readonly CheckedFile[],
  exchanges: readonly Exchange[],
  places: Places,
  issues: Issue[],
): CampaignBook {
  const forms = registered(files, places, issues);
  const known = nothingKnown();
  const resolver = new EntityResolver(exchanges, known, (kind, id, path, message) => {
    issues.push(places.issue("error", [kind, id], path, message));
  });
  const agencies = kept(forms.agencies, (form) => resolver.agency(form), known.agencies);
  const advertisers = kept(
    forms.advertisers,
    (form) => resolver.advertiser(form),
    known.advertisers,
  );
  kept(forms.audiences, (form) => resolver.audience(form), known.audiences);
  const campaigns = kept(forms.campaigns, (form) => resolver.campaign(form), known.campaigns);
  const creatives = kept(forms.creatives, (form) => resolver.creative(form), known.creatives);
  const deals = forms.deals.flatMap((form) => resolver.deal(form) ?? []).sort(byExchange);
  const lineItems = kept(
    forms.lineItems,
    (form) => resolver.lineItem(form),
    new Map<number, LineItem>(),
  );
  return { agencies, advertisers, campaigns, lineItems, creatives, deals };
}

export const byExchange = (
  a: CampaignBook["deals"][number],
  b: CampaignBook["deals"][number],
): number => a.exchange - b.exchange || (a.deal < b.deal ? -1 : 1);

/** Models in order of their ids, put down as known. */
function kept<F extends { readonly id: number }, M extends { readonly id: number }>(
  forms: readonly F[],
  modelOf: (form: F) => M | null,
  known: Map<number, M>,
): readonly M[] {
  const models = forms.flatMap((form) => modelOf(form) ?? []).sort((a, b) => a.id - b.id);
  for (const model of models) known.set(model.id, model);
  return models;
}

type Forms = { [L in Lists]: NonNullable<CampaignFile[L]> } & { deals: DealForm[] };

/** Every form of the files, of those with one id the first. */
function registered(files: readonly CheckedFile[], places: Places, issues: Issue[]): Forms {
  const forms: Forms = {
    ...{ agencies: [], advertisers: [], campaigns: [], creatives: [] },
    ...{ audiences: [], lineItems: [], deals: [] },
  };
  for (const { document, file } of files) {
    for (const [list, kind] of Object.entries(kindsOfLists) as [Lists, EntityKind][]) {
      const entries: readonly { readonly id: number }[] = file[list] ?? [];
      entries.forEach((form, i) => {
        if (!isNew(places, issues, kind, form.id, document, [list, i])) return;
        (forms[list] as { id: number }[]).push(form);
      });
    }
    (file.deals ?? []).forEach((form, i) => {
      const key = `${form.exchange} ${form.deal}`;
      if (isNew(places, issues, "deal", key, document, ["deals", i])) forms.deals.push(form);
    });
  }
  return forms;
}

/** Notes the place of a form, and an issue where its id is another's. */
export function isNew(
  places: Places,
  issues: Issue[],
  kind: EntityKind,
  id: number | string,
  document: SourceDocument,
  path: DocumentPath,
): boolean {
  if (places.add(kind, id, document, path)) return true;
  const first = placeText(places.of(kind, id));
  const message =
    kind === "deal"
      ? `the deal ${id} stands twice, first at ${first}: keep one of them`
      : `the id ${id} is used twice among ${kindWords[kind]} ids, first at ${first}: ` +
        "give this one a number that was never used";
  const where = document.positionOf([...path, kind === "deal" ? "deal" : "id"]);
  issues.push({ severity: "error", ...where, message });
  return false;
}
