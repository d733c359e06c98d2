/** Money with at most six decimals in nanos, without a rounding error of the number's own. */
export const nanosOf = (amount: number): bigint => BigInt(Math.round(amount * 1e6)) * 1000n;
