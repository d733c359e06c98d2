/**
 * The latest moments at which a person's purpose was granted and withdrawn, in Unix seconds, 0 =
 * never; `account` = said in an account, which stands above whatever else said so.
 */
export type Said = {
  readonly granted: number;
  readonly accountGranted: number;
  readonly withdrawn: number;
  readonly accountWithdrawn: number;
};

/**
 * Whether a person may be used for a purpose. Grants are the person's own; withdrawals are those of
 * all its identifiers and of whoever is directly proposed to it. A withdrawal is lifted only by a
 * later grant of equal or higher standing; at the same second it stands. Without a withdrawal
 * that stands, optOut asks for nothing, optIn for a grant.
 */
export function mayUse(regime: "optIn" | "optOut", said: Said): boolean {
  const { granted, accountGranted, withdrawn, accountWithdrawn } = said;
  if (accountWithdrawn > 0 && accountGranted <= accountWithdrawn) return false;
  const latest = Math.max(granted, accountGranted);
  if (withdrawn > 0 && latest <= withdrawn) return false;
  return regime === "optOut" || latest > 0;
}
