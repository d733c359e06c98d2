/**
 * The one place that throws in a hot folder: a broken invariant must stop the process, not bid on.
 */
export function assert(condition: boolean, message = "broken invariant"): asserts condition {
  if (!condition) throw new Error(`assert: ${message}`);
}

/** Marks a switch that has handled every member of a closed set. */
export function unreachable(value: never): never {
  throw new Error(`assert: unreachable value ${String(value)}`);
}
