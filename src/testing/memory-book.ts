import type { DeskBook, FieldIssue } from "../admin/desk/desk.js";
import type { DeskKind, DeskStore, EntityRecord } from "../admin/store/desk-store.js";
import { campaignFile } from "../campaign/schema-campaign.js";

const plurals: Readonly<Record<DeskKind, string>> = {
  ...{ agency: "agencies", advertiser: "advertisers", campaign: "campaigns" },
  ...{ lineItem: "lineItems", creative: "creatives", audience: "audiences", deal: "deals" },
};

/**
 * A DeskBook over a store that checks forms one by one, with the schema of the config files and
 * nothing else: no lint, no World.
 */
export function memoryBook(store: DeskStore): DeskBook & { readonly fill: () => Promise<void> } {
  const records = new Map<string, EntityRecord>();
  const lists = new Map<DeskKind, readonly EntityRecord[]>();
  let changes = 0;
  const hold = (record: EntityRecord): void => {
    records.set(`${record.kind} ${record.key}`, record);
    lists.delete(record.kind);
    changes++;
  };
  const findings = (wanted: Parameters<DeskBook["check"]>[0]): FieldIssue[] =>
    wanted.flatMap(({ kind, key, form, draft, archived }): FieldIssue[] => {
      if (archived || kind === "audience") return [];
      const result = campaignFile.safeParse({ [plurals[kind]]: [form] });
      const severity = draft ? "warning" : "error";
      return (result.error?.issues ?? []).map(({ path, message }) => ({
        ...{ severity, kind, key, message },
        field: path
          .slice(2)
          .map((step, i) => (typeof step === "number" ? `[${step}]` : dotted(step, i)))
          .join(""),
      }));
    });
  return {
    fill: async () => {
      const loaded = await store.load();
      if (loaded.ok) for (const record of loaded.value.records) hold(record);
    },
    get: (kind, key) => records.get(`${kind} ${key}`) ?? null,
    all: (kind) => {
      const known = lists.get(kind);
      if (known !== undefined) return known;
      const own = [...records.values()].filter((one) => one.kind === kind);
      own.sort((a, b) => Number(a.key) - Number(b.key));
      lists.set(kind, own);
      return own;
    },
    change: () => changes,
    check: async (wanted) => findings(wanted),
    commit: async (set) => {
      const issues = findings(set.changes).filter(({ severity }) => severity === "error");
      if (issues.length > 0) return { ok: false, code: "invalid", issues };
      const result = await store.commit(set);
      if (result.ok) for (const record of result.records) hold(record);
      return result;
    },
    trouble: () => "",
    config: () => ({ config: null, issues: [] }),
  };
}

const dotted = (step: PropertyKey, i: number): string => `${i === 0 ? "" : "."}${String(step)}`;
