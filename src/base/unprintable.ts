const withheld = "[withheld]";

/**
 * A value that may be used and never shown: identifiers, keys, secrets. Text, JSON and inspection
 * give "[withheld]"; only `reveal` gives the value, so that a search for it finds every use.
 */
export class Unprintable<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return withheld;
  }

  toJSON(): string {
    return withheld;
  }

  [Symbol.toPrimitive](): string {
    return withheld;
  }

  /** What console.log and util.inspect show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return withheld;
  }
}
