export type Series = {
  readonly label: string;
  /** One for each instant; null = a gap. */
  readonly values: readonly (number | null)[];
  readonly text: (value: number | null) => string;
};
