import type { Exchange } from "../campaign/exchange.js";

/**
 * The same exchange in the World that answers: between a request's head and its answer another one
 * may have been adopted, with other settings and other indexes. null = it is gone.
 */
export function exchangeNow(exchanges: readonly Exchange[], exchange: Exchange): Exchange | null {
  if (exchanges[exchange.index] === exchange) return exchange;
  return exchanges.find(({ name }) => name === exchange.name) ?? null;
}
