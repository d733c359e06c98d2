import type { Certificate } from "../campaign/certificate-book.js";
import type { SegmentEntry } from "../index/manifest.js";
import type { Log } from "./log.js";
import type { Release } from "./release-chain.js";
import type { ReleaseLedger } from "./release-ledger.js";
import { reasonOf } from "./worker-messages.js";

/** A verdict as it is shown: by status, by the log, and by bidding or not. */
export type Shown = Pick<Certificate, "agency" | "digest" | "epoch" | "ruleVersion" | "verdict">;

/**
 * What the bidder shows, on its way into the ledger. Notes are written at once; what the disk does
 * not take waits, and until it is written nothing new is published: `settle` says so.
 */
export class ReleaseDesk {
  private readonly ledger: Pick<ReleaseLedger, "append" | "recent">;
  private readonly log: Pick<Log, "error">;
  /** What was shown last, by what it is about: the same again is no news. */
  private readonly shown = new Map<string, string>();
  private waiting: Release[] = [];

  constructor(ledger: Pick<ReleaseLedger, "append" | "recent">, log: Pick<Log, "error">) {
    this.ledger = ledger;
    this.log = log;
    for (const { n: _, at: __, previous: ___, ...release } of ledger.recent()) {
      this.isNews(release as Release);
    }
  }

  private isNews(release: Release): boolean {
    const subject = subjectOf(release);
    if (subject === "") return true;
    const text = JSON.stringify(release);
    if (this.shown.get(subject) === text) return false;
    this.shown.set(subject, text);
    return true;
  }

  /** False: it waits, and must not be shown yet. */
  note(releases: readonly Release[]): boolean {
    this.waiting.push(...releases.filter((release) => this.isNews(release)));
    try {
      this.settle();
      return true;
    } catch (error) {
      this.log.error({ reason: reasonOf(error) }, "the release ledger cannot be written");
      return false;
    }
  }

  /** As `note`. */
  verdicts(certificates: readonly Shown[]): boolean {
    return this.note(
      certificates.map(({ agency, digest, epoch, ruleVersion: rule, verdict }) => ({
        ...{ kind: "certificate", agency, digest, epoch, rule, verdict },
      })),
    );
  }

  segments(epoch: number, manifest: string, segments: readonly SegmentEntry[]): void {
    const shown = segments.map(
      ({ name, bandedPeople, agencies }) => [name, bandedPeople, agencies] as const,
    );
    this.note([{ kind: "segments", agency: 0, epoch, manifest, segments: shown }]);
  }

  /** At once or not at all: throws where it cannot be written, and then it must not be shown. */
  show(releases: readonly Release[]): void {
    this.settle();
    this.ledger.append(releases);
  }

  /** False: something that was noted is not in the ledger, and must not be shown. */
  get isSettled(): boolean {
    return this.waiting.length === 0;
  }

  /** Throws where something that was noted is not in the ledger yet. */
  settle(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.ledger.append(waiting);
    this.waiting = [];
  }
}

/** "": each is news of its own. */
function subjectOf(release: Release): string {
  switch (release.kind) {
    case "certificate":
      return `${release.agency} ${release.digest} ${release.epoch} ${release.rule}`;
    case "segments":
      return `segments ${release.epoch}`;
    case "list":
    case "funnel":
      return "";
  }
}
