import { GppModel, HeaderV1, RangeEntry, Sections, UspV1 } from "@iabgpp/cmpapi";
import {
  type GVL,
  PurposeRestriction,
  Segment,
  SegmentEncoder,
  TCModel,
  TCString,
} from "@iabtechlabtcf/core";
import type { CanadaSignal, GppSignal, TcfSignal, UsSignal } from "./consent-oracle.js";

/** Consent strings written and read by the IAB's own libraries, as the oracle's facts. */
const neighbour = 9;
/** The library asks a vendor list only which ids exist: here all of them. */
const everyVendor = { vendorIds: { has: () => true } } as unknown as GVL;

export function encodeTcf(signal: TcfSignal, vendorId: number): string {
  const model = new TCModel();
  Object.assign(model.publisherRestrictions, { gvl_: everyVendor });
  model.cmpId = 30;
  model.consentLanguage = "EN";
  model.publisherCountryCode = "DE";
  model.vendorListVersion = 100;
  model.isServiceSpecific = true;
  model.policyVersion = signal.policyVersion;
  model.created = new Date(signal.createdMs);
  model.lastUpdated = new Date(signal.updatedMs);
  model.purposeOneTreatment = signal.purposeOneHidden;
  model.purposeConsents.set([...signal.consents]);
  model.purposeLegitimateInterests.set([...signal.interests]);
  model.vendorConsents.set(signal.vendorConsent ? [neighbour, vendorId] : [neighbour]);
  model.vendorLegitimateInterests.set(signal.vendorInterest ? [vendorId] : [neighbour]);
  for (const { purpose, type } of signal.restrictions) {
    model.publisherRestrictions.add(vendorId, new PurposeRestriction(purpose, type));
  }
  const core = SegmentEncoder.encode(model, Segment.CORE);
  if (signal.disclosed === "absent") return core;
  model.vendorsDisclosed.set(signal.disclosed === "in" ? [neighbour, vendorId] : [neighbour]);
  return `${core}.${SegmentEncoder.encode(model, Segment.VENDORS_DISCLOSED)}`;
}

const unreadableTcf: TcfSignal = {
  ...{ readable: false, policyVersion: 0, createdMs: 0, updatedMs: 0, consents: [], interests: [] },
  ...{ vendorConsent: false, vendorInterest: false, restrictions: [], disclosed: "absent" },
  purposeOneHidden: false,
};
const purposes = Array.from({ length: 24 }, (_, i) => i + 1);

/** What the library reads out of any text; unreadable where it throws. */
export function decodeTcf(text: string, vendorId: number): TcfSignal {
  let model: TCModel;
  try {
    model = TCString.decode(text);
  } catch {
    return unreadableTcf;
  }
  // Disclosed vendors are segment type 1: three bits 001 begin I to P.
  const listed = text.split(".").some((segment, at) => at > 0 && /^[I-P]/.test(segment));
  const disclosed = model.vendorsDisclosed.has(vendorId) ? "in" : listed ? "out" : "absent";
  return {
    readable: model.version === 2,
    policyVersion: Number(model.policyVersion),
    createdMs: model.created?.getTime() ?? 0,
    updatedMs: model.lastUpdated?.getTime() ?? 0,
    consents: purposes.filter((purpose) => model.purposeConsents.has(purpose)),
    interests: purposes.filter((purpose) => model.purposeLegitimateInterests.has(purpose)),
    vendorConsent: model.vendorConsents.has(vendorId),
    vendorInterest: model.vendorLegitimateInterests.has(vendorId),
    restrictions: model.publisherRestrictions
      .getRestrictions(vendorId)
      .map(({ purposeId, restrictionType }) => ({ purpose: purposeId, type: restrictionType })),
    disclosed,
    purposeOneHidden: model.purposeOneTreatment,
  };
}

const flags = (set: readonly number[]): boolean[] => purposes.map((p) => set.includes(p));

export function encodeCanada(signal: CanadaSignal, vendorId: number): string {
  const model = new GppModel();
  const set = (field: string, value: unknown): void => model.setFieldValue("tcfcav1", field, value);
  set("CmpId", 30);
  set("PurposesExpressConsent", flags(signal.express));
  set("PurposesImpliedConsent", flags(signal.implied));
  set("VendorExpressConsent", signal.vendorExpress ? [neighbour, vendorId] : [neighbour]);
  set("VendorImpliedConsent", signal.vendorImplied ? [vendorId] : [neighbour]);
  const entries = signal.restrictions.map(
    ({ purpose, type }) => new RangeEntry(purpose, type, [vendorId]),
  );
  set("PubRestrictions", entries);
  // Last, since the library dates every other change itself.
  set("Created", new Date(signal.createdMs));
  set("LastUpdated", new Date(signal.updatedMs));
  return model.encode().split("~")[1] ?? "";
}

/** Fields of a US section by the library's names. */
export type UsFields = Readonly<Record<string, unknown>>;
export const usSectionIds = Array.from({ length: 21 }, (_, i) => i + 7);
const nameOf = (section: number): string => Sections.SECTION_ID_NAME_MAP.get(section) ?? "";
const optOutNames = ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"];

/** The fields of a section that an opt-out can be in, as its model has them. */
export function usFieldNames(section: number): ReadonlySet<string> {
  const model = new GppModel();
  model.setFieldValue(nameOf(section), "SaleOptOut", 0);
  return new Set(Object.keys(model.getSection(nameOf(section)) as object));
}

export function encodeUs(section: number, fields: UsFields): string {
  const model = new GppModel();
  model.setFieldValue(nameOf(section), "SaleOptOut", 0);
  const now = model.getSection(nameOf(section)) as Record<string, unknown>;
  for (const [field, value] of Object.entries(fields)) {
    const before = now[field];
    const wide = Array.isArray(before) ? before.map((_, i) => (i === 0 ? value : 0)) : value;
    model.setFieldValue(nameOf(section), field, wide);
  }
  return model.encode().split("~")[1] ?? "";
}

export function usSignalOf(fields: UsFields): UsSignal {
  const numbers = (names: readonly string[]): number[] =>
    names.flatMap((name) => (typeof fields[name] === "number" ? [fields[name]] : []));
  return {
    readable: true,
    optOuts: numbers(optOutNames),
    notices: numbers(optOutNames.map((name) => `${name}Notice`)),
    children: [fields["KnownChildSensitiveDataConsents"] ?? 0].flat() as number[],
    asServiceProvider: fields["MspaServiceProviderMode"] === 1 || fields["MspaMode"] === 2,
    gpc: fields["GpcSegmentIncluded"] !== false && fields["Gpc"] === true,
  };
}

/** A GPP string of the given sections' texts; the header is the library's. */
export function gppOf(sections: ReadonlyMap<number, string>): string {
  const ids = [...sections.keys()].sort((a, b) => a - b);
  const header = new HeaderV1();
  header.setFieldValue("SectionIds", ids);
  return [header.encode(), ...ids.map((id) => sections.get(id) ?? "")].join("~");
}

/** What the libraries read out of any GPP text. */
export function decodeGpp(text: string, vendorId: number): GppSignal {
  const unreadable = { readable: false, sections: new Map() };
  let ids: number[];
  const texts = text.split("~");
  try {
    if (texts[0]?.startsWith("DB") !== true) return unreadable;
    ids = new HeaderV1(texts[0]).getFieldValue("SectionIds") as number[];
  } catch {
    return unreadable;
  }
  if (ids.length !== texts.length - 1) return unreadable;
  const sections = new Map<number, TcfSignal | CanadaSignal | UsSignal | string | null>();
  for (const [i, id] of ids.entries()) {
    sections.set(id, decodeSection(id, texts[i + 1] ?? "", vendorId));
  }
  return { readable: true, sections };
}

const unreadableUs: UsSignal = {
  ...{ readable: false, optOuts: [], notices: [], children: [] },
  ...{ asServiceProvider: false, gpc: false },
};

/** A section alone, so that a broken one spoils no other. */
function decodeSection(
  id: number,
  text: string,
  vendorId: number,
): TcfSignal | CanadaSignal | UsSignal | string | null {
  if (id === 2) return decodeTcf(text, vendorId);
  if (id === UspV1.ID) return text;
  if (nameOf(id) === "") return null;
  try {
    const alone = new GppModel(gppOf(new Map([[id, text]])));
    const fields = alone.getSection(nameOf(id)) as UsFields;
    return id === 5 ? canadaSignalOf(fields, vendorId) : usSignalOf(fields);
  } catch {
    return id === 5 ? { ...canadaSignalOf({}, vendorId), readable: false } : unreadableUs;
  }
}

function canadaSignalOf(fields: UsFields, vendorId: number): CanadaSignal {
  const time = (field: string): number =>
    fields[field] instanceof Date ? (fields[field] as Date).getTime() : 0;
  const set = (field: string): number[] => {
    const on = (fields[field] ?? []) as boolean[];
    return purposes.filter((purpose) => on[purpose - 1] === true);
  };
  const lists = (field: string): boolean => ((fields[field] ?? []) as number[]).includes(vendorId);
  const entries = (fields["PubRestrictions"] ?? []) as {
    key: number;
    type: number;
    ids: number[];
  }[];
  return {
    readable: true,
    createdMs: time("Created"),
    updatedMs: time("LastUpdated"),
    express: set("PurposesExpressConsent"),
    implied: set("PurposesImpliedConsent"),
    vendorExpress: lists("VendorExpressConsent"),
    vendorImplied: lists("VendorImpliedConsent"),
    restrictions: entries
      .filter(({ ids }) => ids.includes(vendorId))
      .map(({ key, type }) => ({ purpose: key, type })),
  };
}
