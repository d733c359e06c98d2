import type { LineItemTerms } from "../campaign/terms.js";
import type { Entry, TermsEntry } from "../journal/entry.js";
import { RecordKind } from "../journal/record.js";
import type { BudgetPlan } from "./budget-plan.js";

/** What a bill is split by: the part of TERMS that says so. */
export type Terms = Omit<LineItemTerms, "currency"> & { readonly currency: number };

/** A line item that the journal never named: bills cost their media alone. */
export const unknownTerms = (lineItem: number, campaign: number): Terms => ({
  ...{ lineItem, campaign, advertiser: 0, agency: 0, currency: 0 },
  ...{ marginPpm: 0, technicalPpm: 0, dataNanos: 0 },
});

const isSame = (a: Terms | undefined, b: Terms): boolean =>
  a !== undefined &&
  a.campaign === b.campaign &&
  a.advertiser === b.advertiser &&
  a.agency === b.agency &&
  a.currency === b.currency &&
  a.marginPpm === b.marginPpm &&
  a.technicalPpm === b.technicalPpm &&
  a.dataNanos === b.dataNanos;

/**
 * Journals the terms of each line item that are not the newest there: in front of the round's other
 * records, so that no grant comes before the terms that it is made under.
 */
export class TermsJournal {
  private readonly newest = new Map<number, Terms>();
  private due = new Map<number, Terms>();
  private boot = 0;

  replay(entry: Entry): void {
    if (entry.kind === RecordKind.TERMS) this.newest.set(entry.lineItem, entry);
  }

  adopt({ terms }: BudgetPlan, boot: number): void {
    this.boot = boot;
    if (terms === undefined) return;
    this.due = new Map(
      terms
        .filter((one) => !isSame(this.newest.get(one.lineItem), one))
        .map((one) => [one.lineItem, one]),
    );
  }

  step(timeMs: number, out: Entry[]): void {
    if (this.due.size === 0) return;
    const entries = [...this.due.values()].map((terms): TermsEntry => {
      const { lineItem, campaign, advertiser, agency, currency } = terms;
      const { marginPpm, technicalPpm, dataNanos } = terms;
      return {
        ...{ kind: RecordKind.TERMS, boot: this.boot, lineItem, campaign, advertiser, agency },
        ...{ currency, marginPpm, technicalPpm, dataNanos, timeMs },
      };
    });
    out.splice(0, 0, ...entries);
    for (const terms of this.due.values()) this.newest.set(terms.lineItem, terms);
    this.due = new Map();
  }
}
