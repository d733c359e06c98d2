/** A person's way to let a held campaign go. */
export type HoldFacts = {
  /** False = it is not held there. */
  readonly release: (campaign: number, exchange: string) => boolean;
};

/** Wins and bids are those of the window that gave the alarm; 0 = from before the last start. */
export type HeldCampaign = {
  readonly campaign: number;
  readonly exchange: string;
  /** ISO 8601. */
  readonly since: string;
  readonly wins: number;
  readonly bids: number;
};
