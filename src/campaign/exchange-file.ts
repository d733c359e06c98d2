import type { ExchangeId } from "../base/ids.js";
import { exchangesMax } from "../base/limits.js";
import type { CurrencyCode } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import type { SourceDocument } from "./document.js";
import { checkForm } from "./document.js";
import type { Exchange } from "./exchange.js";
import type { Issue } from "./issue.js";
import { suggestion } from "./issue.js";
import type { Places } from "./places.js";
import { placeText } from "./places.js";
import type { ExchangeForm, ExchangeProfileForm } from "./schema-exchange.js";
import { exchangeFile, exchangeProfile, identityNames, noticeNames } from "./schema-exchange.js";
import { sellerKey } from "./text-key.js";

/** Profile documents by their name: the file's name without folder and ending. */
export type Profiles = ReadonlyMap<string, ExchangeProfileForm>;

export function checkProfiles(documents: readonly SourceDocument[], issues: Issue[]): Profiles {
  const profiles = new Map<string, ExchangeProfileForm>();
  for (const document of documents) {
    const checked = checkForm(document, exchangeProfile);
    if (checked.ok) profiles.set(profileName(document.source.name), checked.value);
    else issues.push(...checked.issues);
  }
  return profiles;
}

export const profileName = (file: string): string =>
  file.slice(file.lastIndexOf("/") + 1).replace(/\.ya?ml$/, "");

type Instance = { readonly document: SourceDocument; readonly form: ExchangeForm };

/** Every exchange on top of its profile, by ascending id: `index` is the place in that order. */
export function checkExchanges(
  documents: readonly SourceDocument[],
  profiles: Profiles,
  places: Places,
  issues: Issue[],
): Exchange[] {
  const instances: Instance[] = [];
  for (const document of documents) {
    const checked = checkForm(document, exchangeFile);
    if (!checked.ok) issues.push(...checked.issues);
    else if (isNew(document, checked.value, instances, places, issues)) {
      instances.push({ document, form: checked.value });
    }
  }
  if (instances.length > exchangesMax) {
    const where = instances[exchangesMax]!.document.positionOf([]);
    const message = `more than ${exchangesMax} exchanges: run a second bidder for the rest`;
    issues.push({ severity: "error", ...where, message });
    return [];
  }
  instances.sort((a, b) => a.form.id - b.form.id);
  const dialects: string[] = [];
  return instances.flatMap(({ document, form }, index) => {
    const profile = profiles.get(form.extends);
    if (profile === undefined) {
      const known = suggestion(form.extends, profiles.keys());
      const message = `there is no profile "${form.extends}" in exchanges/profiles: ${known}`;
      issues.push({ severity: "error", ...document.positionOf(["extends"]), message });
      return [];
    }
    return [exchangeFrom(form, profile, index, dialects)];
  });
}

function isNew(
  document: SourceDocument,
  form: ExchangeForm,
  before: readonly Instance[],
  places: Places,
  issues: Issue[],
): boolean {
  for (const key of ["id", "name"] as const) {
    const other = before.find((instance) => instance.form[key] === form[key]);
    if (other === undefined) continue;
    const first = placeText(other.document.positionOf([key]));
    const what = `the ${key} ${form[key]} is used by another exchange at ${first}`;
    const message = `${what}: give this one its own`;
    issues.push({ severity: "error", ...document.positionOf([key]), message });
    return false;
  }
  places.add("exchange", form.id, document, []);
  return true;
}

function exchangeFrom(
  form: ExchangeForm,
  profile: ExchangeProfileForm,
  index: number,
  dialects: string[],
): Exchange {
  const stated = Object.entries(form).filter(([, value]) => value !== undefined);
  const merged = { ...profile, ...Object.fromEntries(stated) } as ExchangeProfileForm;
  const notices = [...new Set(merged.notices)].map((name) => noticeNames[name]);
  notices.sort((a, b) => a - b);
  const { version, priceMacro, clickMacro, billsBy } = merged;
  const encrypted = (form.priceKeys ?? []).length > 0;
  return {
    id: form.id as ExchangeId,
    index,
    name: form.name,
    version,
    atDefault: merged.auctionType === "first" ? 1 : 2,
    currency: packAlpha3(merged.currency) as CurrencyCode,
    identityOrder: [...new Set(merged.identityOrder)].map((name) => identityNames[name]),
    maxBidsPerImp: merged.maxBidsPerImp,
    maxBids: merged.maxBids,
    noBid: merged.noBid,
    gzipRequests: merged.gzipRequests,
    ...(merged.pipelining === true ? { pipelining: true } : {}),
    networkMarginMs: merged.networkMarginMs,
    tmaxDefaultMs: merged.tmaxDefaultMs,
    queriesPerSecMax: merged.queriesPerSecMax,
    seatRequired: merged.seatRequired,
    priceMacro,
    clickMacro,
    notices,
    billsBy: noticeNames[billsBy],
    priceKeys: form.priceKeys ?? [],
    ...(merged.winRate === undefined ? {} : { winRate: merged.winRate }),
    ...(merged.padAnswersTo === undefined ? {} : { padAnswersToBytes: merged.padAnswersTo }),
    schainRequired: merged.schainRequired,
    sellersBlocked: sellerKeys(merged.sellersBlocked),
    sellersAllowed: sellerKeys(merged.sellersAllowed),
    expDefaultSec: merged.expDefaultSec,
    secretSha256: form.secretSha256 ?? "",
    addresses: form.addresses ?? [],
    dialect: dialectOf(
      [version, priceMacro, clickMacro, billsBy, ...notices, encrypted].join(" "),
      dialects,
    ),
  };
}

const sellerKeys = (sellers: readonly string[] | undefined): readonly number[] =>
  (sellers ?? []).map(sellerKey).flatMap(({ lo, hi }) => [lo, hi]);

/** Numbers what the templates depend on: equal texts, equal dialects. */
function dialectOf(text: string, dialects: string[]): number {
  const at = dialects.indexOf(text);
  return at >= 0 ? at : dialects.push(text) - 1;
}

/** True when anybody who reaches the port may ask: only good on a loopback address. */
export const isOpen = (exchange: Exchange): boolean =>
  exchange.secretSha256 === "" && exchange.addresses.length === 0;
