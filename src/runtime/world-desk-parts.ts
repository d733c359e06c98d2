import type { Clock } from "../base/clock.js";
import type { LineItemId } from "../base/ids.js";
import type { PrivacySettings } from "../bid/consent.js";
import type { Issue } from "../campaign/issue.js";
import type { LoadedConfig } from "../campaign/load.js";
import type { AmountUnit } from "../ledger/budget-plan.js";
import type { AdvertiserCurrencies } from "./advertiser-currencies.js";
import type { CertificateStore, Judge, JudgeContext } from "./certificates.js";
import type { DeskEvent } from "./desk-event.js";
import type { RetiredCreatives } from "./retired-creatives.js";
import type { RosterFile } from "./roster-file.js";
import type { BuiltWorld, WorldInput } from "./world-build.js";

/** A config folder as read: `config` null = broken, the issues say where. */
export type ConfigReading = {
  readonly config: LoadedConfig | null;
  readonly privacy: PrivacySettings | null;
  readonly issues: readonly Issue[];
};

export type WorldDeskParts = {
  readonly clock: Clock;
  readonly readConfig: () => ConfigReading;
  readonly judge: Judge;
  readonly judgeContext: JudgeContext;
  readonly certificateStore: CertificateStore;
  readonly retired: Pick<RetiredCreatives, "turn">;
  readonly roster: Pick<RosterFile, "turn" | "isOver">;
  readonly currencies: Pick<AdvertiserCurrencies, "conflicts" | "note">;
  readonly placeOf: (lineItem: LineItemId, unit?: AmountUnit) => number;
  readonly capPlaceOf?: WorldInput["capPlaceOf"];
  readonly publicUrl: string;
  /** Budgets first, then workers; resolves when every worker has adopted it. */
  readonly publish: (built: BuiltWorld, config: LoadedConfig) => Promise<void>;
  readonly report: (event: DeskEvent) => void;
  /** False: verdicts are not in the release ledger yet. Absent = there is no ledger. */
  readonly mayShowVerdicts?: () => boolean;
};
