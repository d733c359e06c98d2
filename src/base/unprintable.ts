const withheld = "[withheld]";
const inspected = Symbol.for("nodejs.util.inspect.custom");
const say = (): string => withheld;

/**
 * What must never be shown: a key, an identifier's hash, whoever holds a person, a row. Text, JSON
 * and inspection give "[withheld]", so that a slip in a log line or an error tells nothing. The
 * fields stay plain fields: on the bid path it costs nothing.
 */
export abstract class Withheld {
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
  [inspected](): string {
    return withheld;
  }
}

/** The same for an object or array that is there already; a copy of its fields is not withheld. */
export function withhold<T extends object>(value: T): T {
  for (const name of ["toString", "toJSON", Symbol.toPrimitive, inspected]) {
    Object.defineProperty(value, name, { value: say, enumerable: false });
  }
  return value;
}

/** A value that not even a copy of its holder shows: only `reveal` gives it. */
export class Unprintable<T> extends Withheld {
  readonly #value: T;

  constructor(value: T) {
    super();
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }
}
