/**
 * Prices in bins of an eighth of an octave (9 %): 128 of them from 0.008 to 537 units CPM. A bid at
 * the lower edge of bin k wins what has its price in the bins below k.
 */
export const gridBins = 128;
const firstMicros = 8192;

/** The bin of a price; prices beyond the grid are in its first and last. */
export function binOf(micros: number): number {
  if (!(micros > firstMicros)) return 0;
  return Math.min(gridBins - 1, Math.floor(8 * Math.log2(micros / firstMicros)));
}

/** The lower edge of a bin, micros. */
export const edgeOf = (bin: number): number => firstMicros * 2 ** (bin / 8);
