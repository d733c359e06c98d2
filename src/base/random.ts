/**
 * Seeded randomness: a failing seed replays. The shell passes one per worker, tests pass their own.
 */
export type Random = {
  /** A u32, uniform. */
  readonly nextU32: () => number;
};

/** sfc32 (public-domain small fast counter generator): 128 bits of state, period >= 2^32. */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(seed: number) {
    this.a = 0x9e3779b9 ^ seed;
    this.b = 0x243f6a88 ^ Math.imul(seed, 0x85ebca6b);
    this.c = 0xb7e15162;
    this.counter = 1;
    for (let i = 0; i < 12; i++) this.nextU32();
  }

  readonly nextU32 = (): number => {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };

  /** An integer in [0, bound); the bias is below bound / 2^32. */
  below(bound: number): number {
    return Math.floor((this.nextU32() / 0x1_0000_0000) * bound);
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.nextU32() / 0x1_0000_0000;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}
