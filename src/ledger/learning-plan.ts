/** What learning must know of a World, as part of its budget plan. */
export type LearningPlan = {
  readonly exchanges: readonly LearningExchange[];
  /** Campaigns with line items of strategy `linear`. */
  readonly linear: readonly LinearCampaign[];
  /** Whether a line item shades or is linear, and whether one pays by clicks. */
  readonly prices: boolean;
  readonly clicks: boolean;
};

export type LearningExchange = {
  readonly exchange: number;
  /** NoticeKind that tells of a win: the win notice where there is one, else what bills. */
  readonly winsBy: number;
  /** Losses tell of prices: without them wins alone would make prices look low. */
  readonly losses: boolean;
  /** The exchange's default auction. */
  readonly firstPrice: boolean;
  /** Seconds after which a bid is not billed any more. */
  readonly expSec: number;
  /** Wins per bid that are credible; null = no band. */
  readonly winRate: { readonly min: number; readonly max: number } | null;
};

export type LinearCampaign = {
  readonly campaign: number;
  readonly endSec: number;
  readonly lineItems: readonly { readonly lineItem: number; readonly place: number }[];
};
