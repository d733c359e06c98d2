/** How well a budget was paced. Amounts are in one unit; slots are quarters of an hour. */

/**
 * AvgErr: the root of the mean squared difference between what slots spent and what was planned for
 * them, over the mean planned: 0.1 = 10 %. NaN without a plan.
 */
export function pacingError(spent: readonly number[], planned: readonly number[]): number {
  const mean = planned.reduce((sum, amount) => sum + amount, 0) / planned.length;
  const squares = planned.reduce((sum, amount, i) => sum + ((spent[i] ?? 0) - amount) ** 2, 0);
  return Math.sqrt(squares / planned.length) / mean;
}

/** Hours until 95 % of what was spent in all was spent: the life of a budget. */
export function lifeTo95(spent: readonly number[]): number {
  const total = spent.reduce((sum, amount) => sum + amount, 0);
  let sum = 0;
  for (const [slot, amount] of spent.entries()) {
    sum += amount;
    if (total > 0 && sum >= 0.95 * total) return (slot + 1) / 4;
  }
  return 0;
}

/** Above zero where more was spent than the budget at some moment: `spent` are running sums. */
export const overspend = (spent: readonly number[], budget: number): number =>
  spent.reduce((most, sum) => Math.max(most, sum - budget), 0);
