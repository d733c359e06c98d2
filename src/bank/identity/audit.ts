/**
 * Why a link did not merge two identifiers, in the order in which the guards look: a link that two
 * of them refuse counts for the first. 0 of `edgeRules` means: it merges.
 */
export const mergeRules = [
  "stop_list",
  "accounts_per_email",
  "accounts_per_phone",
  "accounts_per_device",
  "devices_per_account",
  "conflicting_accounts",
  "component_identifiers",
] as const;
export type MergeRule = (typeof mergeRules)[number];

/** 1 .. 7. */
export const ruleNumber = (rule: MergeRule): number => mergeRules.indexOf(rule) + 1;

/**
 * What the guards found, by rule and by how many identifiers met in one finding: an e-mail and its
 * accounts, a component. Counts alone: no key, so that nothing has to be forgotten here.
 */
export class Audit {
  private readonly times = new Map<MergeRule, Map<number, number>>();

  found(rule: MergeRule, identifiers: number): void {
    const sizes = this.times.get(rule) ?? new Map<number, number>();
    this.times.set(rule, sizes);
    sizes.set(identifiers, (sizes.get(identifiers) ?? 0) + 1);
  }

  /** Lines of `audit.ndjson`, by rule, then by size. */
  lines(): string {
    const lines: string[] = [];
    for (const rule of mergeRules) {
      const sizes = [...(this.times.get(rule) ?? [])].sort(([a], [b]) => a - b);
      for (const [identifiers, times] of sizes) {
        lines.push(`${JSON.stringify({ rule, identifiers, times })}\n`);
      }
    }
    return lines.join("");
  }
}
