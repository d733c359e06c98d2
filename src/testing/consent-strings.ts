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

/** A memory is begun anew when it is full: nothing of the results depends on it. */
const keptMax = 20_000;
function kept<Key, Value>(memory: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = memory.get(key);
  if (known !== undefined) return known;
  if (memory.size >= keptMax) memory.clear();
  const value = make();
  memory.set(key, value);
  return value;
}

/** null where a library throws; its stack, which takes longer than the reading, is not wanted. */
function valueOrNull<Value>(read: () => Value): Value | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return read();
  } catch {
    return null;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Consent strings written and read by the IAB's own libraries, as the oracle's facts. */
const neighbour = 9;
/** The library asks a vendor list only which ids exist: here all of them. */
const everyVendor = { vendorIds: { has: () => true } } as unknown as GVL;

/** The matrix writes a core with each list of disclosed vendors, one after the other. */
let lastCore = { of: "", text: "" };
const disclosedSegments = new Map<string, string>();

export function encodeTcf(signal: TcfSignal, vendorId: number): string {
  const { disclosed, ...inCore } = signal;
  const of = `${vendorId} ${JSON.stringify(inCore)}`;
  if (of !== lastCore.of) lastCore = { of, text: encodeCore(signal, vendorId) };
  if (disclosed === "absent") return lastCore.text;
  const vendors = disclosed === "in" ? [neighbour, vendorId] : [neighbour];
  const segment = kept(disclosedSegments, vendors.join(), () => segmentOfDisclosed(vendors));
  return `${lastCore.text}.${segment}`;
}

function encodeCore(signal: TcfSignal, vendorId: number): string {
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
  return SegmentEncoder.encode(model, Segment.CORE);
}

const segmentOfDisclosed = (vendors: number[]): string => {
  const model = new TCModel();
  model.vendorsDisclosed.set(vendors);
  return SegmentEncoder.encode(model, Segment.VENDORS_DISCLOSED);
};

const unreadableTcf: TcfSignal = {
  ...{ readable: false, policyVersion: 0, createdMs: 0, updatedMs: 0, consents: [], interests: [] },
  ...{ vendorConsent: false, vendorInterest: false, restrictions: [], disclosed: "absent" },
  purposeOneHidden: false,
};
const purposes = Array.from({ length: 24 }, (_, i) => i + 1);

/** What the library reads out of any text; unreadable where it throws. */
export function decodeTcf(text: string, vendorId: number): TcfSignal {
  return kept(readStrings, `${vendorId} ${text}`, () => readTcfString(text, vendorId));
}
const readStrings = new Map<string, TcfSignal>();

function readTcfString(text: string, vendorId: number): TcfSignal {
  const model = valueOrNull(() => TCString.decode(text));
  if (model === null) return unreadableTcf;
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
export const usFieldNames = (section: number): ReadonlySet<string> =>
  kept(fieldNames, section, () => {
    const model = new GppModel();
    model.setFieldValue(nameOf(section), "SaleOptOut", 0);
    return new Set(Object.keys(model.getSection(nameOf(section)) as object));
  });
const fieldNames = new Map<number, ReadonlySet<string>>();

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
  const header = kept(headers, ids.join(), () => {
    const header = new HeaderV1();
    header.setFieldValue("SectionIds", ids);
    return header.encode();
  });
  return [header, ...ids.map((id) => sections.get(id) ?? "")].join("~");
}
const headers = new Map<string, string>();

/**
 * What the libraries read out of any GPP text that stands beside these gpp_sid. A Canadian section
 * that they do not name says nothing and is not read: of some broken ones the library makes lists
 * of hundreds of millions of vendors, which ends the process.
 */
export function decodeGpp(text: string, sids: readonly number[], vendorId: number): GppSignal {
  const unreadable = { readable: false, sections: new Map() };
  const texts = text.split("~");
  const ids = kept(sectionIds, texts[0] ?? "", () => sectionIdsOf(texts[0] ?? ""));
  if (ids === null || ids.length !== texts.length - 1) return unreadable;
  const sections = new Map<number, Section>();
  for (const [i, id] of ids.entries()) {
    if (id === 5 && !sids.includes(id)) {
      sections.set(id, null);
      continue;
    }
    const section = texts[i + 1] ?? "";
    const key = `${vendorId} ${id} ${section}`;
    sections.set(
      id,
      kept(readSections, key, () => decodeSection(id, section, vendorId)),
    );
  }
  return { readable: true, sections };
}
const sectionIds = new Map<string, readonly number[] | null>();
/** An edit breaks one section of a string; the others are as they were. */
const readSections = new Map<string, Section>();
type Section = TcfSignal | CanadaSignal | UsSignal | string | null;

/** null where the header cannot be read. */
const sectionIdsOf = (header: string): readonly number[] | null =>
  header.startsWith("DB")
    ? valueOrNull(() => new HeaderV1(header).getFieldValue("SectionIds") as number[])
    : null;

const unreadableUs: UsSignal = {
  ...{ readable: false, optOuts: [], notices: [], children: [] },
  ...{ asServiceProvider: false, gpc: false },
};

/** A section alone, so that a broken one spoils no other. */
function decodeSection(id: number, text: string, vendorId: number): Section {
  if (id === 2) return decodeTcf(text, vendorId);
  if (id === UspV1.ID) return text;
  if (nameOf(id) === "") return null;
  const read = valueOrNull(() => {
    const alone = new GppModel(gppOf(new Map([[id, text]])));
    const fields = alone.getSection(nameOf(id)) as UsFields;
    return id === 5 ? canadaSignalOf(fields, vendorId) : usSignalOf(fields);
  });
  const broken = (): Section =>
    id === 5 ? { ...canadaSignalOf({}, vendorId), readable: false } : unreadableUs;
  return read ?? broken();
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
